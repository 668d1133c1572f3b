//! Whether the process grew.

use anyhow::{Result, ensure};

use super::{Report, Sample};

/// By how much the memory at quiet points may grow over the second half of a run,
/// in KiB, beside twice the standard error of the trend.
const MEMORY: f64 = 2048.0;

/// By how much the heap may grow likewise, in KiB: what is made once (a compiler more
/// that works beside others) may come late in a run, ...
const HEAP: f64 = 4096.0;

/// ... but what leaks is there at each quiet point: the middle one of the changes from
/// each to the next, times their number, in KiB.
const LEAK: i64 = 64;

/// By how many the mappings may: each place of the pool that is used for the first
/// time takes a few.
const MAPPINGS: f64 = 64.0;

/// Threads beside one for each core: as in `tests/scale.rs`.
const THREADS: usize = 12;

/// A straight line through values, by least squares.
#[derive(Debug, Clone, Copy)]
pub struct Trend {
    /// How much it rises from the first to the last.
    pub rise: f64,
    /// The standard error of that.
    pub error: f64,
}

impl Trend {
    pub fn of(points: &[(f64, f64)]) -> Self {
        let count = points.len() as f64;
        let mean =
            |value: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(value).sum::<f64>() / count;
        let (middle, level) = (mean(&|point| point.0), mean(&|point| point.1));
        let spread: f64 = points.iter().map(|(x, _)| (x - middle).powi(2)).sum();
        let slope = points
            .iter()
            .map(|(x, y)| (x - middle) * (y - level))
            .sum::<f64>()
            / spread;
        let off = |(x, y): &(f64, f64)| (y - level - slope * (x - middle)).powi(2);
        let variance = points.iter().map(off).sum::<f64>() / (count - 2.0).max(1.0);
        let length = points.last().map_or(0.0, |last| last.0 - points[0].0);
        Trend {
            rise: slope * length,
            error: (variance / spread).sqrt() * length,
        }
    }
}

/// The quiet samples of the second half.
pub fn late(samples: &[Sample]) -> Vec<&Sample> {
    let end = samples.last().map_or(0.0, |last| last.time.as_secs_f64());
    let late = |sample: &&Sample| sample.quiet && sample.time.as_secs_f64() >= end / 2.0;
    samples.iter().filter(late).collect()
}

/// The trend of something over these samples.
pub fn trend(samples: &[&Sample], of: impl Fn(&Sample) -> u64) -> Trend {
    let points: Vec<_> = samples
        .iter()
        .map(|sample| (sample.time.as_secs_f64(), of(sample) as f64))
        .collect();
    Trend::of(&points)
}

/// What the heap would have grown by if each change from one quiet point to the next
/// had been the middle one of all, in KiB.
fn leak(samples: &[&Sample]) -> i64 {
    let heap = |sample: &Sample| (sample.heap >> 10) as i64;
    let pairs = samples.windows(2);
    let mut changes: Vec<_> = pairs.map(|pair| heap(pair[1]) - heap(pair[0])).collect();
    changes.sort_unstable();
    changes[changes.len() / 2] * changes.len() as i64
}

/// Fails when the process grew over the second half of a run: what its trend is
/// for certain is compared, not the noise around it. Says in one line for each
/// figure what it was.
pub fn check(report: &Report) -> Result<Vec<String>> {
    let late = late(&report.samples);
    ensure!(
        late.len() >= 5,
        "only {} quiet points in the second half: too few to say anything",
        late.len()
    );
    let mut said = Vec::new();
    let mut flat = |name: &str, of: &dyn Fn(&Sample) -> u64, most: f64| -> Result<()> {
        let Trend { rise, error } = trend(&late, of);
        let line = format!("{name}: {rise:+.0} (standard error {error:.0}) over the second half");
        ensure!(rise - 2.0 * error <= most, "{line}, {most} allowed");
        said.push(line);
        Ok(())
    };
    flat(
        "resident KiB",
        &|sample| sample.process.resident >> 10,
        MEMORY,
    )?;
    flat("heap KiB", &|sample| sample.heap >> 10, HEAP)?;
    flat(
        "mappings",
        &|sample| sample.process.mappings as u64,
        MAPPINGS,
    )?;
    // A program that nobody waits for any more may still be read.
    flat(
        "descriptors",
        &|sample| sample.process.descriptors as u64,
        1.0,
    )?;
    let leaked = leak(&late);
    ensure!(
        leaked <= LEAK,
        "the heap leaks {leaked} KiB, {LEAK} allowed"
    );
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = late.iter().map(|sample| sample.process.threads).max();
    let threads = threads.unwrap_or(0);
    ensure!(
        threads <= THREADS + 3 * cores,
        "{threads} threads at a quiet point"
    );
    said.push(format!("heap KiB that leak: {leaked}"));
    said.push(format!("threads: {threads} at most"));
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_rises_is_told_from_noise() {
        let noise = |i: u32| f64::from(i * 7919 % 100);
        let flat: Vec<_> = (0..100).map(|i| (f64::from(i), noise(i))).collect();
        let rising: Vec<_> = (0..100)
            .map(|i| (f64::from(i), noise(i) + f64::from(i)))
            .collect();
        let (flat, rising) = (Trend::of(&flat), Trend::of(&rising));
        assert!(flat.rise.abs() <= 2.0 * flat.error, "{flat:?}");
        assert!((rising.rise - flat.rise - 99.0).abs() < 1e-6, "{rising:?}");
        assert!(rising.rise > 2.0 * rising.error, "{rising:?}");
    }
}
