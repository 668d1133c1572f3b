//! The guest of the benchmark does what its rows ask for.

use anyhow::{Context, Result};
use insula::{Program, SendPort, SpawnOptions};
use insula_tests::{HANG, Host};
use serde::{Deserialize, Serialize};

use crate::guests;

#[derive(Serialize)]
struct Task {
    size: u64,
    millis: u64,
    to: SendPort,
}

#[derive(Deserialize)]
struct Report {
    batches: Vec<(u64, u64)>,
    samples: Vec<u64>,
}

/// The report of an entry.
fn report(host: &Host, program: &Program, entry: &str, size: u64) -> Result<Report> {
    let (to, reports) = host.runtime.port();
    let task = Task {
        size,
        millis: 20,
        to,
    };
    let options = SpawnOptions::new().entry(entry).message(&task);
    let isolate = host.runtime.spawn(program, options)?;
    let report = reports.recv_timeout(HANG).context("no report")?.decode()?;
    isolate.kill();
    Ok(report)
}

#[test]
fn rows_that_are_timed_in_batches_count_their_operations() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::BENCH)?;
    for (entry, size, each) in [
        ("round_trip", 8, 100),
        ("round_trip", 64, 100),
        ("bytes", 1_000, 1),
        ("bytes_vec", 1_000, 1),
        ("call", 1, 100),
        ("one_way", 8, 1_000),
        ("one_way_ready", 8, 1_000),
        ("ring", 10, 10),
        ("fan", 10, 1),
        ("pairs", 4, 4),
        ("spawn_rate", 10, 10),
        ("nested", 10, 1),
        ("nested_value", 10, 1),
    ] {
        let batches = report(&host, &program, entry, size)?.batches;
        assert!(!batches.is_empty(), "{entry}");
        for (operations, _) in batches {
            assert!(
                operations > 0 && operations % each == 0,
                "{entry} {operations}"
            );
        }
    }
    Ok(())
}

#[test]
fn rows_that_are_timed_one_by_one_tell_each_time() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::BENCH)?;
    assert_eq!(report(&host, &program, "spawn_cold", 20)?.samples.len(), 20);
    assert_eq!(report(&host, &program, "compute", 1)?.samples.len(), 6);
    assert!(!report(&host, &program, "spawn", 1)?.samples.is_empty());
    Ok(())
}
