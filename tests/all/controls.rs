//! Isolates that kill, pause and ping each other, and are told of an end.

use anyhow::Result;
use insula::{ExitReason, SpawnOptions};
use insula_tests::Host;

use crate::guests;

fn run(host: &Host, entry: &str) -> Result<ExitReason> {
    let program = host.program(guests::CONTROLS)?;
    host.run(&program, SpawnOptions::new().entry(entry))
}

/// What an isolate prints that runs to its end in peace.
fn lines(entry: &str) -> Result<Vec<String>> {
    let host = Host::new()?;
    assert_eq!(run(&host, entry)?, ExitReason::Ended);
    assert_eq!(host.runtime.figures().isolates, 0);
    Ok(host.lines_of(&format!("{entry}#1")))
}

#[test]
fn kill_ends_an_isolate_whatever_it_is_doing() -> Result<()> {
    // A loop, a blocking call, nothing, a pause, and before its first turn; the
    // last one has ended already.
    assert_eq!(
        lines("kill")?,
        [
            "true", "true", "killed", "killed", "killed", "killed", "killed", "ended",
        ]
    );
    Ok(())
}

#[test]
fn kill_before_next_event_overtakes_what_waits_and_waits_for_resume() -> Result<()> {
    assert_eq!(
        lines("kill_before_next_event")?,
        [
            "a message before",
            "paused: true",
            "the end",
            "killed",
            "looping: true",
            "killed"
        ]
    );
    Ok(())
}

#[test]
fn an_isolate_that_kills_itself_does_so_within_the_call() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(run(&host, "kills_itself")?, ExitReason::Killed);
    assert_eq!(host.lines_of("kills_itself#1"), ["before"]);
    Ok(())
}

#[test]
fn kill_tree_ends_all_that_an_isolate_has_spawned() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(run(&host, "kill_tree")?, ExitReason::Ended);
    assert_eq!(host.lines_of("kill_tree#1"), ["killed", "true"]);
    let lines: Vec<_> = (2..=6)
        .filter_map(|number| host.exit_of(&format!("has_children#{number}")))
        .collect();
    assert_eq!(lines, vec![ExitReason::Killed; 4]);
    Ok(())
}

#[test]
fn a_child_outlives_its_parent() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(run(&host, "leaves_a_child")?, ExitReason::Ended);
    assert_eq!(host.lines_of("is_left#2"), ["its parent ended", "goes on"]);
    Ok(())
}

#[test]
fn a_pause_is_a_set_of_capabilities_and_keeps_messages() -> Result<()> {
    assert_eq!(
        lines("pause")?,
        ["it is paused", "it goes on", "first", "second", "third"]
    );
    Ok(())
}

#[test]
fn a_pause_keeps_timers_that_are_due() -> Result<()> {
    let lines = lines("pause_keeps_timers")?;
    assert_eq!(lines, ["is paused", "goes on", "is due"]);
    Ok(())
}

#[test]
fn pings_come_at_once_or_before_what_waits_and_in_order() -> Result<()> {
    assert_eq!(
        lines("pings")?,
        [
            "at once",
            "ping 1",
            "ping 2",
            "ping 3",
            "a message",
            "Err(Closed)",
            "false",
            "Err(Closed)",
            "false",
        ]
    );
    Ok(())
}

#[test]
fn an_exit_listener_is_told_once_after_all_messages_with_the_newer_response() -> Result<()> {
    assert_eq!(
        lines("exit_listeners")?,
        [
            "message 0",
            "message 1",
            "message 2",
            "the newer response",
            "ended",
            "Err(Closed)",
            "of the dead: ended",
            "nothing else",
            "nothing else",
        ]
    );
    Ok(())
}

#[test]
fn ports_sent_to_the_dead_are_let_go_of() -> Result<()> {
    let lines = lines("ports_of_the_dead")?;
    assert_eq!(lines, ["Err(NoAnswer)", "Err(Send(Closed))"]);
    Ok(())
}

#[test]
fn thousands_of_kills_at_any_time_leave_nothing_over() -> Result<()> {
    let host = Host::new()?;
    let before = host.runtime.figures();
    let program = host.program(guests::CONTROLS)?;
    for _ in 0..3 {
        let options = SpawnOptions::new().entry("races").message(&1000);
        assert_eq!(host.run(&program, options)?, ExitReason::Ended);
    }
    assert_eq!(host.lines(), vec!["races#1: all are gone"; 3]);
    let after = host.runtime.figures();
    assert_eq!((after.isolates, after.ports), (0, 0));
    assert_eq!((after.waits, after.names), (before.waits, before.names));
    Ok(())
}
