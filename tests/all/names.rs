//! Ports that a group finds by their names.

use anyhow::Result;
use insula::{ExitReason, SpawnOptions};
use insula_tests::Host;

use crate::guests;

fn lines(entry: &str) -> Result<Vec<String>> {
    let host = Host::new()?;
    let program = host.program(guests::NAMES)?;
    let reason = host.run(&program, SpawnOptions::new().entry(entry))?;
    assert_eq!(reason, ExitReason::Ended);
    Ok(host.lines_of(&format!("{entry}#1")))
}

#[test]
fn a_port_is_found_by_its_name_until_it_is_closed() -> Result<()> {
    assert_eq!(
        lines("finds")?,
        [
            "before: false",
            "the same: true",
            "a clerk got stop",
            "after: false"
        ]
    );
    Ok(())
}

#[test]
fn a_name_belongs_to_one_port_until_that_is_closed_or_it_is_taken_away() -> Result<()> {
    let lines = lines("conditions")?;
    assert!(lines[0].starts_with("Err(Taken("), "{}", lines[0]);
    assert_eq!(lines[1..4], ["true", "false", "false"]);
    assert!(lines[4].starts_with("Err(Closed("), "{}", lines[4]);
    assert_eq!(lines[5..], ["true"]);
    Ok(())
}

#[test]
fn a_name_goes_with_its_isolate() -> Result<()> {
    assert_eq!(lines("death")?, ["false", "a clerk got hello", "true"]);
    Ok(())
}
