//! Many isolates and few threads, counted. In a process of its own, one test at
//! a time: what is counted belongs to the process.

use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use insula::{ExitReason, Limits, Runtime, SendPort, SpawnOptions};
use insula_tests::process::threads;
use insula_tests::{Host, guest, in_time};

/// What a process has beside a thread for each core: three of the test harness's,
/// the monitor, the clock, two loaders, a few spare workers, and the pools of the
/// compiler and of WASI, which have a thread a core each.
fn handful() -> usize {
    12 + 2 * cores()
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn one_at_a_time() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// So many that no default limit is met.
fn roomy() -> Limits {
    Limits::default()
        .isolates(100_000)
        .handles(100_000)
        .group_memory(1 << 40)
        .group_table_elements(1 << 40)
        .host_memory(1 << 40)
}

#[test]
fn ten_thousand_idle_isolates_hold_no_thread() -> Result<()> {
    let _turn = one_at_a_time();
    let host = Host::with(|builder| builder.max_isolates(10_001))?;
    let idle = host.program(&guest("idle").to_string_lossy())?;
    let options = SpawnOptions::new().limits(roomy()).message(&10_000);
    let main = host.runtime.spawn(&idle, options)?;

    // Main answers once every one of the others has.
    let port = main.port().clone();
    in_time(move || port.call::<_, ()>(&()))?;
    assert_eq!(host.runtime.figures().isolates, 10_001);
    // Turns that were preempted on a busy machine end, and so do their threads.
    in_time(move || -> Result<()> {
        while threads()? > cores() + handful() {
            std::thread::yield_now();
        }
        Ok(())
    })?;
    let figures = host.runtime.figures();
    assert_eq!(
        (figures.isolates, figures.messages),
        (10_001, 0),
        "{figures:?}"
    );
    Ok(())
}

/// Lets `rounds` messages go back and forth between two isolates of a new group.
fn ping_pong(host: &Host, rounds: u64) -> Result<ExitReason> {
    let program = host.program(&guest("pingpong").to_string_lossy())?;
    let pair = host
        .runtime
        .spawn(&program, SpawnOptions::new().message(&rounds))?;
    Ok(in_time(move || pair.join()))
}

#[test]
fn two_hundred_endless_loops_leave_others_their_turn() -> Result<()> {
    let _turn = one_at_a_time();
    let host = Host::with(|builder| builder.max_isolates(300).permits(2))?;
    let spin = host.program(&guest("spin").to_string_lossy())?;
    // No loop is to end by its CPU limit while the others are looked at.
    let limits = roomy().turn_cpu(u64::MAX / 2);
    let loops = host
        .runtime
        .spawn(&spin, SpawnOptions::new().limits(limits).message(&200))?;

    assert_eq!(ping_pong(&host, 1000)?, ExitReason::Ended);
    assert_eq!(loops.exit_reason(), None);
    assert_eq!(loops.group().alive(), 200);

    loops.group().kill();
    in_time(move || loops.join());
    Ok(())
}

/// A group at its limit of preempted turns gets no turn more; others do.
#[test]
fn a_group_holds_no_more_threads_than_its_limit() -> Result<()> {
    let _turn = one_at_a_time();
    let host = Host::with(|builder| builder.max_isolates(300).permits(2))?;
    let spin = host.program(&guest("spin").to_string_lossy())?;
    let limits = roomy().turn_cpu(u64::MAX / 2).preempted_turns(5);
    let loops = host
        .runtime
        .spawn(&spin, SpawnOptions::new().limits(limits).message(&100))?;

    assert_eq!(ping_pong(&host, 1000)?, ExitReason::Ended);
    let figures = host.runtime.figures();
    // A turn that has a permit when the limit is met may lose it after that.
    assert!(figures.preempted <= 5 + 2, "{figures:?}");

    loops.group().kill();
    in_time(move || loops.join());
    assert_eq!(ping_pong(&host, 10)?, ExitReason::Ended);
    Ok(())
}

#[test]
fn shutting_down_ends_loops_timers_and_full_mailboxes_and_joins_every_thread() -> Result<()> {
    let _turn = one_at_a_time();
    // The compiler's pool outlives a runtime, and Linux names its threads after
    // the one that made them.
    Host::new()?.program(&guest("spin").to_string_lossy())?;
    let before = named_threads("insula-")?;
    let host = Host::with(|builder| builder.max_isolates(300).permits(2))?;

    let spin = host.program(&guest("spin").to_string_lossy())?;
    let _loops = host
        .runtime
        .spawn(&spin, SpawnOptions::new().message(&20))?;
    let sleeper = host.wat(SLEEPS_AND_KEEPS_A_TIMER)?;
    let _sleeper = host.runtime.spawn(&sleeper, SpawnOptions::new())?;
    let idle = host.program(&guest("idle").to_string_lossy())?;
    let limits = Limits::default().mailbox_messages(100);
    let full = host.runtime.spawn(
        &host.wat(NEVER_LISTENS)?,
        SpawnOptions::new().limits(limits),
    )?;
    fill(full.port())?;
    let many = host
        .runtime
        .spawn(&idle, SpawnOptions::new().message(&50))?;
    let port = many.port().clone();
    in_time(move || port.send(&()))?;

    assert!(named_threads("insula-")?.len() > before.len());
    in_time(move || drop(host));
    assert_eq!(named_threads("insula-")?, before);
    assert_eq!(full.exit_reason(), Some(ExitReason::ShutDown));
    assert!(full.port().send(&1).is_err());
    Ok(())
}

fn fill(port: &SendPort) -> Result<()> {
    for _ in 0..100 {
        port.send("waits")?;
    }
    assert!(matches!(
        port.send("too much"),
        Err(insula::SendError::Full)
    ));
    Ok(())
}

/// The names of this process's threads that begin so.
fn named_threads(start: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for thread in std::fs::read_dir("/proc/self/task")? {
        let name = std::fs::read_to_string(thread?.path().join("comm"));
        names.extend(name.ok().filter(|name| name.starts_with(start)));
    }
    names.sort();
    Ok(names)
}

/// Starts a timer for a day later, then sleeps for a day inside WASI.
const SLEEPS_AND_KEEPS_A_TIMER: &str = r#"
(module
  (import "insula:isolate/timers@0.1.0" "[static]timer.start"
    (func $start (param i64 i64 i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "wake"))
  (func (export "insula:entry/main")
    (call $start (i64.const 86400000000000) (i64.const 1) (i32.const 512))
    ;; A subscription to the monotonic clock: its number and its timeout.
    (i32.store (i32.const 16) (i32.const 1))
    (i64.store (i32.const 24) (i64.const 86400000000000))
    (drop (call $poll (i32.const 0) (i32.const 256) (i32.const 1) (i32.const 384)))))
"#;

/// Keeps its port without listening to it, and lives by a timer.
const NEVER_LISTENS: &str = r#"
(module
  (import "insula:isolate/timers@0.1.0" "[static]timer.start"
    (func $start (param i64 i64 i32)))
  (memory (export "memory") 1)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) i32.const 4096)
  (func (export "wake"))
  (func (export "insula:entry/main")
    (call $start (i64.const 86400000000000) (i64.const 1) (i32.const 512))))
"#;

/// Isolates are killed at every moment of their lives, by several threads at once:
/// before they begin, while they spawn others, while those begin.
#[test]
fn thousands_of_spawns_and_kills_leave_nothing() -> Result<()> {
    const THREADS: u64 = 4;
    const ROUNDS: u64 = 500;
    let _turn = one_at_a_time();
    let host = Host::with(|builder| builder.max_isolates(1_000))?;
    let program = host.program(&guest("idle").to_string_lossy())?;
    // Once through everything, so that what is made once is there.
    let race = |thread: u64, round: u64| -> Result<()> {
        let options = SpawnOptions::new()
            .message(&10)
            .paused(round.is_multiple_of(5))
            .errors_fatal(round.is_multiple_of(2));
        let isolate = host.runtime.spawn(&program, options)?;
        let (to, told) = host.runtime.port();
        isolate.add_monitor(&to, &round)?;
        drop(to);
        for _ in 0..(thread * 7_919 + round * 104_729) % 3_000 {
            std::hint::spin_loop();
        }
        match round % 4 {
            0 => isolate.kill(),
            1 => isolate.kill_tree()?,
            2 => isolate.group().kill(),
            _ => drop(isolate.pause()?),
        }
        let group = isolate.group().clone();
        // What the first one has spawned lives on: nobody can reach it.
        let reason = isolate.join();
        group.wait();
        let notice: (u64, ExitReason) = told.recv()?.decode()?;
        assert_eq!(notice, (round, reason));
        Ok(())
    };
    race(0, 0)?;
    let before = host.runtime.figures();
    let mappings = Runtime::mappings();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let race = &race;
                scope.spawn(move || (0..ROUNDS).try_for_each(|round| race(thread, round)))
            })
            .collect();
        threads
            .into_iter()
            .try_for_each(|thread| thread.join().expect("no panic"))
    })?;
    let mut after = host.runtime.figures();
    // A few spare threads are kept for the next long turns.
    assert!(after.workers <= cores() + handful(), "{after:?}");
    after.workers = before.workers;
    assert_eq!(after, before);
    // Slots of the pool that were used have mappings of their own; there were never
    // more of them than isolates at once.
    if let (Some(before), Some(after)) = (mappings, Runtime::mappings()) {
        let most = before + 4 * 11 * THREADS as usize + 4 * handful();
        assert!(after <= most, "{before} mappings before, {after} after");
    }
    in_time(move || drop(host));
    Ok(())
}
