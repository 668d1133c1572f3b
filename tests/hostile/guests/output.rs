//! Guests that print too much, in the wrong way, or what a terminal obeys.

use anyhow::{Result, ensure};
use insula::{Limits, Stream};
use insula_tests::Host;
use insula_tests::hostile::{End, MEMORY, Row, main, row, spawn_request};

use crate::control::repeat;

/// A piece of output described at 64: so many bytes from there.
fn piece(start: u32, length: u32) -> String {
    format!(
        "(i32.store (i32.const 64) (i32.const {start})) (i32.store (i32.const 68) (i32.const {length}))"
    )
}

fn write(stream: u32, pieces: u32) -> String {
    format!(
        "(drop (call $fd_write (i32.const {stream}) (i32.const 64) (i32.const {pieces}) (i32.const 32)))"
    )
}

/// Prints what is at 1024, so often.
fn prints(times: u32, stream: u32, text: &str, length: u32) -> String {
    format!(
        "{MEMORY} (data (i32.const 1024) \"{text}\")
        (func (export \"insula:entry/main\") (local $n i32)
            {} {})",
        piece(1024, length),
        repeat(times, &write(stream, 1))
    )
}

/// Bytes on a stream, an end of line for each line.
fn printed(host: &Host, stream: Stream) -> usize {
    host.texts(stream).iter().map(|line| line.len() + 1).sum()
}

/// At most so much was printed, and one notice says that the rest was dropped.
fn dropped_with_one_notice(host: &Host, stream: Stream, most: usize) -> Result<()> {
    let notices: Vec<_> = host
        .texts(Stream::Stderr)
        .into_iter()
        .filter(|line| line.starts_with("insula: "))
        .collect();
    ensure!(notices.len() == 1, "{notices:?}");
    ensure!(notices[0].contains("Limits::output_bytes"), "{notices:?}");
    let own = match stream {
        Stream::Stderr => notices[0].len() + 1,
        Stream::Stdout => 0,
    };
    let printed = printed(host, stream) - own;
    ensure!(printed <= most, "{printed} bytes were printed");
    ensure!(printed > most / 2, "{printed} bytes only were printed");
    Ok(())
}

fn is_one_line(host: &Host, text: &str) -> Result<()> {
    let lines = host.texts(Stream::Stdout);
    ensure!(lines == [text], "{lines:?}");
    Ok(())
}

fn floods() -> Vec<Row> {
    let most = || Limits::default().output_bytes(10_000);
    let long_line = main(&format!(
        "(local $n i32) (memory.fill (i32.const 1024) (i32.const 0x61) (i32.const 100000)) {} {}",
        piece(1024, 100_000),
        repeat(200, &write(1, 1))
    ));
    let many = format!(
        "{} {}",
        "(call $spawn (i32.const 768) (i32.const 128))".repeat(20),
        repeat(1_000, &write(1, 1))
    );
    let from_many = main(&format!("(local $n i32) {} {many}", piece(1024, 10)))
        + "(data (i32.const 1024) \"main main\\n\")
        (func (export \"insula:entry/child\") (local $n i32)"
        + &piece(1024, 10)
        + &repeat(1_000, &write(1, 1))
        + ") (data (i32.const 1100) \"child\")"
        + &spawn_request(768, 1100, 5).data();
    vec![
        row(
            "of lines",
            prints(5_000, 1, "0123456789abcde\\n", 16),
            End::Ended,
        )
        .limits(most())
        .then(|host| dropped_with_one_notice(host, Stream::Stdout, 10_000)),
        row(
            "of lines on standard error",
            prints(5_000, 2, "0123456789abcde\\n", 16),
            End::Ended,
        )
        .limits(most())
        .then(|host| dropped_with_one_notice(host, Stream::Stderr, 10_000)),
        row(
            "of empty lines",
            prints(50_000, 1, "\\n\\n\\n\\n", 4),
            End::Ended,
        )
        .limits(most())
        .then(|host| dropped_with_one_notice(host, Stream::Stdout, 10_000)),
        row("of one line that never ends", long_line, End::Ended)
            .limits(Limits::default().output_bytes(1 << 20))
            .then(|host| dropped_with_one_notice(host, Stream::Stdout, 1 << 20)),
        row("from twenty isolates", from_many, End::Ended)
            .limits(most())
            .then(|host| {
                let notices = host.texts(Stream::Stderr);
                ensure!(notices.len() == 1, "{notices:?}");
                ensure!(printed(host, Stream::Stdout) <= 10_000);
                Ok(())
            }),
        row(
            "of pieces of nothing",
            main(&format!(
                "(local $n i32) {}",
                repeat(
                    1_000,
                    &format!(
                        "(i32.store (i32.const 68) (i32.const 0)) {}",
                        write(1, 8_000)
                    )
                )
            )),
            End::Ended,
        )
        .then(|host| {
            ensure!(host.lines().is_empty());
            Ok(())
        }),
    ]
}

fn odd() -> Vec<Row> {
    let fails_with = |errno: u32, call: &str| {
        main(&format!(
            "(if (i32.ne (i32.const {errno}) {call}) (then unreachable))"
        ))
    };
    const BAD_DESCRIPTOR: u32 = 8;
    let to = |descriptor: i64| {
        fails_with(
            BAD_DESCRIPTOR,
            &format!(
                "(call $fd_write (i32.const {descriptor}) (i32.const 64) (i32.const 0) (i32.const 32))"
            ),
        )
    };
    vec![
        row("a line begun, and a trap", main(&format!("{} {} unreachable", piece(1024, 5), write(1, 1))) + "(data (i32.const 1024) \"begun\")", End::Trapped("unreachable"))
            .then(|host| is_one_line(host, "begun")),
        row("what is no text", prints(1, 1, "\\ff\\fe\\c3\\28\\n", 5), End::Ended)
            .then(|host| is_one_line(host, "\u{fffd}\u{fffd}\u{fffd}(")),
        row("half of a character, and an end of line", prints(1, 1, "\\e2\\82\\n", 3), End::Ended)
            .then(|host| is_one_line(host, "\u{fffd}")),
        row("nulls", prints(1, 1, "a\\00b\\n", 4), End::Ended).then(|host| is_one_line(host, "a\0b")),
        row("what clears a terminal", prints(1, 1, "\\1b[2J\\1b[H\\n", 8), End::Ended).then(|host| {
            let lines = host.texts(Stream::Stdout);
            ensure!(lines == ["\u{1b}[2J\u{1b}[H"], "{lines:?}");
            ensure!(insula::harmless(&lines[0]) == "\\u{1b}[2J\\u{1b}[H");
            Ok(())
        }),
        row("in a start function that traps", format!("{MEMORY} (data (i32.const 1024) \"early\\n\") (start $start) (func $start {} {} unreachable) (func (export \"insula:entry/main\"))", piece(1024, 6), write(1, 1)), End::Trapped("unreachable"))
            .then(|host| is_one_line(host, "early")),
        row("to its input", to(0), End::Ended),
        row("to a descriptor that is not there", to(3), End::Ended),
        row("to a descriptor below none", to(-1), End::Ended),
        row("by a place", fails_with(BAD_DESCRIPTOR, "(call $fd_pwrite (i32.const 3) (i32.const 64) (i32.const 1) (i64.const 0) (i32.const 32))"), End::Ended),
        row("of the list of what is to be printed", prints(1, 1, "", 16).replace("1024", "64"), End::Ended),
    ]
}

pub fn rows() -> Vec<Row> {
    [floods(), odd()].into_iter().flatten().collect()
}

#[test]
fn output() -> Result<()> {
    super::group("output")
}
