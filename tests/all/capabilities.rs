//! Capabilities, and rights over isolates that are handed on in messages.

use anyhow::Result;
use insula::{ExitReason, SpawnOptions};
use insula_tests::Host;

use crate::guests;

fn lines(entry: &str) -> Result<Vec<String>> {
    let host = Host::new()?;
    let program = host.program(guests::CAPABILITIES)?;
    let reason = host.run(&program, SpawnOptions::new().entry(entry))?;
    assert_eq!(reason, ExitReason::Ended);
    assert_eq!(host.runtime.figures().isolates, 0);
    Ok(host.lines_of(&format!("{entry}#1")))
}

#[test]
fn a_capability_is_equal_to_itself_wherever_it_was() -> Result<()> {
    assert_eq!(
        lines("tokens")?,
        ["true false", "true", "2", "true", "Err(Closed)"]
    );
    Ok(())
}

#[test]
fn a_handle_allows_what_it_has_the_right_to() -> Result<()> {
    // To ping, to pause, to resume, to say what is fatal, to kill.
    assert_eq!(
        lines("rights")?,
        [
            "[true, false, false, false, false]",
            "[true, true, true, false, false]",
            "true",
            "[true, false, false, true, true]",
            "killed",
            "[true, true, true, true, true]",
        ]
    );
    Ok(())
}

#[test]
fn rights_cannot_be_made_up() -> Result<()> {
    let lines = lines("forged")?;
    let refused = "Some(NoRight(Pause)) Some(NoRight(Terminate))";
    assert_eq!(lines[..4], [refused; 4]);
    assert_eq!(lines[4..6], ["true false", "true true"]);
    assert_eq!(lines[6..8], ["the port is no isolate's control port"; 2]);
    assert_eq!(lines[8..], ["Err(Closed)"]);
    Ok(())
}

#[test]
fn a_handle_travels_with_its_port_and_its_rights() -> Result<()> {
    assert_eq!(lines("travel")?, ["true", "hello", "killed"]);
    Ok(())
}
