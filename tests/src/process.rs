//! What the test's process has, as the kernel counts it.

use std::fs;

use anyhow::{Context, Result};

/// What the process has at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    pub threads: usize,
    /// Open file descriptors, with the one by which they are counted.
    pub descriptors: usize,
    /// Memory mappings.
    pub mappings: usize,
    /// Bytes that are in memory.
    pub resident: u64,
}

impl Process {
    pub fn now() -> Result<Self> {
        Ok(Process {
            threads: threads()?,
            descriptors: fs::read_dir("/proc/self/fd")?.count(),
            mappings: insula::Runtime::mappings().context("no mappings are told")?,
            resident: resident()?,
        })
    }

    /// What the open descriptors are, for who has to find one that is too many.
    pub fn descriptors() -> Result<Vec<String>> {
        let mut open = Vec::new();
        for descriptor in fs::read_dir("/proc/self/fd")? {
            // The one by which they are listed is closed by then, or about to be.
            if let Ok(target) = fs::read_link(descriptor?.path()) {
                open.push(target.display().to_string());
            }
        }
        Ok(open)
    }

    /// By how much it has more than before, of each.
    pub fn growth(&self, before: &Process) -> Process {
        Process {
            threads: self.threads.saturating_sub(before.threads),
            descriptors: self.descriptors.saturating_sub(before.descriptors),
            mappings: self.mappings.saturating_sub(before.mappings),
            resident: self.resident.saturating_sub(before.resident),
        }
    }
}

/// Threads of this process.
pub fn threads() -> Result<usize> {
    Ok(status("Threads:")?.parse()?)
}

/// Bytes of this process that are in memory.
pub fn resident() -> Result<u64> {
    let kilobytes = status("VmRSS:")?;
    Ok(kilobytes.parse::<u64>()? << 10)
}

/// Bytes of this process that are in memory, where what it has mapped several times
/// counts once.
pub fn proportional() -> Result<u64> {
    let text = fs::read_to_string("/proc/self/smaps_rollup")?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kilobytes.context("no Pss:")?.parse::<u64>()? << 10)
}

/// What the kernel says behind a word, without its unit.
fn status(word: &str) -> Result<String> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(word));
    let value = line.and_then(|line| line.split_whitespace().next());
    Ok(value.with_context(|| format!("no {word}"))?.to_owned())
}
