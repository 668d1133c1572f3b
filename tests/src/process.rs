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

/// Threads of this process. One that is on its way out does not count: a thread that
/// was joined may still be listed for a moment.
pub fn threads() -> Result<usize> {
    Ok(living()?.len())
}

/// Whether a thread that compiles a program is there. It ends after the program was
/// given out, in its own time.
pub fn is_loading() -> Result<bool> {
    let number = |name: &String| {
        let number = name.strip_prefix("insula-loader-");
        number.is_some_and(|number| number.starts_with(|first: char| first.is_ascii_digit()))
    };
    Ok(living()?.iter().any(number))
}

/// The names of the threads that are not about to be gone.
fn living() -> Result<Vec<String>> {
    /// Of the flags in `/proc/PID/task/TID/stat` (proc(5), field 9), the one of a
    /// thread that is ending: `PF_EXITING` in Linux's `include/linux/sched.h`.
    const EXITING: u64 = 0x4;
    let mut names = Vec::new();
    for task in fs::read_dir("/proc/self/task")? {
        // What ends between the listing and the look is gone.
        let Ok(stat) = fs::read_to_string(task?.path().join("stat")) else {
            continue;
        };
        let (start, rest) = stat.rsplit_once(") ").context("no name in stat")?;
        let (_, name) = start.split_once('(').context("no name in stat")?;
        let flags = rest.split(' ').nth(6).context("no flags in stat")?;
        if flags.parse::<u64>()? & EXITING == 0 {
            names.push(name.to_owned());
        }
    }
    Ok(names)
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
