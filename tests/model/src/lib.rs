//! The scheduler under the model checker [loom]: the runtime's own source files,
//! on loom's locks, atomics and threads, with a small stand-in for an isolate.
//!
//! A scenario is run once for every way in which its threads can take turns, up
//! to a number of forced switches. Whatever gets lost leaves all threads waiting
//! for one another, which loom reports as a deadlock. See `scenario.rs` for what
//! is held against every run.
//!
//! `LOOM_MAX_PREEMPTIONS=3 cargo test -p insula-model <name>` looks deeper than
//! the everyday run has time for.
//!
//! [loom]: https://docs.rs/loom

#![cfg(test)]

#[path = "../../../runtime/src/sched/mod.rs"]
// The model has no use for figures and for sleeping.
#[allow(dead_code)]
mod sched;
mod sync;

mod isolate;
mod scenario;

mod admission;
mod close;
mod fairness;
mod park;
mod preemption;
mod stop;
mod threads;
mod wake_up;
