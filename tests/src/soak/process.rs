//! What the process holds, as the kernel counts it.

use std::fs;

use anyhow::{Context, Result};
use insula::Runtime;

/// What the whole process holds at one moment.
#[derive(Debug, Clone, Copy, Default)]
pub struct Process {
    /// KiB in memory.
    pub resident: u64,
    /// KiB of heap: no noise of the allocator's, nor of memory that stays warm.
    pub heap: u64,
    /// Memory mappings.
    pub mappings: u64,
    /// Threads.
    pub threads: u64,
    /// Open descriptors.
    pub descriptors: u64,
    /// CPU time so far, in ms.
    pub cpu: u64,
}

/// How long a tick is in which `/proc` counts CPU time, on every Linux that Rust
/// runs on.
const TICK_MS: u64 = 10;

impl Process {
    pub fn read(heap: fn() -> usize) -> Result<Self> {
        let status = fs::read_to_string("/proc/self/status")?;
        let field = |name: &str| -> Result<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.split_whitespace().next());
            Ok(number.with_context(|| format!("no {name}"))?.parse()?)
        };
        Ok(Process {
            resident: field("VmRSS:")?,
            heap: heap() as u64 >> 10,
            threads: field("Threads:")?,
            mappings: Runtime::mappings().context("no /proc/self/maps")? as u64,
            descriptors: fs::read_dir("/proc/self/fd")?.count() as u64,
            cpu: cpu()?,
        })
    }
}

/// User and system time, the 14th and 15th field; the second one, a name in
/// parentheses, may have spaces.
fn cpu() -> Result<u64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = stat.rsplit_once(')').context("no name")?;
    let mut times = fields.split_whitespace().skip(11);
    let mut next = || -> Result<u64> { Ok(times.next().context("no time")?.parse()?) };
    Ok((next()? + next()?) * TICK_MS)
}
