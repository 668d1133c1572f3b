//! `isolate::exit_with`: an end at once, with a last message.

use anyhow::Result;
use insula::{ExitReason, Limits, SpawnOptions};
use insula_tests::Host;

use crate::guests;

fn run(host: &Host, entry: &str) -> Result<ExitReason> {
    let program = host.program(guests::LAST_WORDS)?;
    let options = SpawnOptions::new()
        .entry(entry)
        .limits(Limits::default().message_bytes(1000));
    host.run(&program, options)
}

#[test]
fn the_last_message_comes_before_the_exit_notice() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(run(&host, "listener")?, ExitReason::Ended);
    assert_eq!(
        host.lines_of("listener#1"),
        [
            r#""a message""#,
            r#""the last", and the port is its own: true"#,
            "()",
            "ended",
        ]
    );
    assert_eq!(
        host.lines_of("leaves#2"),
        ["what was printed is not lost"],
        "nothing runs after it"
    );
    Ok(())
}

#[test]
fn where_the_message_cannot_be_sent_the_isolate_goes_on() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(run(&host, "cannot_leave")?, ExitReason::Ended);
    assert_eq!(
        host.lines_of("cannot_leave#1"),
        [
            "the port is closed, or its isolate has ended",
            "the message is larger than a message may be",
            "goes on",
        ]
    );
    Ok(())
}
