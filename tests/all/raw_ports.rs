//! Raw receive ports, and what a handler may do to its own port.

use anyhow::Result;
use insula::ExitReason;
use insula_tests::Host;

use crate::guests;

/// What the guest says below a heading.
fn shown(heading: &str) -> Result<Vec<String>> {
    let host = Host::new()?;
    assert_eq!(host.run_guest(guests::RAW_PORTS)?, ExitReason::Ended);
    Ok(host.below(heading))
}

#[test]
fn a_message_without_a_handler_is_lost() -> Result<()> {
    assert_eq!(
        shown("a message without a handler is lost")?,
        ["first handler got two",]
    );
    Ok(())
}

#[test]
fn a_handler_is_replaced_and_taken_away() -> Result<()> {
    assert_eq!(
        shown("a handler is replaced and taken away")?,
        ["second handler got three", "third handler got five",]
    );
    Ok(())
}

#[test]
fn a_handler_may_replace_itself_and_take_itself_away() -> Result<()> {
    assert_eq!(
        shown("a handler replaces itself, and the one after it takes itself away")?,
        ["fourth handler got six", "fifth handler got seven",]
    );
    Ok(())
}

#[test]
fn a_handler_may_send_to_itself_and_close_its_port() -> Result<()> {
    assert_eq!(
        shown("a handler sends to itself and closes its port")?,
        [
            "sixth handler got nine",
            "sixth handler got ten",
            "sending to it: Err(Closed)",
            "closed: true, keeps alive: false",
        ]
    );
    Ok(())
}

#[test]
fn a_raw_port_becomes_one_with_room_for_messages() -> Result<()> {
    assert_eq!(
        shown("a raw port becomes one with room for messages")?,
        ["a raw handler got thirteen", "it kept fourteen",]
    );
    Ok(())
}

#[test]
fn a_port_keeps_its_isolate_alive_unless_it_is_told_not_to() -> Result<()> {
    assert_eq!(
        shown("who keeps an isolate alive")?,
        ["bystander ended", "sitter is there: true", "sitter killed",]
    );
    Ok(())
}
