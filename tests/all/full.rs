//! Mailboxes and ports that are full, and messages that are too large.

use anyhow::{Result, bail, ensure};
use insula::{ExitReason, Limit, LimitHit, Limits, SendError, SpawnError, SpawnOptions};

use insula_tests::hostile::{End, main, row, rows, send_until_full, table};

/// A send is answered with a number: full, or too large.
#[test]
fn mailboxes_are_full_at_their_limits() -> Result<()> {
    rows(|_| {
        let limits = Limits::default;
        let too_large = |length: u32, status: i32| {
            let code = format!(
                "(call $receive-port.open (i64.const 0) (i32.const 0))
                (call $receive-port.sender (i32.load (i32.const 4)) (i32.const 16))
                (i32.store (i32.const 512) (i32.load (i32.const 20)))
                (call $proc_exit (call $send-port.send (i32.load (i32.const 20)) (i32.const 1024) (i32.const {length})
                    (i32.const 512) (i32.const 1) (i32.const 1) (i32.load (i32.const 20))))"
            );
            let end = if status == 0 {
                End::Ended
            } else {
                End::Exited(status)
            };
            row(format!("{length} bytes and two ports"), main(&code), end)
        };
        // Each empty message costs 128.
        Ok(vec![
            row("10 messages", send_until_full(2, 0), End::Exited(10))
                .limits(limits().mailbox_messages(10)),
            row("20 messages", send_until_full(2, 0), End::Exited(20))
                .limits(limits().mailbox_messages(20)),
            row("bytes for 7", send_until_full(2, 0), End::Exited(7))
                .limits(limits().mailbox_bytes(1023)),
            row("bytes for 8", send_until_full(2, 0), End::Exited(8))
                .limits(limits().mailbox_bytes(1024)),
            row("group's bytes for 7", send_until_full(2, 0), End::Exited(7))
                .limits(limits().group_mailbox_bytes(1023)),
            row("group's bytes for 8", send_until_full(2, 0), End::Exited(8))
                .limits(limits().group_mailbox_bytes(1024)),
            row(
                "large: group's bytes for 2",
                send_until_full(2, 65_536),
                End::Exited(2),
            )
            .limits(limits().group_mailbox_bytes(3 * 65_664 - 1)),
            row(
                "large: group's bytes for 3",
                send_until_full(2, 65_536),
                End::Exited(3),
            )
            .limits(limits().group_mailbox_bytes(3 * 65_664)),
            row(
                "large: bytes for 2",
                send_until_full(2, 65_536),
                End::Exited(2),
            )
            .limits(limits().mailbox_bytes(3 * 65_664 - 1)),
            // Each port costs 64.
            too_large(1000, 2).limits(limits().message_bytes(1127)),
            too_large(1000, 0).limits(limits().message_bytes(1128)),
            too_large(0, 2).limits(limits().message_bytes(127)),
            too_large(0, 0).limits(limits().message_bytes(128)),
            row("the largest by default", largest(32 << 20), End::Ended),
            row("one more", largest((32 << 20) + 1), End::Exited(2)),
        ])
    })
}

/// Sends so many bytes to itself once.
fn largest(length: u32) -> String {
    main(&format!(
        "(call $receive-port.open (i64.const 0) (i32.const 0))
        (call $receive-port.sender (i32.load (i32.const 4)) (i32.const 16))
        (call $proc_exit (call $send-port.send (i32.load (i32.const 20)) (i32.const 0) (i32.const {length})
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))"
    ))
    .replace("(memory (export \"memory\") 2)", "(memory (export \"memory\") 600)")
}

/// A port of the host's holds what its limits allow, until the host has dropped
/// what came.
#[test]
fn a_host_port_is_full_at_its_limits() -> Result<()> {
    table(|table| {
        let wat = main(
            "(local $n i32) (local $to i32)
            (call $first-message (i32.const 64))
            (local.set $to (i32.load (i32.load (i32.const 76))))
            (loop $again
                (if (i32.eqz (call $send-port.send (local.get $to) (i32.const 1024) (i32.const 1) (i32.const 0)
                        (i32.const 0) (i32.const 0) (i32.const 0)))
                    (then
                        (local.set $n (i32.add (local.get $n) (i32.const 1)))
                        (br $again))))
            (call $proc_exit (local.get $n))",
        );
        for (limits, most) in [
            (Limits::default().mailbox_messages(5), 5),
            (Limits::default().mailbox_bytes(129 * 7), 7),
            (Limits::default(), 100_000),
        ] {
            let (to, port) = table.host.runtime.port_with_limits(&limits);
            let reason = table.run(&wat, SpawnOptions::new().message(&to))?;
            ensure!(reason == ExitReason::Exited(most), "{reason}");
            ensure!(matches!(to.send("x"), Err(SendError::Full)));
            drop(port.try_recv()?);
            ensure!(to.send(&1).is_ok(), "there is room again");
        }
        Ok(())
    })
}

/// The host is told the same as the guests.
#[test]
fn the_host_is_told_the_option() -> Result<()> {
    table(|table| {
        let wat = table.module(&main(""));
        let program = table.host.wat(&wat)?;
        let spawn = |limits: Limits, message: &str| {
            let options = SpawnOptions::new().limits(limits).message(message);
            let spawned = table.host.runtime.spawn(&program, options);
            spawned.map(|isolate| drop(isolate.join()))
        };
        let text = "x".repeat(1000);
        for (limit, value, enough) in [
            (Limit::MessageBytes, 1000, 1003),
            (Limit::GroupMailboxBytes, 1000, 1131),
            (Limit::Isolates, 0, 1),
            (Limit::Spawned, 0, 1),
        ] {
            let set = |value| {
                Limits::default()
                    .set(limit.option(), value)
                    .expect("a limit")
            };
            let hit = LimitHit { limit, value };
            match spawn(set(value), &text) {
                Err(SpawnError::Limit(found) | SpawnError::MessageTooLarge(found)) => {
                    ensure!(found == hit, "{found}, expected {hit}");
                }
                other => bail!("{limit:?}: {other:?}"),
            }
            spawn(set(enough), &text)?;
        }
        Ok(())
    })
}

#[test]
fn a_host_that_sends_is_told_which_options_help() -> Result<()> {
    table(|table| {
        let waiting = "(func (export \"wake\"))";
        let wat = main(
            "(call $first-port (i64.const 0) (i32.const 0))
            (call $timer.start (i64.const -1) (i64.const 0) (i32.const 64))",
        ) + waiting;
        let program = table.host.wat(&table.module(&wat))?;
        let limits = Limits::default().mailbox_messages(2).message_bytes(100);
        let isolate = table
            .host
            .runtime
            .spawn(&program, SpawnOptions::new().limits(limits))?;
        isolate.port().send(&1)?;
        isolate.port().send(&2)?;
        let full = isolate.port().send(&3);
        let large = isolate.port().send(&"x".repeat(100));
        isolate.kill();
        ensure!(isolate.join() == ExitReason::Killed);
        let full = full.expect_err("it holds two").to_string();
        ensure!(
            full.contains("Limits::mailbox_messages") && full.contains("mailbox_bytes"),
            "{full}"
        );
        let large = large.expect_err("102 bytes").to_string();
        ensure!(large.contains("Limits::message_bytes"), "{large}");
        Ok(())
    })
}
