//! What isolates are packed for: speed, or number.

use crate::limits::Limits;

/// What a runtime is made for: speed, or as many isolates as there can be. Of a whole
/// runtime, as all that it compiles depends on it.
///
/// ```
/// # fn main() -> anyhow::Result<()> {
/// use insula::{Limits, Profile, Runtime};
///
/// let runtime = Runtime::builder()
///     .profile(Profile::Dense)
///     .max_isolates(1_000)
///     .limits(Limits::default().memory(16 << 20))
///     .start()?;
/// assert_eq!(runtime.profile(), Profile::Dense);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Profile {
    /// Each memory has 4 GiB of addresses, so that no access needs a check, and what an
    /// isolate leaves stays in memory for the next one. About 30,000 isolates fill the
    /// addresses of a process, and 14,000 take all the mappings that Linux allows it by
    /// default (`vm.max_map_count`).
    #[default]
    Fast,
    /// Each memory has as many addresses as the runtime's
    /// [`Limits::memory`](crate::Limits::memory) says, which no isolate may have more
    /// of, and every access is checked. A million isolates of 128 MiB fill the
    /// addresses of a process, and 29,000 fit into the mappings, or 19,000 that grew
    /// beyond the memory that they began with. To spawn costs more, as nothing is kept
    /// for the next isolate.
    Dense,
}

/// The least page of WebAssembly.
const WASM_PAGE: u64 = 64 << 10;

/// The addresses of a process: 47 bits, where the processor has four levels of tables.
const ADDRESSES: u64 = 1 << 47;

/// What a 32-bit address reaches.
pub(crate) const MOST_MEMORY: u64 = 4 << 30;

impl Profile {
    /// Every profile.
    pub const ALL: [Profile; 2] = [Profile::Fast, Profile::Dense];

    /// What it is called on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Profile::Fast => "fast",
            Profile::Dense => "dense",
        }
    }

    /// The profile of this name; none where there is no such one.
    pub fn named(name: &str) -> Option<Self> {
        Profile::ALL
            .into_iter()
            .find(|profile| profile.name() == name)
    }

    /// Bytes of addresses that one memory may use.
    pub(crate) fn reservation(self, limits: &Limits) -> u64 {
        match self {
            Profile::Fast => MOST_MEMORY,
            Profile::Dense => limits
                .memory
                .min(MOST_MEMORY)
                .next_multiple_of(WASM_PAGE)
                .max(WASM_PAGE),
        }
    }

    /// Bytes of addresses behind a memory that nothing is at.
    pub(crate) fn guard(self) -> u64 {
        match self {
            // As far as the offset in an instruction may reach beyond an address
            // without a check.
            Profile::Fast => 32 << 20,
            // No check relies on it. It keeps memories from lying so that what they
            // touch falls on the same lines of the processor's caches.
            Profile::Dense => WASM_PAGE,
        }
    }

    /// Whether so many isolates have the addresses that they may need.
    pub(crate) fn check_addresses(self, isolates: u32, limits: &Limits) -> Result<(), String> {
        let each = self.reservation(limits) + self.guard();
        let all = u128::from(each) * u128::from(isolates);
        if all <= u128::from(ADDRESSES) {
            return Ok(());
        }
        let most = ADDRESSES / each;
        Err(match self {
            Profile::Fast => format!(
                "there are addresses for {most} of the fast profile, of 4 GiB each \
                 (`Profile::Dense` has room for more)"
            ),
            Profile::Dense => format!(
                "there are addresses for {most} of this size: each has those of its limit \
                 of memory (lower `Limits::memory` of the runtime)"
            ),
        })
    }

    /// Mappings that one isolate takes at most: of its memory what is in front of its
    /// data, these, what is behind them, and the addresses that it does not use. Where
    /// it is dense, what it began with, what it grew by, and those. A table takes none.
    pub(crate) fn mappings(self) -> u64 {
        match self {
            Profile::Fast => 4,
            Profile::Dense => 3,
        }
    }
}

impl std::fmt::Display for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
