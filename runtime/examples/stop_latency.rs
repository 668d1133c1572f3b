//! How long it takes from a kill until the exit reason is there, for guests that are
//! at different things, as a table. `docs/src/reference/stopping.md` says what it depends on.
//!
//! `cargo run --release -p insula --example stop_latency -- [KILLS]`

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use insula::{ExitReason, Isolate, Limits, Program, Runtime, SpawnOptions};

/// The scheduler's tick, in which guests come by their checkpoints.
const TICK: Duration = Duration::from_millis(1);

const SLEEP: &str = r#"(import "wasi_snapshot_preview1" "poll_oneoff"
    (func $sleep (param i32 i32 i32 i32) (result i32)))"#;
const YIELD: &str = r#"(import "wasi_snapshot_preview1" "sched_yield"
    (func $yield (result i32)))"#;

/// What a guest is at: its imports, and the code that it does again and again.
const KINDS: [(&str, &str, &str); 7] = [
    ("endless loop", "", ""),
    (
        "memory.fill of 64 MiB",
        "",
        "(memory.fill (i32.const 0) (i32.const 7) (i32.const 67108864))",
    ),
    (
        "memory.copy of 64 MiB",
        "",
        "(memory.copy (i32.const 0) (i32.const 1) (i32.const 67108863))",
    ),
    (
        "table.fill of 20,000",
        "",
        "(table.fill (i32.const 0) (ref.null func) (i32.const 20000))",
    ),
    ("host calls", YIELD, "(drop (call $yield))"),
    (
        "sleep of an hour",
        SLEEP,
        "(i32.store (i32.const 80) (i32.const 1))
        (i64.store (i32.const 88) (i64.const 3600000000000))
        (drop (call $sleep (i32.const 64) (i32.const 256) (i32.const 1) (i32.const 512)))",
    ),
    ("endless loop behind 64 others", "", ""),
];

fn main() -> Result<()> {
    let kills = match std::env::args().nth(1) {
        Some(kills) => kills.parse()?,
        None => 200,
    };
    ensure!(kills > 0, "nothing to measure");
    println!("{}", machine());
    println!("| a guest in | median | worst | worst in ticks |\n|---|---|---|---|");
    for (place, kind) in KINDS.iter().enumerate() {
        let runtime = Runtime::builder().max_isolates(128).start()?;
        let others = if place == KINDS.len() - 1 { 64 } else { 0 };
        let delays = measure(&runtime, (kind.1, kind.2), others, kills)?;
        let (median, worst) = (delays[delays.len() / 2], delays[delays.len() - 1]);
        println!(
            "| {} | {median:.2?} | {worst:.2?} | {:.1} |",
            kind.0,
            worst.as_secs_f64() / TICK.as_secs_f64()
        );
    }
    Ok(())
}

/// The delays of so many kills, the shortest first.
fn measure(
    runtime: &Runtime,
    guest: (&str, &str),
    others: usize,
    kills: usize,
) -> Result<Vec<Duration>> {
    let loops = program(runtime, ("", ""))?;
    let others: Vec<_> = (0..others)
        .map(|_| spawn(runtime, &loops))
        .collect::<Result<_>>()?;
    let program = program(runtime, guest)?;
    let mut delays = (0..kills)
        .map(|_| delay(runtime, &program))
        .collect::<Result<Vec<_>>>()?;
    delays.sort_unstable();
    others.iter().for_each(Isolate::kill);
    Ok(delays)
}

fn delay(runtime: &Runtime, program: &Program) -> Result<Duration> {
    let isolate = spawn(runtime, program)?;
    while isolate.cpu_time().is_zero() {
        std::thread::sleep(TICK);
    }
    // At different moments between two ticks.
    std::thread::sleep(TICK * 5);
    let began = Instant::now();
    isolate.kill();
    let reason = isolate.wait();
    let delay = began.elapsed();
    ensure!(reason == ExitReason::Killed, "{reason}");
    Ok(delay)
}

fn spawn(runtime: &Runtime, program: &Program) -> Result<Isolate> {
    let limits = Limits::default().turn_cpu(Limits::NONE);
    Ok(runtime.spawn(program, SpawnOptions::new().limits(limits))?)
}

fn program(runtime: &Runtime, (import, code): (&str, &str)) -> Result<Program> {
    let wasm = wat::parse_str(format!(
        r#"(module {import} (memory (export "memory") 1024) (table 20000 funcref)
            (func (export "insula:entry/main") (loop $again {code} (br $again))))"#
    ))?;
    Ok(Program::from_bytes(runtime, &wasm)?)
}

/// What it was measured on, as far as the system says.
fn machine() -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("?", |model| model.trim_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = read("/proc/loadavg");
    let build = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    format!(
        "{cores} x {model}, load {}, {build} build",
        load.split(' ').next().unwrap_or("?")
    )
}
