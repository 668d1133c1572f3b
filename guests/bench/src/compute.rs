//! Work that sends nothing: what guest code itself costs.

mod kernels;

use std::time::Instant;

use insula_guest::*;

use crate::clock::nanos;
use crate::{Report, Task};

/// Each kernel is run so often, and its median counts.
const RUNS: usize = 7;

/// Runs every kernel; a sample of the report is one kernel's time.
#[entry]
fn compute(task: Task) {
    let report = Report {
        samples: kernels::ALL.iter().map(|kernel| time(*kernel)).collect(),
        ..Report::default()
    };
    task.to.send(report).ok();
}

fn time(kernel: fn() -> u64) -> u64 {
    std::hint::black_box(kernel());
    let mut times = [0; RUNS];
    for time in &mut times {
        let start = Instant::now();
        std::hint::black_box(kernel());
        *time = nanos(start.elapsed());
    }
    times.sort_unstable();
    times[RUNS / 2]
}
