//! A runtime with the guest of the benchmark in it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use insula::{
    Capabilities, ClockAccess, Isolate, Limits, Profile, Program, ReceivePort, Runtime, SendPort,
    SpawnOptions,
};
use serde::Serialize;

use crate::rows::Row;
use crate::timing::{Report, budget};
use crate::{guests, not_measured};

/// Up to so many isolates a runtime has the fast profile, unless the dense one is asked
/// for; what needs more has the dense one.
const FAST_ISOLATES: u64 = 10_000;

/// How many mappings an isolate of the dense profile may take here: it takes about two.
const DENSE_MAPPINGS: u64 = 3;

/// What a guest may take for one report.
pub const PATIENCE: Duration = Duration::from_secs(80);

/// How a runtime is made.
#[derive(Clone, Copy)]
pub struct Way {
    /// As many as there are cores, unless it is said here.
    pub workers: Option<usize>,
    pub profile: Profile,
}

/// A runtime, and the guest's program in it.
pub struct Host {
    pub runtime: Runtime,
    pub program: Program,
}

/// What an entry of the guest is asked: its `Task`.
#[derive(Serialize)]
struct Task {
    size: u64,
    millis: u64,
    to: SendPort,
}

impl Host {
    /// A runtime as it is by default, but for what the way says, and for room for many
    /// isolates where a row needs that.
    pub fn start(way: Way, isolates: u64) -> Result<Host> {
        let is_dense = way.profile == Profile::Dense || isolates > FAST_ISOLATES;
        let mut builder = Runtime::builder().cache(cache());
        if is_dense {
            check_mappings(isolates)?;
            builder = builder.profile(Profile::Dense);
        }
        if let Some(workers) = way.workers {
            builder = builder.permits(workers);
        }
        // The usual ones, and those that the guest is made of.
        let room = u32::try_from(isolates.max(FAST_ISOLATES))?.saturating_add(16);
        let runtime = builder.max_isolates(room).start()?;
        let program = Program::from_file(&runtime, guests::module("bench")?)?;
        Ok(Host { runtime, program })
    }

    /// Runs the row's entry and gives its report.
    pub fn run(&self, row: &Row, size: u64) -> Result<Report> {
        let (isolate, reports) = self.spawn(&row.name.replace('-', "_"), size)?;
        receive(&reports, isolate)
    }

    /// Starts an entry, and gives the port where its reports come.
    pub fn spawn(&self, entry: &str, size: u64) -> Result<(Isolate, ReceivePort)> {
        let (to, reports) = self.runtime.port();
        let mut millis = u64::try_from(budget().as_millis())?;
        if entry == "beside_loops" {
            // There are long pauses in it.
            millis *= 3;
        }
        let task = Task { size, millis, to };
        let options = SpawnOptions::new()
            .entry(entry)
            .message(&task)
            .limits(limits())
            .capabilities(precise_clock());
        let isolate = self.runtime.spawn(&self.program, options)?;
        Ok((isolate, reports))
    }
}

/// Whether the system allows the mappings that so many dense isolates take.
fn check_mappings(isolates: u64) -> Result<()> {
    let most = std::fs::read_to_string("/proc/sys/vm/max_map_count")?;
    let wanted = isolates * DENSE_MAPPINGS;
    if most.trim().parse::<u64>()? < wanted {
        return Err(not_measured(format!(
            "{isolates} isolates take more mappings than the system allows: \
             sysctl -w vm.max_map_count={wanted}"
        )));
    }
    Ok(())
}

/// The next report, or why there is none.
pub fn receive(reports: &ReceivePort, isolate: Isolate) -> Result<Report> {
    match reports.recv_timeout(PATIENCE) {
        Ok(report) => report.decode().context("the guest's report"),
        Err(error) if error.is_timeout() => bail!("the guest has not reported in time"),
        Err(_) => bail!("the guest has not reported: {}", isolate.join()),
    }
}

/// The limits that a crowd would meet are raised, the others are the default ones. All
/// of them are on.
pub fn limits() -> Limits {
    const MANY: u64 = 1 << 40;
    Limits::default()
        .group_memory(MANY)
        .group_table_elements(MANY)
        .host_memory(MANY)
        .isolates(1_000_000)
        .spawned(1_000_000_000)
        .handles(1_000_000)
        .mailbox_messages(2_000_000)
        .mailbox_bytes(1 << 30)
        .group_mailbox_bytes(2 << 30)
        .turn_cpu(60_000)
}

/// The guest's clock is exact, since it measures; by default it is not.
fn precise_clock() -> Capabilities {
    Capabilities::default().clock(ClockAccess::Real)
}

/// What was compiled by the measurement before.
pub fn cache() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .with_file_name("target")
        .join("bench/cache")
}
