//! The soak's short form: nothing is left at the quiet points, and nothing has
//! grown. In a process of its own, as it measures the process. The long form is
//! `examples/soak.rs`.

use std::time::Duration;

use anyhow::{Result, ensure};
use insula_tests::soak::{Options, run};

/// KiB that the process may hold at the end: several times what it does.
const MOST_RESIDENT: u64 = 400 << 10;

#[test]
fn ten_seconds_of_anything_leave_nothing() -> Result<()> {
    let report = run(&Options {
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
    let last = report.samples.last().map(|sample| sample.process);
    let last = last.unwrap_or_default();
    println!("{last:?}");
    // Every place of the pool keeps half a MiB warm, and few were used; none of the
    // guests' own memories is left.
    ensure!(last.resident < MOST_RESIDENT, "{} KiB", last.resident);
    Ok(())
}
