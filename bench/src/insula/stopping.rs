//! Ending what would not end by itself.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use insula::{ExitReason, SpawnOptions};

use super::host::Host;
use crate::measurement::Measurement;
use crate::timing::{each, is_quick, nanos};

/// Kills isolates in endless loops, each at another moment of the scheduler's tick,
/// until their ends are known.
pub fn stop(host: &Host) -> Result<Measurement> {
    let (to, begun) = host.runtime.port();
    let kills = if is_quick() { 20 } else { 300 };
    let mut samples = Vec::new();
    for number in 0..kills {
        let options = SpawnOptions::new().entry("spin").message(&to);
        let isolate = host.runtime.spawn(&host.program, options)?;
        begun.recv_timeout(Duration::from_secs(10))?;
        thread::sleep(Duration::from_micros(200 + number * 379 % 1_000));
        let start = Instant::now();
        isolate.kill();
        let reason = isolate.join();
        samples.push(nanos(start.elapsed()));
        ensure!(reason == ExitReason::Killed, "it was not killed: {reason}");
    }
    Ok(each(&samples))
}
