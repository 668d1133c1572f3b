//! Part 5: the sender changes a list after `send`; the receiver's copy does not
//! change.

use anyhow::Result;
use insula::{ExitReason, SpawnOptions, Value};
use insula_tests::{HANG, Host};

use crate::guests;

#[test]
fn neither_side_sees_what_the_other_does_to_its_list() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(host.run_guest(guests::COPYING)?, ExitReason::Ended);
    assert_eq!(
        host.lines(),
        [
            "main#1: sent     a b c, and then changed to changed b c added",
            "main#1: received a b c",
            "main#1: made     c b a",
        ]
    );
    Ok(())
}

#[test]
fn the_host_changes_a_list_that_it_has_sent() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::COPYING)?;
    let (reply, answers) = host.runtime.port();
    let reverser = host
        .runtime
        .spawn(&program, SpawnOptions::new().entry("reverser"))?;
    let mut list = Value::list(["a", "b"]);
    reverser.port().send_with_reply(&list, &reply)?;
    list[0] = "changed".into();
    reverser.port().send_with_reply(&list, &reply)?;

    let mut received = answers.recv_timeout(HANG)?.decode::<Value>()?;
    assert_eq!(
        received,
        Value::list([Value::list(["a", "b"]), Value::list(["b", "a"])])
    );
    // Nor does the host's change of an answer reach what the guest keeps.
    received[0][0] = "changed as well".into();
    assert_eq!(
        answers.recv_timeout(HANG)?.decode::<Value>()?,
        Value::list([Value::list(["changed", "b"]), Value::list(["b", "changed"])])
    );
    Ok(())
}
