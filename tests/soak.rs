//! The soak's short form: nothing is left at the quiet points, and nothing has
//! grown. In a process of its own, as it measures the process. The long form is
//! `examples/soak.rs`.

use std::time::Duration;

use anyhow::{Result, ensure};
use insula_tests::soak::{Options, run};
use peak_alloc::PeakAlloc;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// By how many bytes the heap may differ between two quiet points of the second half.
const MOST_HEAP: u64 = 1 << 20;

#[test]
fn ten_seconds_of_anything_leave_nothing() -> Result<()> {
    let report = run(&Options {
        heap: || HEAP.current_usage(),
        time: Duration::from_secs(10),
        deeds: 2_000,
        seed: 7,
        sample: Duration::from_millis(500),
        quiet: Duration::from_secs(1),
    })?;
    println!("{:?}\n{:?}", report.ends, report.limits);
    for kind in ["ended", "killed", "limit", "trapped", "failed"] {
        ensure!(report.ends.contains_key(kind), "nobody {kind}");
    }
    let quiet = report.samples.iter().filter(|sample| sample.quiet);
    let heap: Vec<_> = quiet.map(|sample| sample.heap).collect();
    println!("heap at the quiet points: {heap:?}");
    let late = heap[heap.len() / 2..].iter();
    let (least, most) = (late.clone().min(), late.max());
    ensure!(
        most <= least.map(|least| least + MOST_HEAP).as_ref(),
        "{heap:?}"
    );
    Ok(())
}
