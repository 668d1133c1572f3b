//! Guests that flood, that never take what comes, and that tie ports together.

use anyhow::Result;
use insula::{Limit, Limits};
use insula_tests::hostile::{
    End, Row, SPAWN, WAITING_CHILD, child, killed, main, row, send_until_full, server,
};

use super::cpu::{HERE, SAY_HERE};
use crate::control::{guest, repeat, until_status};

/// Sends so many bytes to the port whose handle `to` gives.
fn send(to: &str, bytes: u32) -> String {
    format!(
        "(call $send-port.send {to} (i32.const 0) (i32.const {bytes}) (i32.const 0) (i32.const 0)
            (i32.const 0) (i32.const 0))"
    )
}

const TO: &str = "(global.get $to)";

/// A server that keeps a send port of its own as `$to` and sends to it at its
/// beginning and at each wake.
fn to_itself(first: &str, wake: &str) -> String {
    server(
        &format!(
            "(call $receive-port.sender (global.get $port) (i32.const 16))
            (global.set $to (i32.load (i32.const 20))) {first} {SAY_HERE}"
        ),
        &format!("(global.set $free (i32.const 16384)) {wake}"),
    ) + "(global $to (mut i32) (i32.const 0))"
        + HERE
}

/// Into mailboxes.
fn floods() -> Vec<Row> {
    let few = Limits::default().mailbox_messages(50);
    let status = "(local $status i32)";
    let until_full = |what: &str| {
        guest(
            status,
            &until_status(1, what),
            &(child().data() + WAITING_CHILD),
        )
    };
    let two_for_one = format!(
        "(loop $again (global.set $free (i32.const 16384)) (call $receive (i32.const 64))
            (if (i32.load8_u (i32.const 64)) (then (drop {0}) (drop {0}) (br $again))))",
        send(TO, 4)
    );
    vec![
        row("its own, message by message", until_full(&send(TO, 0)), End::Exited(50)).limits(few.clone()),
        row("its own, with megabytes", send_until_full(20, 1 << 20), End::Exited(3))
            .limits(Limits::default().mailbox_bytes(4 << 20)),
        row("its group's share", send_until_full(24, 1 << 20), End::Exited(2))
            .limits(Limits::default().group_mailbox_bytes(3 << 20)),
        row(
            "its child's, which never listens",
            guest(
                status,
                &format!(
                    "(drop (call $child)) (global.set $to (i32.load (i32.const 72))) {}",
                    until_status(1, &send(TO, 0))
                ),
                &(child().data() + WAITING_CHILD),
            ),
            End::Exited(50),
        )
        .limits(few.clone()),
        row(
            "a message larger than is allowed",
            guest(status, &until_status(2, &send(TO, 1001)), ""),
            End::Ended,
        )
        .limits(Limits::default().message_bytes(1000)),
        row(
            "ports that make a message too large",
            guest(
                status,
                &format!(
                    "{} {}",
                    repeat(20, "(i32.store (i32.add (i32.const 4096) (i32.shl (local.get $n) (i32.const 2))) (global.get $to))"),
                    "(call $equal (i32.const 2) (call $send-port.send (global.get $to) (i32.const 0) (i32.const 0)
                        (i32.const 4096) (i32.const 20) (i32.const 0) (i32.const 0)))"
                ),
                "",
            ),
            End::Ended,
        )
        .limits(Limits::default().message_bytes(1000)),
        killed(
            "two messages for each that it takes",
            to_itself(&format!("(drop {})", send(TO, 4)), &two_for_one),
        ),
        row(
            "lines of those that wait for room",
            guest(
                "",
                &format!(
                    "{} (loop $wait
                        (call $send-port.send-when-ready (global.get $to) (i32.const 0) (i32.const 0)
                            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 64))
                        (if (i32.eqz (i32.load8_u (i32.const 64))) (then
                            (local.set $n (i32.add (local.get $n) (i32.const 1)))
                            (br $wait))))
                    (call $equal (i32.load8_u (i32.const 68)) (i32.const 0))",
                    repeat(50, &format!("(drop {})", send(TO, 0)))
                ),
                "",
            ),
            End::Ended,
        )
        .limits(few),
        row(
            "names for one port",
            guest(
                "",
                "(loop $again
                    (i32.store (i32.const 4096) (local.get $n))
                    (i32.store (i32.const 4100) (i32.const 0x61616161))
                    (call $register (i32.const 4096) (i32.const 5) (global.get $to) (i32.const 64))
                    (local.set $n (i32.add (local.get $n) (i32.const 1)))
                    (br_if $again (i32.lt_u (local.get $n) (i32.const 128))))
                (call $equal (i32.load8_u (i32.const 64)) (i32.const 1))
                (call $equal (i32.load8_u (i32.const 68)) (i32.const 0))",
                "",
            ),
            End::Ended,
        )
        .limits(Limits::default().named_ports(100)),
        row(
            "a name of 64 KiB and a byte",
            guest("", "(call $register (i32.const 0) (i32.const 65537) (global.get $to) (i32.const 64))", ""),
            End::broken(["65537"]),
        ),
        row(
            "notices that nobody can reach it, again and again",
            guest(
                "",
                &(repeat(
                    50_000,
                    "(call $receive-port.sender (global.get $port) (i32.const 64))
                    (call $drop-send-port (global.get $to))
                    (global.set $to (i32.load (i32.const 68)))
                    (call $drop-send-port (global.get $to))
                    (call $receive-port.sender (global.get $port) (i32.const 64))
                    (global.set $to (i32.load (i32.const 68)))",
                ) + "(call $exit)"),
                "",
            ),
            End::Ended,
        ),
    ]
}

/// Taking what comes, or not.
fn takers() -> Vec<Row> {
    let ten = repeat_sends(10);
    let wakes = |wake: &str| to_itself(&ten, wake);
    let without_room = |realloc: &str| {
        format!(
            "(memory (export \"memory\") 2)
            (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) {realloc})
            (func (export \"wake\"))
            (func (export \"insula:entry/main\")
                (call $receive-port.open (i64.const 0) (i32.const 0))
                (call $receive-port.listen (i32.load (i32.const 4)) (i32.const 1))
                (call $receive-port.sender (i32.load (i32.const 4)) (i32.const 16))
                (drop {})
                (call $receive (i32.const 64)))",
            send("(i32.load (i32.const 20))", 100)
        )
    };
    vec![
        killed("wakes and takes nothing", wakes("")),
        killed("wakes, and takes one of ten that it sends", wakes(&format!("(call $receive (i32.const 64)) {ten}"))),
        row("wakes and traps", wakes("unreachable"), End::Trapped("unreachable")),
        row("wakes and leaves with nine waiting", wakes("(call $receive (i32.const 64)) (call $exit)"), End::Ended),
        row(
            "closes its port with ten waiting",
            wakes("(call $drop-receive-port (global.get $port))"),
            End::Ended,
        ),
        row("has no room", without_room("(unreachable)"), End::Trapped("unreachable")),
        row(
            "leaves while it is to make room",
            without_room("(call $exit) (i32.const 64)"),
            End::broken(["cabi_realloc"]),
        ),
        row(
            "takes memory without end to make room",
            without_room("(loop $again (br_if $again (i32.ne (i32.const -1) (memory.grow (i32.const 16))))) (unreachable)"),
            End::Limit(Limit::Memory),
        )
        .limits(Limits::default().memory(4 << 20)),
    ]
}

fn repeat_sends(times: usize) -> String {
    format!("(drop {})", send(TO, 4)).repeat(times)
}

/// Ports that hold each other.
fn ties() -> Vec<Row> {
    let one_port = |at: u32| format!("(i32.store (i32.const {at}) (global.get $to))");
    let with_port = "(drop (call $send-port.send (global.get $to) (i32.const 0) (i32.const 0)
        (i32.const 4096) (i32.const 1) (i32.const 1) (global.get $to)))";
    vec![
        row(
            "a port in its own mailbox",
            guest("", &format!("{} {with_port}", one_port(4096)), ""),
            End::Ended,
        ),
        row(
            "a thousand messages that bring their own port",
            guest(
                "",
                &format!("{} {}", one_port(4096), repeat(1000, with_port)),
                "",
            ),
            End::Ended,
        ),
        row(
            "two isolates that wait for each other",
            server(
                &format!("{SPAWN} (drop {})", send("(i32.load (i32.const 72))", 0)),
                "(call $receive (i32.const 128))",
            ) + "(data (i32.const 1024) \"child\")"
                + &child().data()
                + WAITING_CHILD
                    .split_once("(func (export \"wake\")")
                    .map_or("", |(entry, _)| entry),
            End::Ended,
        ),
        killed(
            "a message that goes round between ports of its own",
            to_itself(
                &format!("(drop {})", send(TO, 1000)),
                &format!("(call $receive (i32.const 64)) (drop {})", send(TO, 1000)),
            ),
        ),
        row(
            "a wait for its own end",
            guest(
                "",
                "(call $send-port.when-closed (global.get $to) (i64.const 1) (i32.const 64))",
                "",
            ),
            End::Ended,
        ),
        row(
            "sends to a child that is gone",
            main(&format!(
                "(local $n i32) {SPAWN}
                (drop (call $isolate.kill (i32.load (i32.const 68)) (i32.const 0) (i32.const 1)))
                {}",
                repeat(
                    20_000,
                    &format!("(drop {})", send("(i32.load (i32.const 72))", 64))
                )
            )) + "(data (i32.const 1024) \"child\")"
                + &child().data()
                + WAITING_CHILD,
            End::Ended,
        ),
    ]
}

pub fn rows() -> Vec<Row> {
    [floods(), takers(), ties()].into_iter().flatten().collect()
}

#[test]
fn messages() -> Result<()> {
    super::group("messages")
}
