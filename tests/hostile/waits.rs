//! Guests that wait for room, and for ports to close, in ways that nobody meant;
//! and names without end.

use anyhow::Result;
use insula::Limits;

use super::control::{guest, repeat, waiting_child};
use insula_tests::hostile::{End, Row, child, row, rows, until_refused};

/// Sends `bytes` bytes to `to` and waits for room.
fn wait_for_room(to: &str, bytes: u32) -> String {
    format!(
        "(call $send-port.send-when-ready {to} (i32.const 8192) (i32.const {bytes})
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 64))"
    )
}

/// Fills the mailbox behind `to`.
fn fill(to: &str) -> String {
    format!(
        "(loop $fill (br_if $fill (i32.eqz (call $send-port.send {to} (i32.const 0) (i32.const 0)
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))))"
    )
}

const TO: &str = "(i32.load (i32.const 36))";
const PORT: &str = "(call $receive-port.open (i64.const 0) (i32.const 16))
    (call $receive-port.sender (i32.load (i32.const 20)) (i32.const 32))";

/// What waits in line is on the budget of who sends it, and has a handle each.
#[test]
fn what_waits_in_line_is_limited() -> Result<()> {
    rows(|_| {
        let full = || Limits::default().mailbox_messages(10);
        let line = |bytes| {
            until_refused(
                &format!("{PORT} {}", fill(TO)),
                &wait_for_room(TO, bytes),
                "",
            )
        };
        Ok(vec![
            row("handles", line(0), End::Exited(98)).limits(full().handles(100)),
            // Ten messages of 128 bytes are in the mailbox.
            row("bytes", line(872), End::Exited(20))
                .limits(full().group_mailbox_bytes(10 * 128 + 20 * 1000 + 999)),
            row(
                "watches",
                until_refused(
                    PORT,
                    &format!("(call $send-port.when-closed {TO} (i64.const 0) (i32.const 64))"),
                    "",
                ),
                End::Exited(98),
            )
            .limits(Limits::default().handles(100)),
        ])
    })
}

/// Waits that are over and that were not taken: as many as there are handles.
#[test]
fn waits_that_are_over_are_limited() -> Result<()> {
    rows(|_| {
        let drop_it = "(if (i32.eqz (i32.load8_u (i32.const 64)))
            (then (call $drop-wait (i32.load (i32.const 68)))))";
        let nowhere = "(call $send-port.capability (i32.const 32))";
        let over =
            |before: &str, wait: &str| until_refused(before, &format!("{wait} {drop_it}"), "");
        let when_closed =
            format!("(call $send-port.when-closed {TO} (i64.const 0) (i32.const 64))");
        let limits = || Limits::default().handles(100);
        Ok(vec![
            row("closed", over(nowhere, &when_closed), End::Exited(100)).limits(limits()),
            row(
                "to nowhere",
                over(nowhere, &wait_for_room(TO, 10)),
                End::Exited(100),
            )
            .limits(limits()),
            row(
                "sent at once",
                over(PORT, &wait_for_room(TO, 10)),
                End::Exited(100),
            )
            .limits(limits()),
            row(
                "too large",
                over(PORT, &wait_for_room(TO, 1_000)),
                End::Exited(100),
            )
            .limits(limits().message_bytes(999)),
        ])
    })
}

/// A wait that is dropped takes its message out of the line.
#[test]
fn waits_that_are_dropped_leave_nothing() -> Result<()> {
    rows(|_| {
        let each = |before: &str, wait: &str| {
            let code = repeat(100_000, &format!("{wait} (call $drop-wait (call $made))"));
            guest("", &format!("{before} {code}"), "")
        };
        let to = "(global.get $to)";
        let watch = format!("(call $send-port.when-closed {to} (i64.const 0) (i32.const 64))");
        let limits = || Limits::default().mailbox_messages(10);
        Ok(vec![
            row(
                "in line",
                each(&fill(to), &wait_for_room(to, 60_000)),
                End::Ended,
            )
            .limits(limits()),
            row("watches", each("", &watch), End::Ended).limits(limits()),
        ])
    })
}

/// Who stands in line is told when the receiver ends, each once.
#[test]
fn a_receiver_that_is_killed_settles_its_line() -> Result<()> {
    rows(|_| {
        // The child does not listen.
        let more = child().data()
            + "(func (export \"insula:entry/child\")
                (call $timer.start (i64.const -1) (i64.const 0) (i32.const 64)))
            (global $told (mut i32) (i32.const 0))
            (func (export \"wake\")
                (loop $next
                    (call $receive (i32.const 128))
                    (if (i32.load8_u (i32.const 128)) (then
                        (call $equal (i32.load8_u (i32.const 136)) (i32.const 3))
                        (call $equal (i32.load8_u (i32.const 152)) (i32.const 3))
                        (global.set $told (i32.add (global.get $told) (i32.const 1)))
                        (br $next))))
                (if (i32.eq (global.get $told) (i32.const 2000)) (then (call $proc_exit (i32.const 7)))))";
        let code = format!(
            "(local.set $child (call $child))
            (local.set $to-child (i32.load (i32.const 72)))
            {}
            {}
            (drop (call $isolate.kill (local.get $child) (i32.const 0) (i32.const 0)))",
            fill("(local.get $to-child)"),
            repeat(
                1_000,
                &format!(
                    "{} (drop (call $made))
                    (call $send-port.when-closed (local.get $to-child) (i64.const 0) (i32.const 64))
                    (drop (call $made))",
                    wait_for_room("(local.get $to-child)", 100)
                )
            )
        );
        let locals = "(local $child i32) (local $to-child i32)";
        let limits = Limits::default().mailbox_messages(10);
        Ok(vec![
            row(
                "a thousand in line",
                guest(locals, &code, &more),
                End::Exited(7),
            )
            .limits(limits),
        ])
    })
}

/// Senders that are killed while they stand in line, at any moment.
#[test]
fn senders_that_are_killed_leave_the_line() -> Result<()> {
    rows(|_| {
        // The child gets its parent's port, whose mailbox is full, and waits.
        let more = child().message(0, 0).data()
            + &format!(
                "(func (export \"insula:entry/child\")
                (call $first-message (i32.const 64))
                (global.set $to (i32.load (i32.load (i32.const 76))))
                (loop $again {} (br_if $again (i32.eqz (i32.load8_u (i32.const 64))))))",
                wait_for_room("(global.get $to)", 10_000)
            )
            + "(func (export \"wake\") (call $receive (i32.const 128)))";
        let code = format!(
            "(i32.store (i32.const 512) (global.get $to))
            (i32.store (i32.const 800) (i32.const 512)) (i32.store (i32.const 804) (i32.const 1))
            {}
            {}
            ;; Those that are still there wait for what never comes.
            (call $drop-receive-port (global.get $port))",
            fill("(global.get $to)"),
            repeat(
                300,
                "(loop $full
                    (global.set $free (i32.const 16384))
                    (call $spawn (i32.const 768) (i32.const 64))
                    (br_if $full (i32.load8_u (i32.const 64))))
                (drop (call $isolate.kill (i32.load (i32.const 68)) (i32.const 0) (i32.const 0)))
                (call $drop-isolate (i32.load (i32.const 68)))
                (call $drop-send-port (i32.load (i32.const 72)))"
            )
        );
        let limits = Limits::default().mailbox_messages(10).isolates(10);
        Ok(vec![
            row("three hundred", guest("", &code, &more), End::Ended).limits(limits),
        ])
    })
}

/// Names that differ in their length: so many zeros.
const REGISTER: &str =
    "(call $register (i32.const 8192) (local.get $n) (i32.load (i32.const 36)) (i32.const 64))";

#[test]
fn names_are_limited() -> Result<()> {
    rows(|_| {
        let until = |code: &str| until_refused(PORT, code, "");
        let long = "(call $register (i32.const 16384) (i32.add (local.get $n) (i32.const 60000))
            (i32.load (i32.const 36)) (i32.const 64))";
        Ok(vec![
            row("by default", until(REGISTER), End::Exited(1_000)),
            // 60,000 and 60,001 bytes, beside what the isolate itself takes.
            row("their bytes", until(long), End::Exited(2))
                .limits(Limits::default().host_memory(170_000)),
        ])
    })
}

/// Names go with their ports, and whoever gives and takes them for ever gets no
/// further.
#[test]
fn names_of_closed_ports_are_gone() -> Result<()> {
    let lookup = "(call $lookup (i32.const 8192) (i32.const 5) (i32.const 64))";
    rows(move |_| {
        let register =
            "(call $register (i32.const 8192) (i32.const 5) (global.get $to) (i32.const 64))
            (call $equal (i32.load8_u (i32.const 64)) (i32.const 0))";
        let close =
            "(call $drop-receive-port (global.get $port)) (call $drop-send-port (global.get $to))";
        let gone = format!("{lookup} (call $equal (call $flag) (i32.const 0))");
        let again = |what: &str, code: &str| -> Row {
            row(what, guest("", &repeat(10_000, code), ""), End::Ended)
                .limits(Limits::default().named_ports(1))
        };
        Ok(vec![
            again("closed", &format!("(call $open) {register} {close} {gone}")),
            again(
                "taken away",
                &format!(
                    "{register} {register} (call $equal (call $unregister (i32.const 8192) (i32.const 5)) (i32.const 1))
                    (call $equal (call $unregister (i32.const 8192) (i32.const 5)) (i32.const 0)) {gone}"
                ),
            ),
        ])
    })
}

/// Ports that lead nowhere get no name, and nobody takes another port's.
#[test]
fn names_are_for_open_ports_and_for_one() -> Result<()> {
    rows(|_| {
        let refused = |what: &str, port: &str, kind: u32| {
            let code = format!(
                "(call $register (i32.const 8192) (i32.const 5) (global.get $to) (i32.const 64))
                (call $equal (i32.load8_u (i32.const 64)) (i32.const 0))
                {port} (local.set $n)
                (call $register (i32.const 8192) (i32.const {}) (local.get $n) (i32.const 64))
                (call $equal (i32.load8_u (i32.const 64)) (i32.const 1))
                (call $equal (i32.load8_u (i32.const 68)) (i32.const {kind}))",
                if kind == 6 { 5 } else { 6 }
            );
            row(what, guest("", &code, ""), End::Ended)
        };
        let other = "(call $open) (global.get $to)";
        let closed = "(call $open) (call $drop-receive-port (global.get $port)) (global.get $to)";
        let capability = "(call $send-port.capability (i32.const 64)) (call $made)";
        let control = "(call $isolate.control-port (global.get $self) (i32.const 64)) (call $made)";
        Ok(vec![
            refused("a name that is taken", other, 6),
            refused("a closed port", closed, 7),
            refused("a capability", capability, 7),
            refused("a control port", control, 7),
        ])
    })
}

/// Isolates that end with their names, while others look for them.
#[test]
fn names_of_isolates_that_are_killed_are_gone() -> Result<()> {
    rows(|_| {
        let more = waiting_child().replace(
            "(func (export \"insula:entry/child\")",
            "(func (export \"insula:entry/child\")
                (call $open)
                (call $register (i32.const 8192) (i32.const 5) (global.get $to) (i32.const 64))",
        );
        let code = repeat(
            500,
            "(loop $full
                (global.set $free (i32.const 16384))
                (call $spawn (i32.const 768) (i32.const 64))
                (br_if $full (i32.load8_u (i32.const 64))))
            (call $lookup (i32.const 8192) (i32.const 5) (i32.const 128))
            (if (i32.load8_u (i32.const 132)) (then (call $drop-send-port (i32.load (i32.const 136)))))
            (drop (call $isolate.kill (i32.load (i32.const 68)) (i32.const 0) (i32.const 0)))
            (call $drop-isolate (i32.load (i32.const 68)))
            (call $drop-send-port (i32.load (i32.const 72)))",
        );
        let limits = Limits::default().isolates(10);
        Ok(vec![
            row("five hundred", guest("", &code, &more), End::Ended).limits(limits),
        ])
    })
}
