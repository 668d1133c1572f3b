//! A host asks whether an isolate answers, reads its errors, and hands on a part of
//! its rights.

use anyhow::{Result, ensure};
use insula::{ControlError, ExitReason, Isolate, Priority, Right, SpawnOptions};
use insula_tests::{HANG, Host, block_on};
use serde::Serialize;
use std::time::Duration;

use crate::guests;

/// A part of what `guests/actor` understands.
#[derive(Serialize)]
enum Command {
    Fail(String),
}

fn actor(host: &Host, options: SpawnOptions<'_>) -> Result<Isolate> {
    let program = host.program(guests::ACTOR)?;
    let (log, _) = host.runtime.port();
    let options = options.entry("actor").message(&log);
    Ok(host.runtime.spawn(&program, options)?)
}

#[test]
fn an_isolate_answers_unless_it_is_paused_or_has_ended() -> Result<()> {
    let host = Host::new()?;
    let actor = actor(&host, SpawnOptions::new())?;
    let (now, later) = (Priority::Immediate, Priority::BeforeNextEvent);
    assert!(actor.responds(later)?);
    let pause = actor.pause()?;
    assert!(actor.responds(now)?);
    assert!(block_on(actor.responds_async(now))?);
    assert!(!actor.responds_timeout(later, Duration::from_millis(1))?);
    actor.resume(&pause)?;
    assert!(actor.responds_timeout(later, HANG)?);

    // Whoever waits for the answer is told, too, when the isolate ends.
    actor.pause()?;
    let asked = actor.responds_async(later);
    actor.kill();
    assert!(!block_on(asked)?);
    actor.wait();
    assert!(!actor.responds(now)?);
    assert!(!actor.responds(later)?);
    Ok(())
}

#[test]
fn errors_are_read_until_the_end() -> Result<()> {
    let host = Host::new()?;
    let actor = actor(&host, SpawnOptions::new().errors_fatal(false))?;
    let (mut errors, dropped) = (actor.errors()?, actor.errors()?);
    assert_eq!(errors.next_timeout(Duration::from_millis(1)), None);
    drop(dropped);
    for text in ["one", "two"] {
        actor.port().send(&Command::Fail(text.to_owned()))?;
        let error = errors.next().expect("it goes on");
        assert_eq!(error.to_string(), text);
        assert!(error.backtrace.contains("actor"), "{}", error.backtrace);
    }
    actor.kill();
    assert_eq!(errors.next(), None);
    assert_eq!(actor.errors()?.next(), None);
    Ok(())
}

#[test]
fn a_part_of_the_rights_is_handed_on() -> Result<()> {
    let host = Host::new()?;
    let actor = actor(&host, SpawnOptions::new())?;
    let pauses = actor.with_only(&[Right::Pause])?;
    let by = pauses.pause()?;
    pauses.resume(&by)?;
    let no_right = ControlError::NoRight(Right::Terminate);
    assert_eq!(pauses.kill(), Err(no_right));
    assert_eq!(pauses.kill_tree(), Err(no_right));
    assert_eq!(pauses.terminate_capability(), Err(no_right));
    // Nobody hands on what he has not.
    let more = pauses.with_only(&[Right::Pause, Right::Terminate]);
    assert_eq!(more.err(), Some(no_right));
    let kills = actor.with_only(&[Right::Terminate])?;
    ensure!(kills.pause().is_err());
    kills.kill()?;
    assert_eq!(actor.wait_timeout(HANG), Some(ExitReason::Killed));
    Ok(())
}
