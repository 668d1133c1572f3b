//! Room in a mailbox that is waited for, calls that nobody waits for, one message
//! to many, and handlers that fail.

use anyhow::Result;
use insula::{ExitReason, Stream};
use insula_tests::Host;

use crate::guests;

#[test]
fn a_guest_waits_for_room_and_sees_that_nobody_waits() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(host.run_guest(guests::BACKPRESSURE)?, ExitReason::Ended);
    let expected = "\
sent at once: 4
meanwhile: the receiver's mailbox is full
stored: [\"first in line\", \"second in line\"]
with room: room
closed before: false
in line when it was killed: Err(Closed)
closed after: true
sent then: Err(Closed)
an answer in time: 4
none in time: no answer came within 5ms
the callee: nobody waits: true
the callee again: nobody waits: true
as a callback: no answer came within 5ms
each: [Ok(()), Err(Closed), Ok(())]
news: true
news: true
none: Custom(\"there is no end to it\")
fatal: I do not like zeros, set in backpressure/src/main.rs
not fatal: it goes on with 1";
    assert_eq!(host.texts(Stream::Stdout).join("\n"), expected);
    Ok(())
}
