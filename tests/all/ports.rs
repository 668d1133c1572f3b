//! Part 7: receive ports, what they keep and drop, and when an isolate ends.

use anyhow::Result;
use crossbeam_channel::RecvTimeoutError;
use insula::{ExitReason, SendError, SpawnOptions, Value};
use insula_tests::{HANG, Host, in_time};

use crate::guests;

#[test]
fn a_guest_opens_replaces_and_closes() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(host.run_guest(guests::PORTS)?, ExitReason::Ended);
    assert_eq!(
        host.lines_of("main#1"),
        [
            "earlier messages are kept for the first handler",
            "  first handler got one",
            "  first handler got two",
            "a second handler takes the place of the first",
            "  second handler got three",
            "the reply is empty when the sender gave none",
            "  second handler got four",
            "  second handler got five and wants an answer",
            "a handler gives its place to another one",
            "  third handler got six, once",
            "  fourth handler got seven",
            "a message of another type is dropped",
            "a message was dropped: expected string, found int",
            "  fourth handler got nine",
            "more ports, each with messages of its own",
            "  another port got ten",
            "  one more port got eleven",
            "closing drops what is queued, and may be done twice",
            "  sending to it: Err(Closed)",
            "  receiving: Err(Closed)",
            "a handler closes its own port",
            "  got twelve and closes",
            "an isolate that listens to nothing ends, and sending to it harms nobody",
            "  sending to it: the port is closed, or its isolate has ended",
            "main ends when it has closed its own port",
        ]
    );
    assert_eq!(host.exit_of("short_lived#2"), Some(ExitReason::Ended));
    Ok(())
}

#[test]
fn messages_keep_their_order_whoever_listens_when() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::PORTS)?;
    let options = SpawnOptions::new().entry("in_pieces");
    let isolate = host.runtime.spawn(&program, options)?;
    assert_eq!(isolate.wait_timeout(HANG), Some(ExitReason::Ended));
    let early = [0, 2, 4];
    let late = (0..=151).filter(|number| !early.contains(number));
    let order: Vec<u32> = early.into_iter().chain(late).collect();
    assert_eq!(host.lines_of("in_pieces#1"), [format!("{order:?}")]);
    Ok(())
}

#[test]
fn an_isolate_that_listens_to_nothing_ends_though_the_host_could_send() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::PORTS)?;
    let isolate = host
        .runtime
        .spawn(&program, SpawnOptions::new().entry("short_lived"))?;
    assert_eq!(isolate.wait_timeout(HANG), Some(ExitReason::Ended));
    assert_eq!(isolate.exit_reason(), Some(ExitReason::Ended));
    let error = isolate.port().send("anybody there?").expect_err("it ended");
    assert!(matches!(error, SendError::Closed));
    assert_eq!(
        error.to_string(),
        "the port is closed or its isolate has ended"
    );
    assert!(isolate.group().is_over());
    Ok(())
}

/// `shy` closes its port at its first message: the second is dropped, and with it
/// the way to answer it.
#[test]
fn what_waits_in_a_port_is_dropped_when_it_closes() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::CALLS)?;
    let (first, first_answers) = host.runtime.port();
    let (second, second_answers) = host.runtime.port();
    let shy = host
        .runtime
        .spawn(&program, SpawnOptions::new().entry("shy"))?;
    shy.port().send_with_reply("close", &first)?;
    let sent = shy.port().send_with_reply("too late", &second);
    assert!(matches!(sent, Ok(()) | Err(SendError::Closed)));
    drop((first, second));
    assert_eq!(shy.wait_timeout(HANG), Some(ExitReason::Ended));
    for answers in [first_answers, second_answers] {
        let error = answers.recv_timeout(HANG).expect_err("no answer");
        assert_eq!(error, RecvTimeoutError::Disconnected);
    }
    Ok(())
}

#[test]
fn an_isolate_lives_as_long_as_the_host_can_send_to_it() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::HELLO)?;
    let echo = host
        .runtime
        .spawn(&program, SpawnOptions::new().entry("echo"))?;
    let port = echo.port().clone();
    let group = echo.group().clone();
    for number in 0..100 {
        let answer: Value = port.call_timeout(&number, HANG)?;
        assert_eq!(answer, number);
        assert_eq!((echo.exit_reason(), group.alive()), (None, 1));
    }
    // The handle is not what keeps it, but any of its send ports.
    drop(echo);
    assert_eq!(port.call_timeout::<_, i64>(&100, HANG)?, 100);
    drop(port);
    in_time(move || group.wait());
    assert_eq!(host.exit_of("echo#1"), Some(ExitReason::Ended));
    Ok(())
}
