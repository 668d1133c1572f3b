//! Guests that hand the host pointers and lengths that lie. Every import of the
//! contract gets every wrong number by generation; these are the ones that mean
//! it.

use anyhow::Result;
use insula_tests::hostile::{End, Row, child, main, row};

use crate::control::guest;

/// Sends from `$to` with these bytes and ports.
fn send(start: u32, length: u32, ports: u32, count: u32) -> String {
    format!(
        "(drop (call $send-port.send (global.get $to) (i32.const {start}) (i32.const {length})
            (i32.const {ports}) (i32.const {count}) (i32.const 0) (i32.const 0)))"
    )
}

/// Lengths and places of what the host reads.
fn read() -> Vec<Row> {
    let sends = |name: &str, start, length, ports, count, word: &str| {
        let code = send(start, length, ports, count);
        row(name, guest("", &code, ""), End::broken([word]))
    };
    let text = |name: &str, start: u32, length: u32, word: &str| {
        let code =
            format!("(call $lookup (i32.const {start}) (i32.const {length}) (i32.const 64))");
        row(name, main(&code), End::broken([word]))
    };
    vec![
        sends(
            "bytes over the end",
            131_071,
            2,
            0,
            0,
            "outside of its memory",
        ),
        sends(
            "no bytes behind the end",
            131_073,
            0,
            0,
            0,
            "outside of its memory",
        ),
        sends("4 GiB of bytes", 1, u32::MAX, 0, 0, "outside of its memory"),
        sends(
            "bytes that wrap around to the start",
            u32::MAX,
            65_536,
            0,
            0,
            "outside of its memory",
        ),
        sends("ports at an odd place", 0, 0, 4097, 1, "aligned"),
        sends(
            "ports whose size wraps to nothing",
            0,
            0,
            4096,
            0x4000_0000,
            "larger than any memory",
        ),
        sends(
            "ports over the end",
            0,
            0,
            131_068,
            2,
            "outside of its memory",
        ),
        text("a name of 4 GiB", 64, u32::MAX, "outside"),
        text("a name over the end", 131_070, 6, "outside"),
        row(
            "a name that is no text",
            main("(call $lookup (i32.const 4096) (i32.const 4) (i32.const 64))")
                + "(data (i32.const 4096) \"\\ff\\fe\\c3\\28\")",
            End::broken(["UTF-8"]),
        ),
        row(
            "a panic's text of 4 GiB",
            main("(call $fail (i32.const 1) (i32.const -1) (i32.const 0) (i32.const 0))"),
            End::broken(["outside"]),
        ),
        row(
            "a panic's place over the end",
            main("(call $fail (i32.const 0) (i32.const 0) (i32.const 131072) (i32.const 1))"),
            End::broken(["outside"]),
        ),
        row(
            "a request to spawn over the end",
            main("(call $spawn (i32.const 130988) (i32.const 64))"),
            End::broken(["a spawn request", "outside"]),
        ),
        row(
            "a request to spawn whose entry's name is the whole of memory",
            main("(call $spawn (i32.const 768) (i32.const 64))")
                + &insula_tests::hostile::spawn_request(768, 0, 131_072).data(),
            End::broken(["131072"]),
        ),
        row(
            "a request to spawn with its answer in itself",
            main(
                "(call $spawn (i32.const 768) (i32.const 768))
                (if (i32.load8_u (i32.const 768)) (then unreachable))",
            ) + "(data (i32.const 1024) \"child\") (func (export \"insula:entry/child\"))"
                + &child().data(),
            End::Ended,
        ),
    ]
}

/// Places of what the host writes.
fn written() -> Vec<Row> {
    let receives = |name: &str, at: u32, word: &str| {
        let code = format!("(call $receive (i32.const {at}))");
        row(
            name,
            main(&code),
            End::broken(["a place for a result", word]),
        )
    };
    // One message of 9 bytes and a port, received by a `cabi_realloc` of its own.
    let given = |name: &str, realloc: &str, end: End| {
        let own = format!(
            "(func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) {realloc})"
        );
        let code = "(call $receive-port.open (i64.const 0) (i32.const 0))
            (call $receive-port.listen (i32.load (i32.const 4)) (i32.const 1))
            (call $receive-port.sender (i32.load (i32.const 4)) (i32.const 16))
            (drop (call $send-port.send (i32.load (i32.const 20)) (i32.const 0) (i32.const 9)
                (i32.const 20) (i32.const 1) (i32.const 0) (i32.const 0)))
            (call $receive (i32.const 64)) (call $exit)";
        let wat = format!(
            "(memory (export \"memory\") 2) (func (export \"insula:entry/main\") {code}) {own}"
        );
        row(name, wat, end)
    };
    let returned = "`cabi_realloc` returned";
    vec![
        receives("an event at an odd place", 4100, "aligned"),
        receives("an event over the end", 131_024, "outside"),
        receives("an event at the last address", 0xffff_fff8, "outside"),
        given("room over the end", "(i32.const 131064)", End::broken([returned, "outside"])),
        given("room at the last address", "(i32.const -8)", End::broken([returned, "outside"])),
        given("room that is null", "(i32.const 0)", End::broken([returned, "null"])),
        given(
            "room at an odd place",
            "(i32.add (i32.const 4096) (i32.const 2))",
            End::broken([returned, "aligned"]),
        ),
        given("room over the event itself", "(i32.const 64)", End::Ended),
        given(
            "room behind the end of memory as it was",
            "(drop (memory.grow (i32.const 1))) (i32.const 131072)",
            End::Ended,
        ),
        given(
            "room found by receiving",
            "(call $receive (i32.const 256)) (i32.const 4096)",
            End::broken(["cabi_realloc"]),
        ),
        given(
            "room found by sending",
            "(drop (call $send-port.send (i32.load (i32.const 20)) (i32.const 0) (i32.const 0)
                (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))) (i32.const 4096)",
            End::broken(["cabi_realloc"]),
        ),
        given(
            "room found by sleeping",
            "(drop (call $poll_oneoff (i32.const 4096) (i32.const 8192) (i32.const 1) (i32.const 256)))
            (i32.const 4096)",
            End::broken(["cabi_realloc"]),
        ),
        given(
            "room found by asking for random bytes",
            "(drop (call $random_get (i32.const 4096) (i32.const 8))) (i32.const 4096)",
            End::broken(["cabi_realloc"]),
        ),
        row(
            "room over half of where the answer goes",
            main("(call $name (i32.const 16380))").replace(
                "(global.get $free)\n        (global.set",
                "(i32.const 16380)\n        (global.set",
            ),
            End::Ended,
        ),
    ]
}

pub fn rows() -> Vec<Row> {
    [read(), written()].into_iter().flatten().collect()
}

#[test]
fn pointers_and_lengths() -> Result<()> {
    super::group("pointers and lengths")
}
