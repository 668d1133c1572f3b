//! A host pauses and ends isolates, and asks them, whatever they do.

use std::thread;

use anyhow::{Result, ensure};
use insula::{Capability, ExitReason, Isolate, Priority, SendError, SpawnOptions, Value};
use insula_tests::{HANG, Host, in_time};

use crate::actor::{Command, actor, next, spawn_by, sync};
use crate::guests;

/// An isolate in an endless loop, once it is in there.
fn spinner(host: &Host) -> Result<Isolate> {
    let program = host.program(guests::SPIN)?;
    let spinner = host.runtime.spawn(&program, SpawnOptions::new())?;
    wait_for(|| host.lines().iter().any(|line| line.contains("spinning")))?;
    Ok(spinner)
}

/// Waits for what has to happen.
fn wait_for(happens: impl Fn() -> bool) -> Result<()> {
    let began = std::time::Instant::now();
    while !happens() {
        ensure!(began.elapsed() < HANG, "it never happens");
        thread::yield_now();
    }
    Ok(())
}

#[test]
fn an_endless_loop_answers_and_ends_at_once() -> Result<()> {
    let host = Host::new()?;
    let spinner = spinner(&host)?;
    let (to, pongs) = host.runtime.port();
    spinner.ping(&to, "there?", Priority::Immediate)?;
    assert_eq!(next(&pongs)?, Value::from("there?"));
    spinner.kill();
    assert_eq!(spinner.wait_timeout(HANG), Some(ExitReason::Killed));
    Ok(())
}

#[test]
fn what_comes_before_the_next_event_never_comes_in_an_endless_loop() -> Result<()> {
    let host = Host::new()?;
    let spinner = spinner(&host)?;
    let (to, pongs) = host.runtime.port();
    spinner.ping(&to, "late", Priority::BeforeNextEvent)?;
    spinner.kill_with(Priority::BeforeNextEvent)?;
    spinner.ping(&to, "at once", Priority::Immediate)?;
    assert_eq!(next(&pongs)?, Value::from("at once"));
    assert_eq!(spinner.exit_reason(), None);
    spinner.kill();
    assert_eq!(spinner.wait_timeout(HANG), Some(ExitReason::Killed));
    // The late one was dropped, and with it the last send port.
    drop(to);
    assert!(pongs.recv().is_err());
    Ok(())
}

/// Asleep inside WASI, for an hour.
const SLEEPER: &str = r#"
    (module
        (import "wasi_snapshot_preview1" "poll_oneoff"
            (func $poll (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write"
            (func $write (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 1000) "asleep\n")
        (func (export "insula:entry/main")
            (i32.store (i32.const 2000) (i32.const 1000))
            (i32.store (i32.const 2004) (i32.const 7))
            (drop (call $write (i32.const 1) (i32.const 2000) (i32.const 1) (i32.const 2008)))
            (i32.store (i32.const 16) (i32.const 1))
            (i64.store (i32.const 24) (i64.const 3600000000000))
            (drop (call $poll (i32.const 0) (i32.const 100) (i32.const 1) (i32.const 200)))))"#;

#[test]
fn an_isolate_that_sleeps_in_the_host_is_ended() -> Result<()> {
    let host = Host::new()?;
    let program = host.wat(SLEEPER)?;
    let sleeper = host.runtime.spawn(&program, SpawnOptions::new())?;
    wait_for(|| host.lines().iter().any(|line| line.contains("asleep")))?;
    sleeper.kill();
    assert_eq!(sleeper.wait_timeout(HANG), Some(ExitReason::Killed));
    Ok(())
}

#[test]
fn a_paused_isolate_is_ended_at_once_and_keeps_what_comes_later() -> Result<()> {
    let host = Host::new()?;
    let (paused, said) = actor(&host, SpawnOptions::new().paused(true))?;
    paused.port().send(&Command::Note(1))?;
    paused.kill_with(Priority::BeforeNextEvent)?;
    let (to, pongs) = host.runtime.port();
    paused.ping(&to, "paused", Priority::Immediate)?;
    assert_eq!(next(&pongs)?, Value::from("paused"));
    assert_eq!(paused.exit_reason(), None);
    paused.kill();
    assert_eq!(paused.wait_timeout(HANG), Some(ExitReason::Killed));
    drop(paused);
    assert!(said.iter().next().is_none(), "it never ran");
    Ok(())
}

#[test]
fn what_comes_before_the_next_event_waits_for_resume_and_overtakes_messages() -> Result<()> {
    let host = Host::new()?;
    let (actor, said) = actor(&host, SpawnOptions::new())?;
    sync(&actor)?;
    let pause = actor.pause()?;
    actor.port().send(&Command::Note(1))?;
    let (log, pongs) = host.runtime.port();
    actor.ping(&log, "first", Priority::BeforeNextEvent)?;
    actor.ping(&log, "second", Priority::BeforeNextEvent)?;
    actor.kill_with(Priority::BeforeNextEvent)?;
    actor.ping(&log, "after the end", Priority::BeforeNextEvent)?;
    actor.resume(&pause)?;
    assert_eq!(actor.wait_timeout(HANG), Some(ExitReason::Killed));
    drop((actor, log));
    let pongs: Vec<String> = pongs
        .iter()
        .map(|pong| Ok(pong.decode()?))
        .collect::<Result<_>>()?;
    assert_eq!(pongs, ["first", "second"]);
    assert!(
        said.iter().next().is_none(),
        "the message came before the end"
    );
    Ok(())
}

#[test]
fn a_tree_is_ended_though_those_between_have_ended() -> Result<()> {
    let host = Host::new()?;
    let (root, _said) = actor(&host, SpawnOptions::new())?;
    let (log, _log) = host.runtime.port();
    let child = spawn_by(root.port(), &log)?;
    let grandchild = spawn_by(&child.port, &log)?;
    let stranger = spawn_by(root.port(), &log)?;
    let niece = spawn_by(&stranger.port, &log)?;
    child.control.kill()?;
    assert_eq!(child.control.wait_timeout(HANG), Some(ExitReason::Killed));
    // It lives on without its parent.
    let synced: () = grandchild.port.call_timeout(&Command::Sync, HANG)?;
    // A part of the tree is no more than that part.
    stranger.control.kill_tree()?;
    assert_eq!(niece.control.wait_timeout(HANG), Some(ExitReason::Killed));
    assert_eq!(grandchild.control.exit_reason(), None);

    root.kill_tree()?;
    for control in [&*root, &grandchild.control] {
        assert_eq!(control.wait_timeout(HANG), Some(ExitReason::Killed));
    }
    Ok(synced)
}

#[test]
fn the_dead_are_killed_and_paused_without_effect_and_do_not_answer() -> Result<()> {
    let host = Host::new()?;
    let (actor, _said) = actor(&host, SpawnOptions::new())?;
    actor.port().send(&Command::Close)?;
    assert_eq!(actor.wait_timeout(HANG), Some(ExitReason::Ended));
    actor.kill();
    let pause = actor.pause()?;
    actor.resume(&pause)?;
    actor.control().kill_tree_with(Priority::BeforeNextEvent)?;
    let (to, _pongs) = host.runtime.port();
    for priority in [Priority::Immediate, Priority::BeforeNextEvent] {
        let answer = actor.ping(&to, &(), priority);
        assert!(matches!(answer, Err(SendError::Closed)), "{answer:?}");
    }
    let listening = actor.add_exit_listener(&to, &());
    assert!(matches!(listening, Err(SendError::Closed)), "{listening:?}");
    assert_eq!(actor.exit_reason(), Some(ExitReason::Ended));
    Ok(())
}

#[test]
fn pausing_twice_with_one_capability_needs_one_resume_and_a_wrong_one_does_nothing() -> Result<()> {
    let host = Host::new()?;
    let (actor, said) = actor(&host, SpawnOptions::new())?;
    sync(&actor)?;
    let (one, other) = (Capability::new(), Capability::new());
    actor.pause_with(&one)?;
    actor.pause_with(&one)?;
    actor.port().send(&Command::Note(1))?;
    actor.resume(&other)?;
    // It is not remembered either.
    actor.pause_with(&other)?;
    actor.resume(&one)?;
    assert!(actor.is_paused());
    assert!(said.try_recv().is_err());
    actor.resume(&other)?;
    assert_eq!(next(&said)?, Value::Int(1));
    Ok(())
}

#[test]
fn a_group_of_paused_isolates_is_over_when_the_host_lets_go_of_it() -> Result<()> {
    let host = Host::new()?;
    let (actor, _said) = actor(&host, SpawnOptions::new())?;
    sync(&actor)?;
    actor.pause()?;
    actor.port().send(&Command::Note(1))?;
    assert_eq!(in_time(move || actor.join()), ExitReason::Ended);
    Ok(())
}
