//! Room in a mailbox that is waited for, calls that nobody waits for, one message
//! to many, and handlers that fail.

use anyhow::Result;
use insula::ExitReason;
use insula_tests::Host;

use crate::guests;

/// What the guest says below a heading.
fn shown(heading: &str) -> Result<Vec<String>> {
    let host = Host::new()?;
    assert_eq!(host.run_guest(guests::BACKPRESSURE)?, ExitReason::Ended);
    Ok(host.below(heading))
}

#[test]
fn who_waits_for_room_is_served_in_order() -> Result<()> {
    assert_eq!(
        shown("waiting for room")?,
        [
            "sent at once: 4",
            "meanwhile: the receiver's mailbox is full",
            "stored: [\"first in line\", \"second in line\"]",
            "with room: room",
        ]
    );
    Ok(())
}

#[test]
fn who_waits_for_room_is_told_that_there_will_be_none() -> Result<()> {
    assert_eq!(
        shown("waiting in vain")?,
        [
            "closed before: false",
            "in line when it was killed: Err(Closed)",
            "closed after: true",
            "sent then: Err(Closed)",
        ]
    );
    Ok(())
}

#[test]
fn a_callee_sees_that_nobody_waits_any_more() -> Result<()> {
    assert_eq!(
        shown("cancelling")?,
        [
            "an answer in time: 4",
            "none in time: no answer came within 5ms",
            "the callee: nobody waits: true",
            "the callee again: nobody waits: true",
            "as a callback: no answer came within 5ms",
        ]
    );
    Ok(())
}

#[test]
fn a_broadcast_says_what_became_of_each() -> Result<()> {
    assert_eq!(
        shown("broadcasting")?,
        [
            "each: [Ok(()), Err(Closed), Ok(())]",
            "news: true",
            "news: true",
            "none: Custom(\"there is no end to it\")",
        ]
    );
    Ok(())
}

#[test]
fn a_handler_that_fails_ends_its_isolate_where_errors_are_fatal() -> Result<()> {
    assert_eq!(
        shown("handlers that fail")?,
        [
            "fatal: I do not like zeros, set in backpressure/src/main.rs",
            "not fatal: it goes on with 1",
        ]
    );
    Ok(())
}
