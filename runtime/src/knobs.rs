//! What the system allows a process of what isolates take, and which of its knobs
//! to turn where it refuses some.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::runtime::Runtime;

/// One of so many of the system's mappings is left to the host: where there are
/// none left, its threads and its allocator fail too.
const LEFT_TO_THE_HOST: u64 = 10;

/// Keeps isolates from taking the last of the process's mappings.
pub(crate) struct MappingBudget {
    /// What one isolate takes at most.
    of_isolate: u64,
    /// For so many isolates at once there was room when mappings were counted.
    isolates: AtomicU64,
}

impl MappingBudget {
    /// For isolates of which each takes so many.
    pub(crate) fn new(of_isolate: u64) -> Self {
        MappingBudget {
            of_isolate,
            isolates: AtomicU64::new(0),
        }
    }

    /// Whether there is room for so many isolates at once, or what the system
    /// allows. Counts mappings, which takes long, only where there may not be.
    pub(crate) fn check(&self, isolates: u64) -> Result<(), String> {
        if isolates <= self.isolates.load(Ordering::Relaxed) {
            return Ok(());
        }
        let Some(knob) = mappings() else {
            return Ok(());
        };
        match knob.room_for_isolates(self.of_isolate) {
            0 => Err(format!("there is no room for it: {knob}")),
            more => {
                self.isolates
                    .fetch_max(isolates - 1 + more, Ordering::Relaxed);
                Ok(())
            }
        }
    }
}

/// Whether the system had no memory, mapping or address for this.
pub(crate) fn is_refusal(error: &wasmtime::Error) -> bool {
    error.chain().any(|cause| {
        #[cfg(unix)]
        if let Some(errno) = cause.downcast_ref::<rustix::io::Errno>() {
            return *errno == rustix::io::Errno::NOMEM;
        }
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::OutOfMemory)
    })
}

/// Which knob was hit, as far as can be told: the one with the least left.
pub(crate) fn hit() -> Option<String> {
    let nearest = all().into_iter().min_by_key(Knob::free_in_thousand);
    nearest
        .filter(|knob| knob.free_in_thousand() < NEAR)
        .map(|knob| knob.to_string())
}

/// What a refused error says, with the knob where one is near its end.
pub(crate) fn explain(error: &wasmtime::Error) -> String {
    let knob = no_descriptor().or_else(|| is_refusal(error).then(hit).flatten());
    match knob {
        Some(knob) => format!("{error:#}: {knob}"),
        None => format!("{error:#}"),
    }
}

/// How much is left, of a thousand, where a knob is no suspect any more. A
/// memory of 4 GiB can be too large while far more than nothing is left.
const NEAR: u64 = 500;

/// A limit of the system's, and what the process has of it.
struct Knob {
    what: &'static str,
    name: &'static str,
    used: u64,
    most: u64,
}

impl Knob {
    fn room_for_isolates(&self, of_isolate: u64) -> u64 {
        let for_isolates = self.most - self.most / LEFT_TO_THE_HOST;
        for_isolates.saturating_sub(self.used) / of_isolate
    }

    fn free_in_thousand(&self) -> u64 {
        let free = self.most.saturating_sub(self.used);
        let share = u128::from(free) * 1000 / u128::from(self.most.max(1));
        u64::try_from(share).unwrap_or(u64::MAX)
    }
}

impl std::fmt::Display for Knob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Knob {
            what,
            name,
            used,
            most,
        } = self;
        write!(
            f,
            "the process has {used} {what}, and the system allows it {most} (raise `{name}`)"
        )
    }
}

#[cfg(target_os = "linux")]
fn all() -> Vec<Knob> {
    use rustix::process::{Resource, getrlimit};
    let limited = |what, name, used: &str, resource| {
        Some(Knob {
            what,
            name,
            used: status(used)?,
            most: getrlimit(resource).current?,
        })
    };
    [
        mappings(),
        limited("bytes of addresses", "ulimit -v", "VmSize:", Resource::As),
        limited("bytes of data", "ulimit -d", "VmData:", Resource::Data),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What to raise, where no file can be opened any more: an image of a memory is
/// one.
#[cfg(target_os = "linux")]
fn no_descriptor() -> Option<String> {
    let error = std::fs::File::open("/proc/self/status").err()?;
    let most = rustix::process::getrlimit(rustix::process::Resource::Nofile).current?;
    (error.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error()))
        .then(|| format!("the process has no file descriptor left of {most} (raise `ulimit -n`)"))
}

#[cfg(target_os = "linux")]
fn mappings() -> Option<Knob> {
    let most = std::fs::read_to_string("/proc/sys/vm/max_map_count").ok()?;
    Some(Knob {
        what: "memory mappings",
        name: "vm.max_map_count",
        used: Runtime::mappings()? as u64,
        most: most.trim().parse().ok()?,
    })
}

/// A number of bytes that the kernel tells of this process.
#[cfg(target_os = "linux")]
fn status(word: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(word))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kilobytes << 10)
}

/// Elsewhere the system does not say.
#[cfg(not(target_os = "linux"))]
fn all() -> Vec<Knob> {
    Vec::new()
}

#[cfg(not(target_os = "linux"))]
fn mappings() -> Option<Knob> {
    None
}

#[cfg(not(target_os = "linux"))]
fn no_descriptor() -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mappings_of(used: u64, most: u64) -> Knob {
        Knob {
            what: "memory mappings",
            name: "vm.max_map_count",
            used,
            most,
        }
    }

    #[test]
    fn a_tenth_of_the_mappings_is_left_to_the_host() {
        let room = |used, of_isolate| mappings_of(used, 65_530).room_for_isolates(of_isolate);
        assert_eq!((room(5_000, 4), room(5_000, 2)), (13_494, 26_988));
        assert_eq!((room(58_974, 4), room(58_974, 2)), (0, 1));
        assert_eq!((room(58_976, 2), room(70_000, 2)), (0, 0));
    }

    #[test]
    fn a_knob_says_what_to_raise() {
        assert_eq!(
            mappings_of(60_000, 65_530).to_string(),
            "the process has 60000 memory mappings, and the system allows it 65530 \
             (raise `vm.max_map_count`)"
        );
        assert_eq!(mappings_of(60_000, 65_530).free_in_thousand(), 84);
        assert_eq!(mappings_of(1, 0).free_in_thousand(), 0);
    }

    #[test]
    fn only_what_the_system_refused_is_explained() {
        let other = wasmtime::Error::msg("no such import");
        assert!(!is_refusal(&other));
        assert_eq!(explain(&other), "no such import");
        let refused = wasmtime::Error::from(io::Error::from(io::ErrorKind::OutOfMemory));
        assert!(is_refusal(&refused.context("a memory")));
    }
}
