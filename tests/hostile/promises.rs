//! Guests that have room kept for them, and leave it to others to do without.

use std::time::Duration;

use anyhow::{Result, ensure};
use insula::{Limits, SendError, SpawnOptions};

use super::control::{guest, paused_child};
use super::listeners::listen;
use insula_tests::hostile::{End, row, rows, table};

/// Whoever is asked for later takes no more than a part of a mailbox: others on
/// the same port are not shut out.
#[test]
fn promises_do_not_shut_others_out() -> Result<()> {
    table(|table| {
        let (to, port) = table.host.runtime.port();
        let flood = |bytes: u32| {
            let code = format!(
                "(call $first-message (i32.const 64))
                (global.set $to (i32.load (i32.load (i32.const 76))))
                (global.set $child (call $child))
                (loop $flood (br_if $flood (i32.eqz
                    (call $isolate.ping (global.get $child) (global.get $to) (i32.const 0)
                        (i32.const {bytes}) (i32.const 0) (i32.const 0) (i32.const 1)))))
                (call $open)
                (call $receive-port.listen (global.get $port) (i32.const 1))
                (drop (call $send-port.send (i32.load (i32.load (i32.const 76))) (i32.const 1024)
                    (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))"
            );
            let more = paused_child() + "(global $child (mut i32) (i32.const 0))";
            guest("", &code, &more)
        };
        for bytes in [0, 60_000] {
            let program = table.host.wat(&table.module(&flood(bytes)))?;
            table.doing(&format!("flooding by promises of {bytes} bytes"));
            let isolate = table
                .host
                .runtime
                .spawn(&program, SpawnOptions::new().message(&to))?;
            // It has said that it is done.
            drop(port.recv_timeout(Duration::from_secs(60))?);
            to.send(&"x".repeat(30 << 20))?;
            drop(port.recv_timeout(Duration::from_secs(60))?);
            isolate.kill();
            drop(isolate.join());
        }
        let huge = "x".repeat(31 << 20);
        let refused = table.bystander.add_exit_listener(&to, &huge);
        ensure!(matches!(refused, Err(SendError::Full)), "{refused:?}");
        Ok(())
    })
}

/// What is larger than a message may be is no response.
#[test]
fn huge_responses_are_refused() -> Result<()> {
    rows(|_| {
        let limits = || Limits::default().message_bytes(1_000);
        let refused = |add: &str| {
            let code = format!("(call $equal {add} (i32.const 2))");
            guest("", &code, "")
        };
        let own = "(global.get $self)";
        let ping = |priority: u32| {
            format!(
                "(call $isolate.ping {own} (global.get $to) (i32.const 0) (i32.const 1001)
                    (i32.const 0) (i32.const 0) (i32.const {priority}))"
            )
        };
        Ok(vec![
            row(
                "exit",
                refused(&listen("exit-listener", own, 1001)),
                End::Ended,
            )
            .limits(limits()),
            row(
                "monitor",
                refused(&listen("monitor", own, 1001)),
                End::Ended,
            )
            .limits(limits()),
            row("ping", refused(&ping(0)), End::Ended).limits(limits()),
            row("ping, later", refused(&ping(1)), End::Ended).limits(limits()),
        ])
    })
}
