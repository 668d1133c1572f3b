//! What a stranger can hand to a host, and what has to hold whatever it is. Each
//! module is one fuzz target; `fuzz_targets/` only names them.
//!
//! A panic anywhere in the process, also one that the host would have caught, is
//! a crash: libFuzzer's hook sees it first.

#![forbid(unsafe_code)]

mod calls;
mod guest;
pub mod imports;
pub mod message;
pub mod policy;
pub mod program;
mod smith;
mod world;

/// The contract, as the tests read it.
#[path = "../../tests/src/wit.rs"]
#[expect(dead_code, reason = "the tests ask for more of it")]
mod wit;

use peak_alloc::PeakAlloc;

/// Counts what the host allocates.
#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Does `work` and fails when the process held more than `most` bytes more than
/// before at any one time.
fn within<T>(most: usize, what: &str, work: impl FnOnce() -> T) -> T {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let done = work();
    let peak = MEMORY.peak_usage().saturating_sub(before);
    assert!(
        peak <= most,
        "{what}: {peak} bytes were allocated, {most} allowed"
    );
    done
}
