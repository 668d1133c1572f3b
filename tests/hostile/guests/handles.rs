//! Guests that use what is not theirs, or not any more.

use anyhow::Result;
use insula::Limits;
use insula_tests::hostile::{End, Row, WAITING_CHILD, child, main, row, spawn_request};

use crate::control::guest;

const NO_SUCH: &str = "no such handle";

fn open(at: u32) -> String {
    format!("(call $receive-port.open (i64.const 0) (i32.const {at}))")
}

/// Handles that were guessed.
fn guessed() -> Vec<Row> {
    let sends_to = |handle: &str| {
        format!(
            "(drop (call $send-port.send {handle} (i32.const 0) (i32.const 0)
                (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))"
        )
    };
    let guess = |name: &str, code: String| row(name, main(&code), End::broken([NO_SUCH]));
    vec![
        guess("nothing was given", sends_to("(i32.const 1)")),
        guess("zero", sends_to("(i32.const 0)")),
        guess("all ones", sends_to("(i32.const -1)")),
        guess(
            "the next one",
            open(0) + "(call $receive-port.listen (i32.add (i32.load (i32.const 4)) (i32.const 1)) (i32.const 1))",
        ),
        guess(
            "another generation of its own",
            open(0) + "(call $receive-port.listen (i32.xor (i32.load (i32.const 4)) (i32.const 0x100000)) (i32.const 1))",
        ),
        guess(
            "a negative one",
            open(0) + "(call $receive-port.listen (i32.or (i32.load (i32.const 4)) (i32.const 0x80000000)) (i32.const 1))",
        ),
        guess(
            "a number out of a message's bytes",
            open(0)
                + "(call $receive-port.listen (i32.load (i32.const 4)) (i32.const 1))
                (call $receive-port.sender (i32.load (i32.const 4)) (i32.const 16))
                (i32.store (i32.const 128) (i32.const 77))
                (drop (call $send-port.send (i32.load (i32.const 20)) (i32.const 128) (i32.const 4)
                    (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
                (call $receive (i32.const 64))
                (drop (call $send-port.is-closed (i32.load (i32.load (i32.const 88)))))",
        ),
        row(
            "a spawner's number in its child",
            main(&(open(0) + "(call $spawn (i32.const 768) (i32.const 64))"))
                + "(data (i32.const 1024) \"child\")
                (func (export \"insula:entry/child\") (call $receive-port.listen (i32.const 1) (i32.const 1)))"
                + &child().data(),
            End::Ended,
        )
        .and("child#2", End::broken([NO_SUCH])),
    ]
}

/// Handles that were dropped, or are of another kind.
fn misused() -> Vec<Row> {
    let misuse = |name: &str, code: &str, words: &[&str]| {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        row(name, guest("", code, ""), End::Broken(words))
    };
    let sent = "(drop (call $send-port.send (global.get $to) (i32.const 0) (i32.const 0)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))";
    vec![
        misuse(
            "dropped twice",
            "(call $drop-send-port (global.get $to)) (call $drop-send-port (global.get $to))",
            &[NO_SUCH],
        ),
        misuse(
            "sent to after it was dropped",
            &format!("(call $drop-send-port (global.get $to)) {sent}"),
            &[NO_SUCH],
        ),
        misuse(
            "listened to after it was dropped",
            "(call $drop-receive-port (global.get $port)) (call $receive-port.listen (global.get $port) (i32.const 1))",
            &[NO_SUCH],
        ),
        misuse(
            "a receive port that is sent to",
            &sent.replace("$to", "$port"),
            &["as a send-port", "that is a receive-port"],
        ),
        misuse(
            "a send port that is dropped as a timer",
            "(call $drop-timer (global.get $to))",
            &["as a timer", "that is a send-port"],
        ),
        misuse(
            "an isolate that is listened to",
            "(call $receive-port.listen (global.get $self) (i32.const 1))",
            &["as a receive-port", "that is a isolate"],
        ),
        misuse(
            "a port that kills",
            "(drop (call $isolate.kill (global.get $to) (i32.const 0) (i32.const 1)))",
            &["as a isolate", "that is a send-port"],
        ),
        misuse(
            "a dropped one among those that travel",
            "(i32.store (i32.const 128) (global.get $to))
            (call $send-port.duplicate (global.get $to) (i32.const 64))
            (call $drop-send-port (global.get $to))
            (drop (call $send-port.send (i32.load (i32.const 68)) (i32.const 0) (i32.const 0)
                (i32.const 128) (i32.const 1) (i32.const 0) (i32.const 0)))",
            &[NO_SUCH],
        ),
        misuse(
            "a dropped one as the reply port",
            "(call $send-port.duplicate (global.get $to) (i32.const 64))
            (call $drop-send-port (global.get $to))
            (drop (call $send-port.send (i32.load (i32.const 68)) (i32.const 0) (i32.const 0)
                (i32.const 0) (i32.const 0) (i32.const 1) (global.get $to)))",
            &[NO_SUCH],
        ),
        misuse(
            "a timer that was due and dropped",
            "(call $timer.start (i64.const 0) (i64.const 0) (i32.const 64))
            (call $drop-timer (i32.load (i32.const 68))) (call $drop-timer (i32.load (i32.const 68)))",
            &[NO_SUCH],
        ),
        misuse(
            "a listener that was dropped",
            "(call $drop-send-port (global.get $to))
            (drop (call $isolate.add-error-listener (global.get $self) (global.get $to)))",
            &[NO_SUCH],
        ),
    ]
}

/// Handles in numbers.
fn many() -> Vec<Row> {
    let cycles = |name: &str, times: u32, code: &str, end: End| {
        let code = crate::control::repeat(times, code);
        row(name, guest("(local $old i32)", &code, ""), end)
    };
    let reopen = "(call $receive-port.open (i64.const 0) (i32.const 64))
        (call $drop-receive-port (i32.load (i32.const 68)))";
    let old_one = format!(
        "(call $receive-port.open (i64.const 0) (i32.const 64))
        (local.set $old (i32.load (i32.const 68)))
        (call $drop-receive-port (local.get $old))
        {} (call $receive-port.listen (local.get $old) (i32.const 1))",
        crate::control::repeat(100_000, reopen)
    );
    vec![
        cycles("200,000 ports, one after the other", 200_000, reopen, End::Ended),
        cycles(
            "the same port duplicated for ever, never dropped",
            20_000,
            "(global.set $free (i32.const 16384)) (call $send-port.duplicate (global.get $to) (i32.const 64))",
            End::Ended,
        ),
        row(
            "a number that was used again 100,000 times since",
            guest("(local $old i32)", &old_one, ""),
            End::broken([NO_SUCH]),
        ),
        row(
            "1,000 times the same port in one message, received by a full table",
            guest(
                "",
                &format!(
                    "(call $receive-port.listen (global.get $port) (i32.const 1))
                    {}
                    (drop (call $send-port.send (global.get $to) (i32.const 0) (i32.const 0)
                        (i32.const 32768) (i32.const 1000) (i32.const 0) (i32.const 0)))
                    (call $receive (i32.const 64))
                    (call $equal (i32.load (i32.const 100)) (i32.const 7))
                    (call $equal (i32.load (i32.const 112)) (i32.const 993))
                    (call $exit)",
                    crate::control::repeat(
                        1000,
                        "(i32.store (i32.add (i32.const 32768) (i32.shl (local.get $n) (i32.const 2))) (global.get $to))"
                    )
                ),
                "",
            ),
            End::Ended,
        )
        .limits(Limits::default().handles(10)),
        row(
            "handles that a child is to inherit",
            main("(call $spawn (i32.const 768) (i32.const 64))")
                + "(data (i32.const 1024) \"child\")"
                + &spawn_request(768, 1024, 5).data()
                + WAITING_CHILD,
            End::Ended,
        )
        .limits(Limits::default().handles(1)),
    ]
}

pub fn rows() -> Vec<Row> {
    [guessed(), misused(), many()]
        .into_iter()
        .flatten()
        .collect()
}

#[test]
fn handles() -> Result<()> {
    super::group("handles")
}
