//! How a guest starts isolates: paused, with a name, with listeners from the first
//! moment, and with limits of their own.

use anyhow::Result;
use insula::{ExitReason, Limit, LimitHit, Program, SpawnOptions};
use insula_tests::{Folder, Host};

use crate::guests;

fn run(host: &Host, entry: &str) -> Result<()> {
    let program = host.program(guests::OPTIONS)?;
    let reason = host.run(&program, SpawnOptions::new().entry(entry))?;
    assert_eq!(reason, ExitReason::Ended);
    Ok(())
}

#[test]
fn an_isolate_is_called_what_its_spawner_says() -> Result<()> {
    let host = Host::new()?;
    run(&host, "name")?;
    assert_eq!(host.lines_of("name#1"), ["a worker#2", "ended"]);
    assert_eq!(host.lines_of("a worker#2"), ["hello"]);
    Ok(())
}

#[test]
fn a_paused_start_runs_nothing_before_it_is_resumed() -> Result<()> {
    let host = Host::new()?;
    run(&host, "paused")?;
    assert_eq!(
        host.lines(),
        [
            "say#4: three",
            "paused#1: one is there: true",
            "say#2: one, that is paused",
            "say#3: two, that is paused",
        ]
    );
    Ok(())
}

#[test]
fn listeners_are_there_from_the_first_moment() -> Result<()> {
    let host = Host::new()?;
    run(&host, "fatal")?;
    let lines = host.lines_of("fatal#1");
    assert_eq!(lines[..2], ["an error in the entry", "the end"]);
    assert!(lines[2].starts_with("failed at options/src/main.rs:"));
    assert!(lines[2].ends_with(": in the entry"), "{}", lines[2]);
    assert!(matches!(
        host.exit_of("fails#2"),
        Some(ExitReason::Failed { .. })
    ));
    Ok(())
}

#[test]
fn where_errors_are_not_fatal_an_isolate_goes_on_after_them() -> Result<()> {
    let host = Host::new()?;
    run(&host, "not_fatal")?;
    assert_eq!(
        host.lines_of("not_fatal#1"),
        [
            "an error in the entry",
            "an error in a timer",
            "an error in another timer",
            "the end",
            "ended",
        ]
    );
    Ok(())
}

#[test]
fn limits_of_an_isolate_are_caps_under_those_of_its_spawner() -> Result<()> {
    let host = Host::new()?;
    run(&host, "limits")?;
    let hit = LimitHit {
        limit: Limit::Memory,
        value: 4 << 20,
    };
    let refused = "`isolates` is a limit of the whole group, and only the host sets those";
    assert_eq!(
        host.lines_of("limits#1"),
        [format!("{:?}", Some(hit)), "ended".into(), refused.into()]
    );
    assert_eq!(
        host.lines_of("wants_more#3"),
        [format!("{:?}", Some(hit))],
        "the grandchild asked for more than its parent has"
    );
    assert_eq!(host.lines_of("takes#5"), [(8 << 20).to_string()]);
    Ok(())
}

#[test]
fn limits_of_time_are_caps_too() -> Result<()> {
    let host = Host::new()?;
    run(&host, "time")?;
    let met = |limit, value| format!("{:?}", Some(LimitHit { limit, value }));
    assert_eq!(
        host.lines_of("time#1"),
        [
            met(Limit::TurnWall, 30),
            met(Limit::Life, 30),
            met(Limit::Life, 30),
            "ended".into(),
            "ended".into(),
        ]
    );
    assert_eq!(
        host.lines_of("wants_more_time#5"),
        [met(Limit::TurnWall, 1000)],
        "its child asked for an hour"
    );
    assert_eq!(host.lines_of("sleeps#7"), ["awake"]);
    Ok(())
}

#[test]
fn another_program_starts_with_options_too() -> Result<()> {
    let folder = Folder::new("options")?;
    folder.copy(guests::OPTIONS, "options.wasm")?;
    folder.copy(guests::SHOUT, "shout.wasm")?;
    let host = Host::new()?;
    let program = Program::from_file(&host.runtime, folder.path("options.wasm"))?;
    let options = SpawnOptions::new()
        .entry("other_program")
        .message("shout.wasm")
        .grant_uri(folder.uri(""));
    assert_eq!(host.run(&program, options)?, ExitReason::Ended);
    assert_eq!(
        host.lines_of("other_program#1"),
        ["loud#2", "HELLO AND HELLO", "killed"]
    );
    Ok(())
}
