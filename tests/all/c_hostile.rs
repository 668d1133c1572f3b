//! A guest in C that is wrong ends alone, with a reason that says how; and what is wrong
//! with a message or a handle is an answer where it can be one.

use anyhow::Result;
use insula::{ExitReason, Limits, SpawnOptions};
use insula_tests::{Host, c_guest};

use crate::guests;

/// How an entry ends beside an isolate that goes on.
fn end(entry: &str) -> Result<String> {
    let host = Host::new()?;
    let program = host.program(c_guest(guests::C_HOSTILE)?)?;
    let other = host
        .runtime
        .spawn(&program, SpawnOptions::new().entry("looks"))?;
    let limits = Limits::default().memory(4 << 20);
    let isolate = host
        .runtime
        .spawn(&program, SpawnOptions::new().entry(entry).limits(limits))?;
    // For the one that has no room for it.
    let large = vec![0u8; 3 << 20];
    isolate.port().send(&insula::Bytes::from(large)).ok();
    let reason = isolate.join();
    // It was another one's end.
    other.port().send("I am well")?;
    assert_eq!(other.join(), ExitReason::Ended);
    assert_eq!(host.lines_of("looks#1"), ["I am well"]);
    Ok(reason.to_string())
}

#[test]
fn each_ends_alone_and_says_why() -> Result<()> {
    let no_handle = |handle| {
        format!(
            "broke the contract with its host: it used handle {handle} as a send-port, and it \
             has no such handle (never given, or dropped)"
        )
    };
    let trapped = |trap| format!("trapped: wasm trap: {trap}");
    for (entry, expected) in [
        // The stack is first in memory: what overruns it leaves the memory.
        ("stack", trapped("out of bounds memory access")),
        ("dropped_twice", no_handle("0x1")),
        ("made_up_port", no_handle("0x1234567")),
        ("wild_pointer", trapped("out of bounds memory access")),
        ("null_function", trapped("uninitialized element")),
        ("aborts", trapped("wasm `unreachable` instruction executed")),
        (
            "no_room",
            trapped("wasm `unreachable` instruction executed"),
        ),
        ("exits", "exited with code 3".to_owned()),
    ] {
        assert_eq!(end(entry)?, expected, "{entry}");
    }
    Ok(())
}

fn lines(entry: &str) -> Result<Vec<String>> {
    let host = Host::new()?;
    let program = host.program(c_guest(guests::C_HOSTILE)?)?;
    let limits = Limits::default().handles(100);
    let options = SpawnOptions::new().entry(entry).limits(limits);
    assert_eq!(host.run(&program, options)?, ExitReason::Ended);
    Ok(host.lines_of(&format!("{entry}#1")))
}

#[test]
fn what_cannot_be_sent_is_an_answer() -> Result<()> {
    assert_eq!(
        lines("wrong_writers")?,
        [
            "unfinished",
            "unfinished",
            "overfull",
            "not_utf8",
            "not_shared",
            "no_value",
            "no_value",
            "no_value",
            "closed",
            "not_utf8",
            "no_such_entry",
            "there is no entry `nobody`; t",
        ]
    );
    Ok(())
}

#[test]
fn a_receiver_that_is_closed_is_an_answer() -> Result<()> {
    let expected = ["closed", "closed", "ok", "ok", "closed"];
    assert_eq!(lines("closed_receivers")?, expected);
    Ok(())
}

#[test]
fn a_handler_may_do_anything() -> Result<()> {
    assert_eq!(lines("handlers")?, ["handled 3"]);
    Ok(())
}

#[test]
fn handles_that_are_used_up_are_an_answer() -> Result<()> {
    let lines = lines("too_many_handles")?;
    assert_eq!(
        lines,
        [
            "100: the limit of 100 handles in one isolate is reached (raise it with \
          `Limits::handles`, or `--limit handles=..` at a shell)"
        ]
    );
    Ok(())
}

/// Sent past the library's writer, by the imports alone.
#[test]
fn what_is_no_message_is_dropped_and_harms_nobody() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(c_guest(guests::C_HOSTILE)?)?;
    let looks = host
        .runtime
        .spawn(&program, SpawnOptions::new().entry("looks"))?;
    let rubbish = SpawnOptions::new()
        .entry("sends_rubbish")
        .message(looks.port());
    assert_eq!(host.run(&program, rubbish)?, ExitReason::Ended);
    assert_eq!(looks.join(), ExitReason::Ended);
    assert_eq!(
        host.lines_of("looks#1"),
        [
            "a message was dropped: the message ends inside a value",
            "a message was dropped: a length says more than the message has left",
            "a message was dropped: a length says more than the message has left",
            "a message was dropped: a reference to a shared value that did not come before",
            "a message was dropped: the message names a port that did not come with it",
            "a message was dropped: a text of the message is not UTF-8 (byte 1)",
            "a message was dropped: a byte starts no CBOR value: its form is reserved",
            "a message was dropped: bytes follow the end of the message (byte 1)",
            "a message at last",
        ]
    );
    Ok(())
}
