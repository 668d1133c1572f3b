//! Selective receive: the first message that is wanted, the others kept in order.

use anyhow::Result;
use insula::{ExitReason, Stream};
use insula_tests::Host;

use crate::guests;

#[test]
fn who_waits_for_a_message_like_this_gets_it_and_the_others_stay() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(host.run_guest(guests::SELECTIVE)?, ExitReason::Ended);
    let expected = "\
the first that is wanted: 40
as a type: Ok(2)
the others in order: 1 3 5
any: 20, any again: 22, handler: 24, handler: 26, odd: 3, small: 4
a stream waits: true
and is first: 1
then the one who wants it: Ok(1)
and one is left: 2
nobody wants these: true
nothing is lost: 1 2
closed by who looks: true
closed for a type: Err(Closed)";
    assert_eq!(host.texts(Stream::Stdout).join("\n"), expected);
    Ok(())
}
