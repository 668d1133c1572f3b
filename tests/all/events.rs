//! What a runtime tells those who listen to it.

use std::thread;
use std::time::Duration;

use anyhow::Result;
use insula::{Event, Events, ExitReason, Limits, SpawnOptions};
use insula_tests::{HANG, Host, in_time};

use crate::guests;

const QUIET: &str = r#"(module (memory (export "memory") 1) (func (export "insula:entry/main")))"#;

fn run_quiet(host: &Host) -> Result<()> {
    let program = host.wat(QUIET)?;
    assert_eq!(host.run(&program, SpawnOptions::new())?, ExitReason::Ended);
    Ok(())
}

/// The rest of what a runtime tells until it is shut down.
fn rest(host: Host, events: Events) -> Vec<Event> {
    drop(host);
    in_time(move || events.collect())
}

#[test]
fn a_life_is_told_in_order() -> Result<()> {
    let host = Host::new()?;
    run_quiet(&host)?;
    // Only from now on.
    let mut events = host.runtime.events();
    assert_eq!(events.try_next(), None);
    assert_eq!(events.next_timeout(Duration::ZERO), None);
    let program = host.program(guests::ACTOR)?;
    let (log, _said) = host.runtime.port();
    let options = SpawnOptions::new().entry("actor").message(&log);
    let isolate = host.runtime.spawn(&program, options)?;
    isolate.group().register("name", isolate.port())?;
    let pause = isolate.pause()?;
    isolate.resume(&pause)?;
    isolate.kill();
    assert_eq!(isolate.wait_timeout(HANG), Some(ExitReason::Killed));
    let (group, name) = (2, isolate.name().to_owned());
    drop(isolate);
    let isolate = || name.clone();
    assert_eq!(
        rest(host, events),
        [
            Event::Spawned {
                group,
                isolate: isolate(),
                entry: "actor".to_owned(),
                parent: None
            },
            Event::Named {
                group,
                isolate: Some(isolate()),
                name: "name".to_owned()
            },
            Event::Paused {
                group,
                isolate: isolate()
            },
            Event::Resumed {
                group,
                isolate: isolate()
            },
            Event::Exited {
                group,
                isolate: isolate(),
                reason: ExitReason::Killed
            },
        ]
    );
    Ok(())
}

#[test]
fn a_limit_and_an_error_that_nobody_catches_are_told_before_the_end() -> Result<()> {
    let host = Host::new()?;
    let events = host.runtime.events();
    let spin = host.program(guests::SPIN)?;
    let trap = host.wat(&QUIET.replace(
        "\"insula:entry/main\")",
        "\"insula:entry/main\") unreachable",
    ))?;
    let limits = Limits::default().turn_cpu(20);
    host.run(&spin, SpawnOptions::new().limits(limits))?;
    host.run(&trap, SpawnOptions::new())?;
    let told = rest(host, events);
    let kinds: Vec<_> = told
        .iter()
        .map(|event| match event {
            Event::Spawned { group, .. } => format!("{group} spawned"),
            Event::LimitHit { group, hit, .. } => format!("{group} met {:?}", hit.limit),
            Event::Uncaught { group, .. } => format!("{group} uncaught"),
            Event::Exited { group, .. } => format!("{group} exited"),
            other => panic!("unexpected: {other:?}"),
        })
        .collect();
    let expected = [
        "1 spawned",
        "1 met TurnCpu",
        "1 uncaught",
        "1 exited",
        "2 spawned",
        "2 uncaught",
        "2 exited",
    ];
    assert_eq!(kinds, expected, "{told:?}");
    Ok(())
}

#[test]
fn who_does_not_keep_up_loses_the_newest_and_is_told_how_many() -> Result<()> {
    let host = Host::new()?;
    let mut slow = host.runtime.events();
    let program = host.wat(QUIET)?;
    // Two for each.
    let isolates = Events::CAPACITY as u64 / 2 + 5;
    for _ in 0..isolates {
        host.run(&program, SpawnOptions::new())?;
    }
    for _ in 0..Events::CAPACITY {
        let event = slow.try_next();
        assert!(event.is_some_and(|event| !matches!(event, Event::Lost(_))));
    }
    assert_eq!(slow.try_next(), Some(Event::Lost(10)));
    assert_eq!(slow.try_next(), None);
    run_quiet(&host)?;
    assert!(matches!(slow.try_next(), Some(Event::Spawned { .. })));
    Ok(())
}

#[test]
fn a_thread_waits_for_the_next_event_and_for_the_end() -> Result<()> {
    let host = Host::new()?;
    let mut events = host.runtime.events();
    let listener = thread::spawn(move || {
        let first = events.next();
        (first, events.count())
    });
    run_quiet(&host)?;
    drop(host);
    let (first, others) = in_time(move || listener.join()).expect("it does not panic");
    assert!(matches!(first, Some(Event::Spawned { .. })));
    assert_eq!(others, 1);
    Ok(())
}
