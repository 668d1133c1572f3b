//! How times are taken and told.
//!
//! Small costs are taken in batches: the value is the median of the batches' means.
//! What is slow, or has a worst case that matters, is timed one by one.

use std::time::{Duration, Instant};

pub fn batches(count: u64, times: u64, mut go: impl FnMut(u64)) {
    go(times);
    let mut means: Vec<f64> = (0..count)
        .map(|_| time(|| go(times)) / times as f64)
        .collect();
    means.sort_by(f64::total_cmp);
    let value = at(&means, 0.5);
    println!(
        r#"{{"unit":"ns","value":{value:.1},"n":{}}}"#,
        count * times
    );
}

pub fn singles(count: u64, mut go: impl FnMut()) {
    distribution((0..count).map(|_| time(&mut go)).collect());
}

/// As many as there are in this time.
pub fn singles_for(duration: Duration, mut go: impl FnMut()) {
    let begin = Instant::now();
    let mut times = Vec::new();
    while begin.elapsed() < duration && times.len() < 200_000 {
        times.push(time(&mut go));
    }
    distribution(times);
}

pub fn distribution(mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    println!(
        r#"{{"unit":"ns","value":{:.1},"p99":{:.1},"worst":{:.1},"n":{}}}"#,
        at(&times, 0.5),
        at(&times, 0.99),
        times[times.len() - 1],
        times.len(),
    );
}

/// One figure of a size.
pub fn figure(unit: &str, value: f64, size: u64) {
    println!(r#"{{"unit":"{unit}","value":{value:.1},"n":{size}}}"#);
}

/// Nanoseconds.
pub fn time(go: impl FnOnce()) -> f64 {
    let begin = Instant::now();
    go();
    begin.elapsed().as_nanos() as f64
}

fn at(sorted: &[f64], share: f64) -> f64 {
    let place = (sorted.len() as f64 * share).round() as usize;
    sorted[place.saturating_sub(1)]
}

/// Bytes that the whole of Lunatic has resident; `run` grants `/proc` for it.
pub fn resident() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("/proc is granted");
    let pages: f64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096.0
}

/// How many mappings of memory the whole of Lunatic has.
pub fn mappings() -> f64 {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("/proc is granted");
    maps.lines().count() as f64
}
