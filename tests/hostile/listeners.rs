//! Guests that want to be told of everything, or make the host tell others what
//! they never asked for.

use std::time::Duration;

use anyhow::{Result, ensure};
use insula::{ExitReason, Limit, Limits, SpawnOptions, Value};

use super::control::{guest, paused_child, repeat, until_status, waiting_child};
use insula_tests::hostile::{End, child, row, rows, table};

/// Adds the port in `$to` with `bytes` bytes from 8192 as its response.
pub fn listen(what: &str, of: &str, bytes: u32) -> String {
    format!(
        "(call $isolate.add-{what} {of} (global.get $to) (i32.const 8192) (i32.const {bytes})
            (i32.const 0) (i32.const 0))"
    )
}

/// Room for notices is promised out of the budget of mailboxes: it ends.
#[test]
fn listeners_are_on_the_budget() -> Result<()> {
    rows(|_| {
        // The receive ports are kept.
        let each = |what: &str, bytes: u32| {
            let listen = listen(what, "(global.get $self)", bytes);
            let code = until_status(
                1,
                &format!(
                    "(block (result i32) (call $open) {listen} (call $drop-send-port (global.get $to)))"
                ),
            );
            guest("(local $status i32)", &code, "")
        };
        let messages = |most: u64| Limits::default().mailbox_messages(most);
        let bytes = |most: u64| Limits::default().group_mailbox_bytes(most);
        Ok(vec![
            row(
                "exit listeners",
                each("exit-listener", 1),
                End::Exited(1000),
            )
            .limits(messages(2_000)),
            row("monitors", each("monitor", 1), End::Exited(1000)).limits(messages(2_000)),
            row(
                "exit listeners, large",
                each("exit-listener", 1000),
                End::Exited(100),
            )
            .limits(bytes(200 * 1128)),
            row("monitors, large", each("monitor", 1000), End::Exited(100))
                .limits(bytes(200 * (1128 + 1024))),
            // As many as its handles, of ports that are closed by now.
            row(
                "error listeners",
                guest(
                    "(local $status i32)",
                    &until_status(
                        1,
                        "(block (result i32) (call $open)
                            (call $isolate.add-error-listener (global.get $self) (global.get $to))
                            (call $drop-receive-port (global.get $port)) (call $drop-send-port (global.get $to)))",
                    ),
                    "",
                ),
                End::Exited(500),
            )
            .limits(Limits::default().handles(500)),
        ])
    })
}

/// A response that can never be sent, as its port was closed, is held for as
/// long as the listener is: on the budget of who holds it.
#[test]
fn listeners_of_closed_ports_are_on_the_budget() -> Result<()> {
    rows(|_| {
        let each = |add: &str| {
            let code = until_status(
                1,
                &format!(
                    "(block (result i32) (call $open) {add}
                        (call $drop-receive-port (global.get $port)) (call $drop-send-port (global.get $to)))"
                ),
            );
            let more = paused_child() + "(global $child (mut i32) (i32.const 0))";
            let code = format!("(global.set $child (call $child)) {code}");
            guest("(local $status i32)", &code, &more)
        };
        let (own, child) = ("(global.get $self)", "(global.get $child)");
        let ping = format!(
            "(call $isolate.ping {child} (global.get $to) (i32.const 8192) (i32.const 65408)
                (i32.const 0) (i32.const 0) (i32.const 1))"
        );
        let limits = || Limits::default().group_mailbox_bytes(20 * 65_536);
        Ok(vec![
            row(
                "exit listeners",
                each(&listen("exit-listener", own, 65_408)),
                End::Exited(19),
            )
            .limits(limits()),
            row(
                "monitors",
                each(&listen("monitor", own, 64_384)),
                End::Exited(19),
            )
            .limits(limits()),
            row(
                "of another",
                each(&listen("exit-listener", child, 65_408)),
                End::Exited(19),
            )
            .limits(limits()),
            row("pings", each(&ping), End::Exited(19)).limits(limits()),
        ])
    })
}

/// The same port again takes the place of what it was.
#[test]
fn adding_a_listener_again_takes_no_more_room() -> Result<()> {
    rows(|_| {
        let again = |add: String| {
            let code = repeat(100_000, &format!("(call $equal {add} (i32.const 0))"));
            guest("", &code, "")
        };
        let own = "(global.get $self)";
        let error = "(call $isolate.add-error-listener (global.get $self) (global.get $to))";
        Ok(vec![
            row("exit", again(listen("exit-listener", own, 100)), End::Ended),
            row("monitor", again(listen("monitor", own, 100)), End::Ended),
            row("error", again(error.to_owned()), End::Ended).limits(Limits::default().handles(3)),
        ])
    })
}

/// The end of who listens to himself tells nobody, and goes well.
#[test]
fn who_monitors_himself_just_ends() -> Result<()> {
    rows(|_| {
        let own = "(global.get $self)";
        let code = |end: &str| {
            format!(
                "(drop {}) (drop {})
                (drop (call $isolate.add-error-listener {own} (global.get $to)))
                (call $receive-port.listen (global.get $port) (i32.const 1)) {end}",
                listen("exit-listener", own, 1),
                listen("monitor", own, 1),
            )
        };
        let woken = "(func (export \"wake\") unreachable)";
        Ok(vec![
            row(
                "exits",
                guest("", &code("(call $proc_exit (i32.const 4))"), woken),
                End::Exited(4),
            ),
            row(
                "traps",
                guest("", &code("unreachable"), woken),
                End::Trapped("unreachable"),
            ),
            row(
                "kills itself",
                guest(
                    "",
                    &code(
                        "(drop (call $isolate.kill (global.get $self) (i32.const 0) (i32.const 0)))",
                    ),
                    woken,
                ),
                End::Killed,
            ),
            row(
                "kills itself after this",
                guest(
                    "",
                    &code(
                        "(drop (call $isolate.kill (global.get $self) (i32.const 1) (i32.const 1)))",
                    ),
                    woken,
                ),
                End::Killed,
            ),
        ])
    })
}

/// A reason of any length is told, cut where there is no room.
#[test]
fn a_reason_of_any_length_is_told() -> Result<()> {
    table(|table| {
        for length in (880..1120).chain([0, 1, 200, 4_096, 60_000]) {
            let more = format!(
                "{} (func (export \"insula:entry/child\")
                    (memory.fill (i32.const 8192) (i32.const 120) (i32.const 60000))
                    (call $uncaught (i32.const 8192) (i32.const {length}) (i32.const 0) (i32.const 0)))
                (func (export \"wake\")
                    (call $receive (i32.const 128))
                    (call $equal (i32.load8_u (i32.const 136)) (i32.const 0))
                    (call $proc_exit (i32.const 5)))",
                child().data()
            );
            let code = format!(
                "(call $receive-port.listen (global.get $port) (i32.const 1))
                (local.set $n (call $child))
                (call $equal {} (i32.const 0))",
                listen("monitor", "(local.get $n)", 1)
            );
            table.doing(&format!("a text of {length} bytes"));
            for budget in [2_500, 1 << 20] {
                let limits = Limits::default().group_mailbox_bytes(budget);
                let guest = guest("", &code, &more);
                let reason = table.run(&guest, SpawnOptions::new().limits(limits))?;
                ensure!(reason == ExitReason::Exited(5), "{length} bytes: {reason}");
            }
        }
        table.check()
    })
}

/// Bytes that are no message reach who listens as they are, and he goes on.
#[test]
fn a_response_that_is_no_message_harms_nobody() -> Result<()> {
    table(|table| {
        for (bytes, length) in [
            ("", 0),
            ("\\ff", 1),
            ("\\9b\\ff\\ff\\ff\\ff\\ff\\ff\\ff\\ff", 9),
        ] {
            let (to, port) = table.host.runtime.port();
            let add = |what: &str| {
                format!(
                    "(call $equal (call $isolate.add-{what} (global.get $self) (local.get $n)
                        (i32.const 2048) (i32.const {length}) (i32.const 0) (i32.const 0)) (i32.const 0))"
                )
            };
            let code = format!(
                "(call $first-message (i32.const 64))
                (local.set $n (i32.load (i32.load (i32.const 76))))
                {} {} (call $proc_exit (i32.const 3))",
                add("exit-listener"),
                add("monitor")
            );
            let more = format!("(data (i32.const 2048) \"{bytes}\")");
            let reason = table.run(&guest("", &code, &more), SpawnOptions::new().message(&to))?;
            ensure!(reason == ExitReason::Exited(3), "{reason}");
            for what in ["exit listener", "monitor"] {
                let told = port.recv_timeout(Duration::from_secs(60))?;
                let read = told.decode::<Value>();
                ensure!(read.is_err(), "the {what} was told {read:?}");
            }
        }
        Ok(())
    })
}

/// Errors in a loop: what listens gets what its mailbox holds, what is printed is
/// on the budget of output.
#[test]
fn errors_without_end_are_the_guests_own_time() -> Result<()> {
    rows(|_| {
        let for_ever = |listen: &str| {
            let code = format!(
                "(drop (call $isolate.set-errors-fatal (global.get $self) (i32.const 0)))
                {listen}
                (loop $for_ever
                    (call $uncaught (i32.const 0) (i32.const 65536) (i32.const 0) (i32.const 65536))
                    (br $for_ever))"
            );
            guest("", &code, "")
        };
        let listen =
            "(drop (call $isolate.add-error-listener (global.get $self) (global.get $to)))";
        let limits = || Limits::default().turn_cpu(300);
        Ok(vec![
            row("nobody listens", for_ever(""), End::Limit(Limit::TurnCpu))
                .limits(limits().output_bytes(100_000)),
            row(
                "it listens itself",
                for_ever(listen),
                End::Limit(Limit::TurnCpu),
            )
            // A mailbox full of small messages leaves the allocator with pieces.
            .limits(limits().mailbox_bytes(8 << 20)),
        ])
    })
}

/// A listener lives in another isolate than the one that added it, or in nobody.
#[test]
fn a_listener_whose_isolate_has_ended_is_nobody() -> Result<()> {
    rows(|_| {
        // The child listens to its parent with its own port, and ends.
        let more = waiting_child().replace(
            "(func (export \"insula:entry/child\")",
            "(func (export \"insula:entry/child\")
                (call $begin)
                (call $first-message (i32.const 64))
                (call $isolate.from-parts (i32.load (i32.load (i32.const 76)))
                    (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 64))
                (global.set $self (call $made))
                (call $equal (call $isolate.add-exit-listener (global.get $self) (global.get $to)
                    (i32.const 0) (i32.const 100) (i32.const 0) (i32.const 0)) (i32.const 0))
                (call $equal (call $isolate.add-monitor (global.get $self) (global.get $to)
                    (i32.const 0) (i32.const 100) (i32.const 0) (i32.const 0)) (i32.const 0))
                (call $equal (call $isolate.add-error-listener (global.get $self) (global.get $to)) (i32.const 0))
                (call $exit)",
        );
        let request = child().message(0, 0);
        let more = more.replace(&child().data(), &request.data());
        // Its own control port goes along; it waits until the child is gone.
        let code = format!(
            "(call $isolate.control-port (global.get $self) (i32.const 64))
            (i32.store (i32.const 512) (call $made))
            (i32.store (i32.const {}) (i32.const 512)) (i32.store (i32.const {}) (i32.const 1))
            (local.set $n (call $child))
            (call $receive-port.listen (global.get $port) (i32.const 1))
            (call $equal {} (i32.const 0))",
            768 + 32,
            768 + 36,
            listen("exit-listener", "(local.get $n)", 0)
        );
        let wake = more.replace(
            "(func (export \"wake\") (call $receive (i32.const 128)))",
            "(func (export \"wake\") unreachable)",
        );
        let code = guest("", &code, &wake);
        Ok(vec![row(
            "three of them",
            code,
            End::Trapped("unreachable"),
        )])
    })
}
