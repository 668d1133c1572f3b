//! Bytes that are no message: cut off, lying about their lengths, naming a port
//! that they did not bring. Who receives them gets an error and goes on.

use anyhow::{Result, ensure};
use insula::{ExitReason, Graph, SendPort, SpawnOptions, Stream, Value};

use insula_tests::guests;
use insula_tests::hostile::{Table, main, table};

/// CBOR's tag for "send port number n", before its number.
const PORT: &[u8] = &[0xd9, 0xb8, 0x06];

/// Bytes and what is wrong with them. No port comes along.
fn garbage() -> Vec<(&'static str, Vec<u8>)> {
    let port = |number: &[u8]| [PORT, number].concat();
    let mut garbage = vec![
        ("nothing", vec![]),
        ("a port that did not come along", port(&[0])),
        ("port number 23", port(&[23])),
        (
            "port number u32::MAX",
            port(&[0x1a, 0xff, 0xff, 0xff, 0xff]),
        ),
        (
            "port number u64::MAX",
            port(&[0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ),
        ("port number -1", port(&[0x20])),
        ("a port named by a text", port(&[0x61, b'0'])),
        ("a port tag and nothing", port(&[])),
        (
            "a port inside of a list",
            [&[0x81], &port(&[5])[..]].concat(),
        ),
        (
            "a text of 2^64 - 1 bytes",
            vec![0x7b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, b'x'],
        ),
        (
            "bytes of 4 GiB",
            vec![0x5a, 0xff, 0xff, 0xff, 0xff, 1, 2, 3],
        ),
        ("bytes of 2^63", vec![0x5b, 0x80, 0, 0, 0, 0, 0, 0, 0]),
        (
            "a list of 2^64 - 1",
            vec![0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0],
        ),
        ("a list of 2^32 - 1", vec![0x9a, 0xff, 0xff, 0xff, 0xff]),
        ("a map of 2^63", vec![0xbb, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        ("a map without its last value", vec![0xa1, 0x00]),
        ("a list one short", vec![0x82, 0x00]),
        ("more than one value", vec![0x00, 0x00]),
        ("a text that is no UTF-8", vec![0x62, 0xc3, 0x28]),
        ("a surrogate", vec![0x63, 0xed, 0xa0, 0x80]),
        ("a reserved length", vec![0x1c]),
        ("a reserved simple value", vec![0xf8, 0x00]),
        ("an end without a begin", vec![0xff]),
        ("a list that never ends", vec![0x9f, 0x00]),
        ("a reference to nothing", vec![0xd8, 0x1d, 0x00]),
        (
            "a reference to u64::MAX",
            vec![
                0xd8, 0x1d, 0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            ],
        ),
        (
            "an unknown tag around nothing",
            vec![0xda, 0xff, 0xff, 0xff, 0xff],
        ),
    ];
    // A million lists, each said to hold the next, and no end.
    garbage.push(("a million lists and no end", vec![0x81; 1_000_000]));
    garbage.push(("a million lists of 2^64 - 1", [0x9b; 1].repeat(900_000)));
    // Every beginning of a message that is right.
    let whole = [
        0x83, 0x63, b'o', b'n', b'e', 0x43, 1, 2, 3, 0xa1, 0x19, 0x01, 0x00, 0xfb, 0, 0, 0, 0, 0,
        0, 0, 1,
    ];
    for length in 0..whole.len() {
        garbage.push(("a message that is cut off", whole[..length].to_vec()));
    }
    garbage
}

/// Sends these bytes as they are, and no port, to the one port in its first
/// message; then the value `true`, that the receiver knows when it has all.
fn sender(all: &[(&str, Vec<u8>)]) -> String {
    let mut data = String::new();
    let mut sends = String::new();
    let mut at = 65_536;
    let control = ("control", vec![0xf5]);
    for (_, bytes) in all.iter().chain([&control]) {
        let escaped: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
        data += &format!("(data (i32.const {at}) \"{escaped}\")\n");
        sends += &format!(
            "(if (call $send-port.send (local.get $to) (i32.const {at}) (i32.const {}) (i32.const 0)
                (i32.const 0) (i32.const 0) (i32.const 0)) (then unreachable))\n",
            bytes.len()
        );
        at += bytes.len();
    }
    let code = format!(
        "(local $to i32)
        (call $first-message (i32.const 64))
        (local.set $to (i32.load (i32.load (i32.const 76))))
        {sends}"
    );
    let pages = at / 65_536 + 1;
    main(&code).replace(
        "(memory (export \"memory\") 2)",
        &format!("(memory (export \"memory\") {pages})"),
    ) + &data
}

fn send_garbage(table: &Table, to: &SendPort) -> Result<usize> {
    let garbage = garbage();
    let reason = table.run(&sender(&garbage), SpawnOptions::new().message(to))?;
    ensure!(reason == ExitReason::Ended, "the sender: {reason}");
    Ok(garbage.len())
}

#[test]
fn a_host_that_receives_garbage_gets_errors() -> Result<()> {
    table(|table| {
        let (to, port) = table.host.runtime.port();
        let count = send_garbage(table, &to)?;
        for (what, bytes) in garbage() {
            table.doing(what);
            let received = port.recv()?;
            ensure!(received.bytes() == bytes, "{what} arrived changed");
            let value = received.decode::<Value>();
            ensure!(value.is_err(), "{what} is {value:?}");
            let graph = received.decode::<Graph>();
            ensure!(graph.is_err(), "{what} is a graph");
            let port = received.decode::<SendPort>();
            ensure!(port.is_err(), "{what} is {port:?}");
            let text = received.decode::<Vec<String>>();
            ensure!(text.is_err(), "{what} is {text:?}");
            let json = received.decode::<serde_json::Value>();
            ensure!(json.is_err(), "{what} is {json:?}");
        }
        ensure!(port.recv()?.decode::<bool>()?, "the control");
        println!("{count} rows");
        Ok(())
    })
}

/// A guest of the SDK says what it could not read, and answers the next.
#[test]
fn a_guest_that_receives_garbage_goes_on() -> Result<()> {
    table(|table| {
        let hello = table.host.program(guests::HELLO)?;
        let echo = table
            .host
            .runtime
            .spawn(&hello, SpawnOptions::new().entry("echo"))?;
        let count = send_garbage(table, echo.port())?;
        table.doing("asking the guest that received garbage");
        let answer: String = echo.port().call("still there?")?;
        ensure!(answer == "still there?", "{answer}");
        let said = table.host.texts(Stream::Stderr);
        ensure!(
            said.len() == count,
            "{count} pieces of garbage, and: {said:#?}"
        );
        for line in &said {
            ensure!(line.contains("a message was dropped"), "{line}");
        }
        let reason = echo.join();
        ensure!(reason.is_ended(), "{reason}");
        Ok(())
    })
}

/// Ports that came along and that no byte names are dropped; a message may name
/// one twice.
#[test]
fn ports_and_bytes_need_not_agree() -> Result<()> {
    table(|table| {
        let (to, port) = table.host.runtime.port();
        let send = |bytes: &str, length: u32, ports: u32| {
            main(&format!(
                "(call $first-message (i32.const 64))
                (i32.store (i32.const 512) (i32.load (i32.load (i32.const 76))))
                (i32.store (i32.const 516) (i32.load (i32.load (i32.const 76))))
                (drop (call $send-port.send (i32.load (i32.const 512)) (i32.const 1024) (i32.const {length})
                    (i32.const 512) (i32.const {ports}) (i32.const 0) (i32.const 0)))"
            )) + &format!("(data (i32.const 1024) \"{bytes}\")")
        };
        for (bytes, length, ports) in [
            ("\\f5", 1, 2),
            ("\\82\\d9\\b8\\06\\00\\d9\\b8\\06\\00", 9, 1),
        ] {
            let reason = table.run(
                &send(bytes, length, ports),
                SpawnOptions::new().message(&to),
            )?;
            ensure!(reason.is_ended(), "{reason}");
        }
        ensure!(port.recv()?.decode::<bool>()?);
        let (one, other): (SendPort, SendPort) = port.recv()?.decode()?;
        ensure!(one == to && other == to);
        Ok(())
    })
}
