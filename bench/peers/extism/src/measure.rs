//! How times are taken and told.
//!
//! Small costs are taken in batches: the value is the median of the batches' means.
//! What is slow, or has a worst case that matters, is timed one by one.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

pub fn batches(count: u64, times: u64, mut go: impl FnMut(u64) -> Result<()>) -> Result<()> {
    go(times)?;
    let mut means = Vec::new();
    for _ in 0..count {
        means.push(time(|| go(times))? / times as f64);
    }
    means.sort_by(f64::total_cmp);
    let value = at(&means, 0.5);
    println!(
        r#"{{"unit":"ns","value":{value:.1},"n":{}}}"#,
        count * times
    );
    Ok(())
}

pub fn singles(count: u64, mut go: impl FnMut() -> Result<()>) -> Result<()> {
    let times: Result<Vec<f64>> = (0..count).map(|_| time(&mut go)).collect();
    distribution(times?)
}

/// As many as there are in this time.
pub fn singles_for(duration: Duration, mut go: impl FnMut() -> Result<()>) -> Result<()> {
    let begin = Instant::now();
    let mut times = Vec::new();
    while begin.elapsed() < duration && times.len() < 200_000 {
        times.push(time(&mut go)?);
    }
    distribution(times)
}

pub fn distribution(mut times: Vec<f64>) -> Result<()> {
    times.sort_by(f64::total_cmp);
    println!(
        r#"{{"unit":"ns","value":{:.1},"p99":{:.1},"worst":{:.1},"n":{}}}"#,
        at(&times, 0.5),
        at(&times, 0.99),
        times.last().context("nothing was timed")?,
        times.len(),
    );
    Ok(())
}

/// Nanoseconds.
pub fn time(go: impl FnOnce() -> Result<()>) -> Result<f64> {
    let begin = Instant::now();
    go()?;
    Ok(begin.elapsed().as_nanos() as f64)
}

fn at(sorted: &[f64], share: f64) -> f64 {
    let place = (sorted.len() as f64 * share).round() as usize;
    sorted[place.saturating_sub(1)]
}

/// Bytes that this process has resident.
pub fn resident() -> Result<f64> {
    let statm = std::fs::read_to_string("/proc/self/statm")?;
    let pages: f64 = statm
        .split(' ')
        .nth(1)
        .context("statm has pages")?
        .parse()?;
    Ok(pages * 4096.0)
}

/// How many mappings of memory this process has.
pub fn mappings() -> Result<f64> {
    Ok(std::fs::read_to_string("/proc/self/maps")?.lines().count() as f64)
}
