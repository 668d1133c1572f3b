//! How many isolates fit, by what one takes here and what the kernel allows.

use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use insula::{Isolate, Profile, Program, Runtime, SpawnOptions};
use serde::Serialize;

use super::machine::{self, Machine};

/// How many isolates are spawned to see what one takes.
const SAMPLE: u64 = 200;

/// What one resting isolate takes, measured.
#[derive(Debug, Serialize)]
pub struct Cost {
    pub mappings: f64,
    /// Bytes of resident memory.
    pub memory: f64,
    /// Addresses that are reserved for it.
    pub addresses: f64,
}

/// Something that runs out, and how many isolates fit until then.
#[derive(Debug, Serialize)]
pub struct Bound {
    pub isolates: u64,
    pub by: &'static str,
    /// How to have more.
    pub knob: &'static str,
}

/// Measures what an isolate takes that waits for messages, of a guest with one page.
pub fn measure(profile: Profile) -> Result<Cost> {
    let reserved = machine::addresses().unwrap_or(0);
    let runtime = Runtime::builder()
        .profile(profile)
        .max_isolates(2 * SAMPLE as u32)
        .start()?;
    let wasm = wat::parse_str(include_str!("guests/waits.wat"))?;
    let program = Program::from_bytes(&runtime, &wasm)?;
    // What only the first of all takes is in no difference.
    let _first = spawn(&runtime, &program)?;
    let before = taken();
    let _second = spawn(&runtime, &program)?;
    let after = taken();
    // The fast profile reserves all at once, the dense one for each isolate.
    let reserved = machine::addresses().unwrap_or(0).saturating_sub(reserved);
    let each = |before: u64, after: u64| after.saturating_sub(before) as f64 / SAMPLE as f64;
    Ok(Cost {
        mappings: each(before.0, after.0),
        memory: each(before.1, after.1),
        addresses: reserved as f64 / (2 * SAMPLE) as f64,
    })
}

/// More isolates, all of which have begun.
fn spawn(runtime: &Runtime, program: &Program) -> Result<Vec<Isolate>> {
    let before = runtime.figures().pool_memories;
    let isolates = (0..SAMPLE).map(|_| runtime.spawn(program, SpawnOptions::new()));
    let isolates = isolates.collect::<Result<Vec<_>, _>>()?;
    while runtime.figures().pool_memories < before + isolates.len() {
        ensure!(
            isolates
                .iter()
                .all(|isolate| isolate.exit_reason().is_none()),
            "an isolate that only waits has ended"
        );
        thread::sleep(Duration::from_millis(1));
    }
    Ok(isolates)
}

/// The process's mappings and its resident bytes.
fn taken() -> (u64, u64) {
    let mappings = Runtime::mappings().unwrap_or(0);
    (mappings as u64, machine::resident().unwrap_or(0))
}

/// All bounds that are known, the nearest first.
pub fn bounds(machine: &Machine, cost: &Cost) -> Vec<Bound> {
    let fit = |all: u64, each: f64| {
        if each > 0.0 {
            (all as f64 / each) as u64
        } else {
            u64::MAX
        }
    };
    let mut bounds = Vec::new();
    let mut bound = |isolates: Option<u64>, by, knob| {
        bounds.extend(isolates.map(|isolates| Bound { isolates, by, knob }));
    };
    bound(
        machine.mappings.map(|all| fit(all, cost.mappings)),
        "memory mappings (vm.max_map_count)",
        "sysctl -w vm.max_map_count=..",
    );
    bound(
        machine
            .address_bits
            .map(|bits| fit(1 << bits, cost.addresses)),
        "addresses",
        "another process; they are the CPU's",
    );
    bound(
        machine.address_space.map(|all| fit(all, cost.addresses)),
        "addresses (ulimit -v)",
        "ulimit -v unlimited",
    );
    bound(
        machine.usable_memory().map(|all| fit(all, cost.memory)),
        "memory, at rest",
        "a larger memory.max of the cgroup, or more memory",
    );
    bounds.sort_by_key(|bound| bound.isolates);
    bounds
}
