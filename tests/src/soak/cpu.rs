//! The CPU time of the process.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// How long a tick is in which `/proc` counts CPU time, on every Linux that Rust
/// runs on.
const TICK_MS: u64 = 10;

/// User and system time, the 14th and 15th field; the second one, a name in
/// parentheses, may have spaces.
pub fn cpu_time() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').context("no name")?;
    let mut times = fields.split_whitespace().skip(11);
    let mut next = || -> Result<u64> { Ok(times.next().context("no time")?.parse()?) };
    Ok(Duration::from_millis((next()? + next()?) * TICK_MS))
}
