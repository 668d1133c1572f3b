//! Spawning by the host.

use std::time::{Duration, Instant};

use anyhow::Result;
use insula::SpawnOptions;

use super::host::Host;
use crate::measurement::Measurement;
use crate::timing::{each, one_by_one};

/// Spawns isolates one after another, each in a group of its own, and waits for the
/// first message of each and then for its end.
pub fn from_the_host(host: &Host) -> Result<Measurement> {
    let (to, messages) = host.runtime.port();
    let samples = one_by_one(|| {
        let start = Instant::now();
        let options = SpawnOptions::new().entry("greet").message(&to);
        let isolate = host.runtime.spawn(&host.program, options)?;
        messages.recv_timeout(Duration::from_secs(10))?;
        let elapsed = start.elapsed();
        isolate.join();
        anyhow::Ok(elapsed)
    })?;
    Ok(each(&samples))
}
