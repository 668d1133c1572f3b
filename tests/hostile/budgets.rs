//! What the host holds for a guest is on a budget while it holds it: waiting to
//! be taken, being taken, or forgotten by the guest.

use anyhow::{Result, ensure};
use insula::{ExitReason, Limits, SendError, SpawnOptions, Stream};

use insula_tests::hostile::{
    End, MEMORY, Row, SPAWN, WAITING_CHILD, child, row, rows, table, until_refused,
};

/// What waits to be taken as a first message is on the group's budget too: else
/// a thousand children hold 32 MiB each before the first of them runs.
#[test]
fn first_messages_are_on_the_budget() -> Result<()> {
    table(|table| {
        let wat = until_refused(
            "",
            SPAWN,
            &(child().message(2048, 65_536).data() + WAITING_CHILD),
        );
        let limits = Limits::default().group_mailbox_bytes(5 * 65_536);
        let reason = table.run(&wat, SpawnOptions::new().limits(limits))?;
        ensure!(reason == ExitReason::Exited(4), "{reason}");
        let said = table.host.texts(Stream::Stdout);
        ensure!(said.len() == 1, "{said:?}");
        for word in ["327680", "Limits::group_mailbox_bytes"] {
            ensure!(said[0].contains(word), "{said:?}");
        }
        Ok(())
    })
}

/// A message is on its group's budget until the guest has it: a guest that
/// never comes back from `cabi_realloc` holds no more than that.
#[test]
fn a_message_being_taken_is_on_the_budget() -> Result<()> {
    table(|table| {
        let wat = "(memory (export \"memory\") 2)
            (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32)
                (loop $again (br $again)) unreachable)
            (func (export \"insula:entry/main\")
                (call $first-port (i64.const 0) (i32.const 0))
                (call $receive-port.listen (i32.load (i32.const 4)) (i32.const 1)))
            (func (export \"wake\") (call $receive (i32.const 64)))";
        let program = table.host.wat(&table.module(wat))?;
        let limits = Limits::default()
            .group_mailbox_bytes(3 << 20)
            .turn_cpu(3_600_000);
        let isolate = table
            .host
            .runtime
            .spawn(&program, SpawnOptions::new().limits(limits))?;
        let message = "x".repeat(2 << 20);
        isolate.port().send(&message)?;
        table.doing("waiting until the message is being taken");
        while table.host.runtime.figures().messages > 0 {
            std::thread::yield_now();
        }
        let second = isolate.port().send(&message);
        ensure!(matches!(second, Err(SendError::Full)), "{second:?}");
        isolate.kill();
        let reason = isolate.join();
        ensure!(reason == ExitReason::Killed, "{reason}");
        Ok(())
    })
}

/// Timers that came due and were dropped wait in the mailbox until they are
/// taken: they count as timers, or a guest that never takes any would pile them
/// up in the host.
#[test]
fn dropped_timers_that_came_due_are_counted() -> Result<()> {
    rows(|_| {
        let wat = format!(
            r#"{MEMORY}
            (func (export "insula:entry/main") (local $n i32)
                (loop $rounds
                    (local.set $n (i32.const 0))
                    (loop $start
                        (call $timer.start (i64.const 0) (i64.const 0) (i32.const 64))
                        (if (i32.load8_u (i32.const 64)) (then (call $proc_exit (i32.const 7))))
                        (i32.store (i32.add (i32.const 512) (i32.mul (local.get $n) (i32.const 4))) (i32.load (i32.const 68)))
                        (local.set $n (i32.add (local.get $n) (i32.const 1)))
                        (br_if $start (i32.lt_u (local.get $n) (i32.const 50))))
                    ;; A millisecond, for the clock to fire them.
                    (i64.store (i32.const 4096) (i64.const 0))
                    (i64.store (i32.const 4120) (i64.const 1000000))
                    (drop (call $poll_oneoff (i32.const 4096) (i32.const 5000) (i32.const 1) (i32.const 6000)))
                    (loop $drop
                        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                        (call $drop-timer (i32.load (i32.add (i32.const 512) (i32.mul (local.get $n) (i32.const 4)))))
                        (br_if $drop (local.get $n)))
                    (br $rounds)))"#
        );
        let limits = Limits::default().timers(100).turn_cpu(2_000);
        Ok(vec![Row {
            limits,
            ..row("due and dropped", wat, End::Exited(7))
        }])
    })
}
