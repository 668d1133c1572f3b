//! A kill ends whatever a guest is at: none of these guests ends by itself, and if
//! one did, it would be with another reason.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use insula::{ExitReason, Group, SpawnOptions};
use insula_tests::hostile::{main, module};
use insula_tests::{HANG, Host, in_time};

use crate::busy::{self, Busy};

/// 64 MiB, and a table as large as it may be.
const LARGE: &str = r#"
    (memory (export "memory") 1024)
    (table 20000 funcref)
    (elem func $f) (func $f)"#;

fn large(code: &str) -> String {
    format!("{LARGE} (func (export \"insula:entry/main\") {code})")
}

/// Waits until `reached`.
fn until(mut reached: impl FnMut() -> bool) -> Result<()> {
    let deadline = Instant::now() + HANG;
    while !reached() {
        ensure!(Instant::now() < deadline, "it never comes to that");
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

fn is_computing(group: &Group) -> bool {
    group.cpu_time() > Duration::from_millis(20)
}

/// Kills it when it has computed for a while.
fn kill_at_work(host: &Host, what: &str, body: &str) -> Result<()> {
    let program = host.wat(&module(host, body))?;
    let options = SpawnOptions::new().limits(busy::for_ever());
    let isolate = host.runtime.spawn(&program, options)?;
    let group = isolate.group().clone();
    until(|| is_computing(&group))?;
    isolate.kill();
    let reason = in_time(move || isolate.join());
    ensure!(reason == ExitReason::Killed, "{what}: {reason}");
    Ok(())
}

#[test]
fn what_computes_is_killed() -> Result<()> {
    let host = Host::new()?;
    let again = |code: &str| format!("(loop $again {code} (br $again))");
    // A mebibyte of random numbers each, and no loop between them.
    let row = "(drop (call $random_get (i32.const 0) (i32.const 1048576)))".repeat(20_000);
    let entry = r#"(func (export "insula:entry/main"))"#;
    for (what, body) in [
        ("a loop", main("(loop $again (br $again))")),
        (
            "fills",
            large(&again(
                "(memory.fill (i32.const 0) (i32.const 7) (i32.const 67108864))",
            )),
        ),
        (
            "copies",
            large(&again(
                "(memory.copy (i32.const 0) (i32.const 1) (i32.const 67108863))",
            )),
        ),
        (
            "fills of a table",
            large(&again(
                "(table.fill (i32.const 0) (ref.func $f) (i32.const 20000))",
            )),
        ),
        (
            "copies of a table",
            large(&again(
                "(table.copy (i32.const 0) (i32.const 1) (i32.const 19999))",
            )),
        ),
        ("calls", main(&again("(drop (call $sched_yield))"))),
        (
            "a row of calls",
            large(&format!("{row} (call $proc_exit (i32.const 7))")),
        ),
        (
            "a start function",
            format!("{LARGE} {entry} (func $s {}) (start $s)", again("")),
        ),
    ] {
        kill_at_work(&host, what, &body)?;
    }
    Ok(())
}

#[test]
fn what_sleeps_is_killed() -> Result<()> {
    let host = Host::new()?;
    // An hour, of the monotonic clock. The subscription is at 64.
    let sleep = main(
        "(i32.store (i32.const 80) (i32.const 1))
        (i64.store (i32.const 88) (i64.const 3600000000000))
        (drop (call $poll_oneoff (i32.const 64) (i32.const 256) (i32.const 1) (i32.const 512)))
        (call $proc_exit (i32.const 7))",
    );
    let program = host.wat(&module(&host, &sleep))?;
    let isolate = host.runtime.spawn(&program, SpawnOptions::new())?;
    let group = isolate.group().clone();
    // It has begun when it is charged for what led to the sleep.
    until(|| !group.cpu_time().is_zero())?;
    isolate.kill();
    assert_eq!(in_time(move || isolate.join()), ExitReason::Killed);
    Ok(())
}

/// At any point of an instantiation with much to copy, or before it.
#[test]
fn what_is_being_instantiated_is_killed() -> Result<()> {
    let host = Host::new()?;
    let text = "x".repeat(1 << 20);
    let data: String = (0..16)
        .map(|piece| format!("(data (i32.const {}) \"{text}\")", piece << 20))
        .collect();
    let body = large("(loop $again (br $again))") + &data;
    let program = host.wat(&module(&host, &body))?;
    for wait in 0..20 {
        let options = SpawnOptions::new().limits(busy::for_ever());
        let isolate = host.runtime.spawn(&program, options)?;
        std::thread::sleep(Duration::from_micros(50 * wait));
        isolate.kill();
        assert_eq!(in_time(move || isolate.join()), ExitReason::Killed);
    }
    Ok(())
}

/// Behind 64 loops on one permit, of its own group or of one that weighs as much as
/// a group may: running, queued, or never yet run.
#[test]
fn what_waits_behind_loops_is_killed() -> Result<()> {
    for other_weighs_more in [false, true] {
        let host = Host::with(|builder| builder.max_isolates(128).permits(1))?;
        let options = || SpawnOptions::new().limits(busy::for_ever());
        let light = |busy| busy::spawn(&host, (1, busy), options().weight(1));
        let killed = [light(Busy::Loop)?, light(Busy::Waker)?];
        until(|| {
            killed
                .iter()
                .all(|isolate| !isolate.group().cpu_time().is_zero())
        })?;
        let loops = options().weight(if other_weighs_more { 10_000 } else { 1 });
        let loops = busy::spawn(&host, (64, Busy::Loop), loops)?;
        let group = loops.group().clone();
        until(|| group.spawned() == 65 && is_computing(&group))?;
        let unborn = light(Busy::Loop)?;
        for isolate in killed.iter().chain([&unborn]) {
            let group = isolate.group().clone();
            group.kill();
            in_time(move || group.wait());
        }
        group.kill();
        in_time(move || group.wait());
    }
    Ok(())
}
