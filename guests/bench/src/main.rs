//! What the benchmark in `bench/` measures of Insula: an entry for each of its rows,
//! written as any guest would be. The host starts one with a [`Task`] and gets its
//! [`Report`] back.

mod clock;
mod compute;
mod crowd;
mod messages;
mod nested;
mod spawning;
mod waiting;

use insula_guest::*;
use serde::{Deserialize, Serialize};

/// What the host asks for.
#[derive(Deserialize)]
struct Task {
    /// What the row's size counts: bytes of payload, isolates, messages.
    size: u64,
    /// For how long to measure.
    millis: u64,
    /// Where the report goes.
    to: SendPort,
}

/// What was measured.
#[derive(Serialize, Default)]
struct Report {
    /// Operations that were timed together, and for how long, in nanoseconds.
    batches: Vec<(u64, u64)>,
    /// Nanoseconds of single operations, where they were timed one by one.
    samples: Vec<u64>,
}

#[main]
fn main() {
    println!("an entry for each row of the benchmark: see bench/README.md");
}
