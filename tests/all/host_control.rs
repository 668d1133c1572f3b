//! A host controls isolates: it ends, pauses and asks them, and is told of their
//! end, whatever they do.

use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::thread;

use anyhow::{Context as _, Result, ensure};
use insula::{
    Capability, Control, ControlError, ExitReason, Isolate, Limits, Priority, ReceivePort, Right,
    SendError, SendPort, SpawnOptions, Value,
};
use insula_tests::{HANG, Host, block_on, in_time};
use serde::{Deserialize, Serialize};

use crate::guests;

/// A part of what `guests/actor` understands.
#[derive(Serialize)]
enum Command {
    Note(u64),
    Fail(String),
    Spawn(Child),
    Sync,
    Close,
}

#[derive(Serialize)]
struct Child {
    log: SendPort,
    paused: bool,
    errors_fatal: bool,
}

/// What the SDK sends for an isolate that was spawned.
#[derive(Deserialize)]
struct Spawned {
    control: Control,
    port: SendPort,
}

/// An actor that says what it does to a port of the host's.
fn actor(host: &Host, options: SpawnOptions<'_>) -> Result<(Isolate, ReceivePort)> {
    let program = host.program(guests::ACTOR)?;
    let (log, said) = host.runtime.port();
    let options = options.entry("actor").message(&log);
    Ok((host.runtime.spawn(&program, options)?, said))
}

fn sync(actor: &Isolate) -> Result<()> {
    Ok(actor.port().call_timeout(&Command::Sync, HANG)?)
}

/// The next thing that is said, within the time that a test may take.
fn next(said: &ReceivePort) -> Result<Value> {
    Ok(said.recv_timeout(HANG)?.decode()?)
}

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

/// Has an actor spawn one more.
fn spawn_by(parent: &SendPort, log: &SendPort) -> Result<Spawned> {
    let child = Child {
        log: log.clone(),
        paused: false,
        errors_fatal: true,
    };
    Ok(parent.call_timeout(&Command::Spawn(child), HANG)?)
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

#[test]
fn messages_come_before_the_error_and_the_error_before_the_end() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::ACTOR)?;
    let (log, said) = host.runtime.port();
    let options = SpawnOptions::new()
        .entry("actor")
        .message(&log)
        .on_exit(&log)
        .on_error(&log);
    let actor = host.runtime.spawn(&program, options)?;
    actor.add_monitor(&log, "monitor")?;
    actor.port().send(&Command::Note(1))?;
    actor.port().send(&Command::Fail("on purpose".to_owned()))?;
    assert_eq!(next(&said)?, Value::Int(1));
    let (error, backtrace): (String, String) = said.recv_timeout(HANG)?.decode()?;
    assert_eq!(error, "on purpose");
    assert!(backtrace.contains("actor"), "{backtrace}");
    assert_eq!(next(&said)?, Value::Null);
    let (monitor, reason): (String, ExitReason) = said.recv_timeout(HANG)?.decode()?;
    assert_eq!(monitor, "monitor");
    // Told in whole, as there was room.
    assert_eq!(Some(reason), actor.wait_timeout(HANG));
    Ok(())
}

#[test]
fn a_listener_that_was_added_twice_is_told_once_with_the_newer_response() -> Result<()> {
    let host = Host::new()?;
    let (actor, _said) = actor(&host, SpawnOptions::new())?;
    let (to, told) = host.runtime.port();
    let (removed, nothing) = host.runtime.port();
    actor.add_exit_listener(&to, "older")?;
    actor.add_exit_listener(&removed, "removed")?;
    actor.add_exit_listener(&to, "newer")?;
    actor.remove_exit_listener(&removed);
    actor.kill();
    actor.wait();
    drop((actor, to, removed));
    let told: Vec<String> = told
        .iter()
        .map(|told| Ok(told.decode()?))
        .collect::<Result<_>>()?;
    assert_eq!(told, ["newer"]);
    assert!(nothing.iter().next().is_none());
    Ok(())
}

#[test]
fn a_monitor_of_one_that_is_gone_is_told_at_once() -> Result<()> {
    let host = Host::new()?;
    let (actor, _said) = actor(&host, SpawnOptions::new())?;
    actor.kill();
    actor.wait();
    let (to, told) = host.runtime.port();
    actor.add_monitor(&to, &7)?;
    let told = told.try_recv()?.decode::<(i64, ExitReason)>()?;
    assert_eq!(told, (7, ExitReason::Killed));
    Ok(())
}

#[test]
fn a_notice_comes_through_though_the_mailbox_is_full() -> Result<()> {
    let host = Host::new()?;
    let limits = Limits::default().mailbox_messages(3).mailbox_bytes(4096);
    let (to, told) = host.runtime.port_with_limits(&limits);
    let (actor, _said) = actor(&host, SpawnOptions::new())?;
    actor.add_monitor(&to, "gone")?;
    let mut sent = 0;
    while to.send(&sent).is_ok() {
        sent += 1;
    }
    assert_eq!(sent, 2, "room was kept for the notice, and for no more");
    let (second, _other) = self::actor(&host, SpawnOptions::new())?;
    let refused = second.add_monitor(&to, "no room");
    assert!(matches!(refused, Err(SendError::Full)), "{refused:?}");
    actor.kill();
    actor.wait();
    let notice = told.iter().nth(2).context("no notice")?;
    let notice: (String, ExitReason) = notice.decode()?;
    assert_eq!(notice, ("gone".to_owned(), ExitReason::Killed));
    Ok(())
}

#[test]
fn control_needs_the_right() -> Result<()> {
    let host = Host::new()?;
    let (actor, _said) = actor(&host, SpawnOptions::new())?;
    let port = actor.control_port();
    let pause = actor.pause_capability()?;
    let terminate = actor.terminate_capability()?;

    // Neither a forged capability nor the other one will do.
    let forged = Capability::new();
    for control in [
        Control::new(&port, None, None)?,
        Control::new(&port, Some(&forged), Some(&forged))?,
        Control::new(&port, Some(&terminate), Some(&pause))?,
        actor.without_rights(),
    ] {
        assert_eq!(control, *actor.control());
        assert_eq!(control.kill(), Err(ControlError::NoRight(Right::Terminate)));
        assert_eq!(
            control.pause().err(),
            Some(ControlError::NoRight(Right::Pause))
        );
        assert!(control.set_errors_fatal(false).is_err());
        assert!(control.pause_capability().is_err());
        assert!(control.terminate_capability().is_err());
    }
    let not_control = Control::new(actor.port(), Some(&pause), Some(&terminate));
    assert_eq!(not_control.err(), Some(ControlError::NotControl));
    // What names an isolate sends nothing to it.
    assert!(matches!(port.send(&1), Err(SendError::Closed)));

    let pauses = Control::new(&port, Some(&pause), None)?;
    let by = pauses.pause()?;
    pauses.resume(&by)?;
    assert!(pauses.kill().is_err());
    let kills = Control::new(&port, None, Some(&terminate))?;
    assert!(kills.pause().is_err());
    kills.kill()?;
    assert_eq!(actor.wait_timeout(HANG), Some(ExitReason::Killed));
    Ok(())
}

#[test]
fn capabilities_and_controls_are_themselves_after_a_journey() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::HELLO)?;
    let echo = host
        .runtime
        .spawn(&program, SpawnOptions::new().entry("echo"))?;
    let (sent, other) = (Capability::new(), Capability::new());
    let back: Vec<Capability> = echo.port().call_timeout(&[&sent, &other, &sent], HANG)?;
    assert_eq!(back, [sent.clone(), other, sent]);

    let control: Control = echo.port().call_timeout(echo.control(), HANG)?;
    assert_eq!(control, *echo.control());
    control.kill()?;
    assert_eq!(echo.wait_timeout(HANG), Some(ExitReason::Killed));
    Ok(())
}

/// Knows how often it is kept.
struct Kept;

impl Wake for Kept {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn who_awaits_an_end_no_more_is_forgotten_and_who_moved_is_woken_where_he_is() -> Result<()> {
    let host = Host::new()?;
    let (actor, _said) = actor(&host, SpawnOptions::new())?;
    let kept = [Arc::new(Kept), Arc::new(Kept)];
    let mut exited = Box::pin(actor.exited());
    for waker in &kept {
        let waker = Waker::from(waker.clone());
        let polled = exited.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
    }
    assert_eq!(kept.each_ref().map(Arc::strong_count), [1, 2]);
    drop(exited);
    assert_eq!(kept.each_ref().map(Arc::strong_count), [1, 1]);
    actor.kill();
    assert_eq!(in_time(move || actor.join()), ExitReason::Killed);
    Ok(())
}

#[test]
fn the_end_of_an_isolate_can_be_awaited() -> Result<()> {
    let host = Host::new()?;
    let (actor, _said) = actor(&host, SpawnOptions::new())?;
    let exited = actor.exited();
    let killer = thread::spawn(move || actor.kill());
    assert_eq!(in_time(move || block_on(exited)), ExitReason::Killed);
    killer.join().expect("it does not panic");
    Ok(())
}
