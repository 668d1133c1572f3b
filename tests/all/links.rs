//! Links and monitors between isolates.

use anyhow::Result;
use insula::{ExitReason, SpawnOptions};
use insula_tests::Host;

use crate::guests;

fn run(host: &Host, entry: &str) -> Result<ExitReason> {
    let program = host.program(guests::LINKS)?;
    let reason = host.run(&program, SpawnOptions::new().entry(entry))?;
    assert_eq!(host.runtime.figures().isolates, 0);
    Ok(reason)
}

#[test]
fn who_is_linked_ends_with_the_other_unless_that_ends_in_peace() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(run(&host, "ends")?, ExitReason::Ended);
    let lines = host.lines_of("ends#1");
    let start = "panic: ended because it was linked to worker#3, which panicked at links/";
    assert!(lines[0].starts_with(start), "{}", lines[0]);
    let start = "code: ended because it was linked to worker#5, which exited with code 7";
    assert_eq!(lines[1], start);
    assert_eq!(lines[2..], ["exit: ended"]);
    assert_eq!(host.lines_of("linked#6"), ["ended", "goes on"]);
    assert!(host.lines_of("linked#2").is_empty());
    Ok(())
}

#[test]
fn links_are_of_both_and_the_first_end_is_the_cause() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(run(&host, "both_ways")?, ExitReason::Ended);
    assert_eq!(host.exit_of("chain#2"), Some(ExitReason::Killed));
    for name in ["chain#3", "chain#4"] {
        let linked = ExitReason::Linked {
            isolate: "chain#2".into(),
            reason: Box::new(ExitReason::Killed),
        };
        assert_eq!(host.exit_of(name), Some(linked));
    }
    Ok(())
}

#[test]
fn who_is_not_linked_any_more_goes_on() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(run(&host, "unlinked")?, ExitReason::Ended);
    assert_eq!(host.lines_of("unlinked#1"), ["true", "goes on"]);
    Ok(())
}

#[test]
fn to_link_to_one_that_has_been_killed_is_to_end() -> Result<()> {
    let host = Host::new()?;
    let linked = ExitReason::Linked {
        isolate: "worker#2".into(),
        reason: Box::new(ExitReason::Killed),
    };
    assert_eq!(run(&host, "with_the_dead")?, linked);
    assert_eq!(host.lines_of("with_the_dead#1"), ["before"]);
    Ok(())
}

#[test]
fn every_monitor_is_told_the_typed_reason() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(run(&host, "monitors")?, ExitReason::Ended);
    assert_eq!(
        host.lines_of("monitors#1"),
        ["true", "as it was told, true", "true", "true"]
    );
    Ok(())
}
