//! Raw receive ports, and what a handler may do to its own port.

use anyhow::Result;
use insula::{ExitReason, Stream};
use insula_tests::Host;

use crate::guests;

#[test]
fn a_raw_port_has_a_handler_and_no_room_for_messages() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(host.run_guest(guests::RAW_PORTS)?, ExitReason::Ended);
    let expected = "\
a message without a handler is lost
  first handler got two
a handler is replaced and taken away
  second handler got three
  third handler got five
a handler replaces itself, and the one after it takes itself away
  fourth handler got six
  fifth handler got seven
a handler sends to itself and closes its port
  sixth handler got nine
  sixth handler got ten
  sending to it: Err(Closed)
  closed: true, keeps alive: false
a raw port becomes one with room for messages
  a raw handler got thirteen
  it kept fourteen
who keeps an isolate alive
  bystander ended
  sitter is there: true
  sitter killed";
    assert_eq!(host.texts(Stream::Stdout).join("\n"), expected);
    Ok(())
}
