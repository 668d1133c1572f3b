//! The contract natively: a stand-in for the host, for tests of guests on the machine
//! that compiles them.
//!
//! Each isolate is a thread with a state of its own, as the SDK keeps its in thread
//! locals; a [`World`] is a group, with ports, timers, control and names as the contract
//! says. It is no sandbox: isolates of one process share what statics hold, nothing is
//! limited, and an isolate that is killed ends at its next event, not inside of a loop.
//! What it does not have it refuses, and says so: limits, other programs, capabilities.

pub mod control;
mod ending;
pub mod isolates;
mod member;
pub mod names;
pub mod ports;
pub mod refusals;
pub mod self_;
mod test;
mod thread;
pub mod timers;
mod world;

pub use test::run_alone;
pub use thread::is_isolate;

/// What else is linked in natively runs its constructors by itself.
pub fn run_constructors() {}
