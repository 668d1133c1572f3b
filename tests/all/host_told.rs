//! A host is told of an isolate's errors and of its end.

use std::sync::Arc;
use std::task::{Context, Wake, Waker};
use std::thread;

use anyhow::{Context as _, Result};
use insula::{Control, ExitReason, Limits, SendError, SpawnOptions, Value};
use insula_tests::{HANG, Host, block_on, in_time};

use crate::actor::{Command, actor, next, spawn_by};
use crate::guests;

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

/// Guests may hold on to any number of isolates that have ended.
#[test]
fn of_an_end_that_the_host_did_not_watch_little_is_kept() -> Result<()> {
    let host = Host::new()?;
    let (parent, _said) = actor(&host, SpawnOptions::new())?;
    let (log, _log) = host.runtime.port();
    let child = spawn_by(parent.port(), &log)?;
    let name = child.control.name().to_owned();
    let control_port = child.control.control_port();
    drop(child.control);
    let error = "x".repeat(3_000);
    child.port.send(&Command::Fail(error.clone()))?;
    let told = in_time(move || {
        loop {
            if let Some(reason) = host.exit_of(&name) {
                break reason;
            }
            thread::yield_now();
        }
    });
    let kept = Control::new(&control_port, None, None)?.wait_timeout(HANG);
    let text = |reason: ExitReason| match reason {
        ExitReason::Failed { error, .. } => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(text(told), error);
    let kept = text(kept.context("it has ended")?);
    assert!(kept.len() < 300 && error.starts_with(&kept), "{kept}");
    drop(parent);
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
