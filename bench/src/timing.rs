//! How operations are timed in this process, and what many times say: the same for all
//! contestants of this crate.

use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::contestants::QUICK;
use crate::measurement::Measurement;
use crate::stats;

/// So many batches make a measurement, as in the guest.
const BATCHES: u32 = 20;

/// What the guest has timed.
#[derive(Deserialize)]
pub struct Report {
    /// Operations that were timed together, and for how many nanoseconds.
    pub batches: Vec<(u64, u64)>,
    /// Nanoseconds of single operations.
    pub samples: Vec<u64>,
}

/// Whether this is the smallest form, which is over soon and decides nothing.
pub fn is_quick() -> bool {
    std::env::var_os(QUICK).is_some()
}

/// For how long one process measures.
pub fn budget() -> Duration {
    Duration::from_millis(if is_quick() { 60 } else { 700 })
}

/// Does something over and over, in steps of so many, and times it in batches. The
/// first batch is not counted.
pub fn over_and_over<E>(
    step: u32,
    mut operation: impl FnMut() -> Result<(), E>,
) -> Result<Measurement, E> {
    let batch = budget() / BATCHES;
    let mut batches = Vec::new();
    for _ in 0..=BATCHES {
        let start = Instant::now();
        let mut operations = 0;
        while start.elapsed() < batch {
            for _ in 0..step {
                operation()?;
            }
            operations += u64::from(step);
        }
        batches.push((operations, nanos(start.elapsed())));
    }
    Ok(together(&batches[1..]))
}

/// Operations that were timed in batches: the median of the batches' means.
pub fn together(batches: &[(u64, u64)]) -> Measurement {
    let mean = |(operations, nanos): &(u64, u64)| *nanos as f64 / *operations as f64;
    let means: Vec<f64> = batches.iter().map(mean).collect();
    let operations = batches.iter().map(|(operations, _)| operations).sum();
    Measurement::new("ns", stats::median(&means), operations)
}

/// Operations that were timed one by one: their median, and beside it the worst.
pub fn each(samples: &[u64]) -> Measurement {
    let mut samples = samples.to_vec();
    samples.sort_unstable();
    let percentile = |part| stats::percentile(&samples, part);
    Measurement {
        p99: Some(percentile(0.99)),
        worst: Some(percentile(1.0)),
        ..Measurement::new("ns", percentile(0.5), samples.len() as u64)
    }
}

/// The guest's kernels: the geometric mean of their times, and each beside it.
pub fn kernels(samples: &[u64]) -> Measurement {
    let value = stats::geometric_mean(samples);
    let mut measurement = Measurement::new("ns", value, samples.len() as u64);
    let names = ["sort", "hash", "multiply", "parse", "sieve", "trees"];
    for (name, nanos) in names.iter().zip(samples) {
        measurement
            .extra
            .insert((*name).to_owned(), (*nanos).into());
    }
    measurement
}

/// Operations one by one, after 200 that are not counted, for as long as a process
/// measures. Each gives how long it took.
pub fn one_by_one<E>(mut operation: impl FnMut() -> Result<Duration, E>) -> Result<Vec<u64>, E> {
    for _ in 0..200 {
        operation()?;
    }
    let until = Instant::now() + budget();
    let mut samples = Vec::new();
    while Instant::now() < until {
        samples.push(nanos(operation()?));
    }
    Ok(samples)
}

pub fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
