//! What the contract says of waits: modules without an SDK wait for room and for
//! ports to close.

use std::thread;

use anyhow::{Result, ensure};
use insula::{ExitReason, Figures, Limits, MESSAGE_OVERHEAD, SpawnOptions};
use insula_tests::{HANG, block_on, in_time};

use insula_tests::hostile::{MEMORY, Table, server, table};

/// Room for so many messages.
fn room_for(messages: u64) -> Limits {
    Limits::default().mailbox_messages(messages)
}

/// Waits until the figures are as they have to be.
fn until(table: &Table, hold: impl Fn(Figures) -> bool) -> Result<()> {
    let began = std::time::Instant::now();
    while !hold(table.host.runtime.figures()) {
        let figures = table.host.runtime.figures();
        ensure!(began.elapsed() < HANG, "it never is: {figures:?}");
        thread::yield_now();
    }
    Ok(())
}

/// Sends 1, 2 and 3 to the port in its first message as soon as there is room.
fn patient() -> String {
    format!(
        r#"{MEMORY}
        (data (i32.const 1024) "\01\02\03")
        (global $to (mut i32) (i32.const 0))
        {SEND}
        (func (export "insula:entry/main")
            (call $first-message (i32.const 0))
            (global.set $to (i32.load (i32.load (i32.const 12))))
            (call $send (i32.const 1))
            (call $send (i32.const 2))
            (call $send (i32.const 3)))
        (func (export "wake")
            (loop $next
                (call $receive (i32.const 128))
                (if (i32.load8_u (i32.const 128))
                    (then
                        (if (i32.ne (i32.load8_u (i32.const 136)) (i32.const 3))
                            (then unreachable))
                        (if (i32.load8_u (i32.const 152)) (then unreachable))
                        (br $next)))))"#
    )
}

/// Sends the byte at 1023 + n to `$to` when there is room; the token is n.
const SEND: &str = "
    (func $send (param $n i32)
        (call $send-port.send-when-ready (global.get $to)
            (i32.add (i32.const 1023) (local.get $n)) (i32.const 1)
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
            (i64.extend_i32_u (local.get $n)) (i32.const 64))
        (if (i32.load8_u (i32.const 64)) (then unreachable)))";

#[test]
fn a_guest_waits_for_the_host_without_a_thread_and_lives_until_then() -> Result<()> {
    table(|table| {
        let runtime = &table.host.runtime;
        let (to, port) = runtime.port_with_limits(&room_for(1));
        let program = table.host.wat(&table.module(&patient()))?;
        let isolate = runtime.spawn(&program, SpawnOptions::new().message(&to))?;
        drop(to);
        until(table, |figures| figures.waits == 2)?;
        // Only its waits keep it, and its group, alive.
        let group = isolate.group().clone();
        let ended = thread::spawn(move || isolate.join());
        for expected in 1..=3 {
            let message = port.recv_timeout(HANG)?;
            assert_eq!(message.decode::<u64>()?, expected);
            assert!(port.try_recv().is_err(), "there is room for one");
            assert!(!group.is_over() || expected == 3);
        }
        let ended = in_time(move || ended.join()).expect("it does not panic");
        assert_eq!(ended, ExitReason::Ended);
        assert_eq!(runtime.figures().waits, 0);
        Ok(())
    })
}

#[test]
fn a_guest_that_ends_leaves_the_line() -> Result<()> {
    table(|table| {
        let runtime = &table.host.runtime;
        let (to, port) = runtime.port_with_limits(&room_for(1));
        to.send(&0)?;
        let program = table.host.wat(&table.module(&patient()))?;
        let isolate = runtime.spawn(&program, SpawnOptions::new().message(&to))?;
        until(table, |figures| figures.waits == 3)?;
        isolate.kill();
        assert_eq!(isolate.wait_timeout(HANG), Some(ExitReason::Killed));
        drop(port.recv()?);
        assert!(port.try_recv().is_err());
        to.send(&7)?;
        Ok(())
    })
}

#[test]
fn a_port_of_the_host_that_closes_tells_a_guest() -> Result<()> {
    table(|table| {
        let runtime = &table.host.runtime;
        // The status of each has to be `closed`.
        let told = patient().replace(
            "(if (i32.load8_u (i32.const 152)) (then unreachable))",
            "(if (i32.ne (i32.load8_u (i32.const 152)) (i32.const 3)) (then unreachable))",
        );
        let (to, port) = runtime.port_with_limits(&room_for(1));
        to.send(&0)?;
        let program = table.host.wat(&table.module(&told))?;
        let isolate = runtime.spawn(&program, SpawnOptions::new().message(&to))?;
        until(table, |figures| figures.waits == 3)?;
        drop(port);
        assert_eq!(in_time(move || isolate.join()), ExitReason::Ended);
        Ok(())
    })
}

/// Sends the byte string of ten bytes at 2000 to the port in its first message,
/// and exits.
const REPORT: &str = "
    (i32.store8 (i32.const 1999) (i32.const 0x4a))
    (drop (call $send-port.send (global.get $report) (i32.const 1999) (i32.const 11)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
    (call $exit)";

/// Appends a byte at 2000, and reports the tenth.
fn note() -> String {
    format!(
        "(global $at (mut i32) (i32.const 0))
        (global $report (mut i32) (i32.const 0))
        (func $note (param $byte i32)
            (i32.store8 (i32.add (i32.const 2000) (global.get $at)) (local.get $byte))
            (global.set $at (i32.add (global.get $at) (i32.const 1)))
            (if (i32.eq (global.get $at) (i32.const 10)) (then {REPORT})))"
    )
}

/// What a guest with a mailbox for two messages is told that sends itself five:
/// messages as their number, the end of a wait as 16 and its token.
#[test]
fn who_sends_to_itself_gets_each_message_and_then_that_it_was_sent() -> Result<()> {
    table(|table| {
        let (note, sends) = (note(), "(call $send (global.get $n))");
        let body = server(
            &format!(
                "(call $first-message (i32.const 256))
                (global.set $report (i32.load (i32.load (i32.const 268))))
                (call $receive-port.sender (global.get $port) (i32.const 64))
                (global.set $to (i32.load (i32.const 68)))
                (loop $again
                    (global.set $n (i32.add (global.get $n) (i32.const 1)))
                    {sends}
                    (br_if $again (i32.lt_u (global.get $n) (i32.const 5))))"
            ),
            "(loop $next
                (call $receive (i32.const 128))
                (if (i32.load8_u (i32.const 128))
                    (then
                        (if (i32.eqz (i32.load8_u (i32.const 136)))
                            (then (call $note (i32.load8_u (i32.load (i32.const 152)))))
                            (else (call $note
                                (i32.add (i32.const 16) (i32.load8_u (i32.const 144))))))
                        (br $next))))",
        );
        let body = format!(
            r#"{body} {note} {SEND}
            (global $n (mut i32) (i32.const 0))
            (global $to (mut i32) (i32.const 0))
            (data (i32.const 1024) "\01\02\03\04\05")"#
        );
        let (to, port) = table.host.runtime.port();
        let options = SpawnOptions::new().message(&to).limits(room_for(2));
        assert_eq!(table.run(&body, options)?, ExitReason::Ended);
        let told = port.recv_timeout(HANG)?;
        assert_eq!(told.bytes()[1..], [1, 17, 2, 18, 3, 19, 4, 20, 5, 21]);
        Ok(())
    })
}

#[test]
fn a_wait_that_was_dropped_is_silent_and_its_message_is_taken_back() -> Result<()> {
    table(|table| {
        // Nothing else keeps it alive, so it ends where each drop counts.
        let body = patient().replace(
            "(call $send (i32.const 3))",
            "(call $send (i32.const 3))
            (call $drop-wait (i32.load (i32.const 68)))
            ;; Seen from outside: it has come so far.
            (drop (memory.grow (i32.const 1)))",
        );
        let (to, port) = table.host.runtime.port_with_limits(&room_for(1));
        to.send(&0)?;
        let program = table.host.wat(&table.module(&body))?;
        let isolate = table
            .host
            .runtime
            .spawn(&program, SpawnOptions::new().message(&to))?;
        drop(to);
        // More than the two pages that it and the bystander have each. One after the
        // other, as figures are not all of one moment.
        until(table, |figures| figures.memory > 4 << 16)?;
        until(table, |figures| figures.waits == 2)?;
        let mut got = Vec::new();
        for message in &port {
            got.push(message.decode::<u64>()?);
        }
        assert_eq!(got, [0, 1, 2]);
        assert_eq!(in_time(move || isolate.join()), ExitReason::Ended);
        Ok(())
    })
}

#[test]
fn a_group_is_not_over_while_who_leaves_a_line_lets_others_in() -> Result<()> {
    table(|table| {
        // Once the port in its first message is closed it sends to itself, behind
        // what the host has sent, and traps as soon as it is told that this went.
        let body = format!(
            r#"{MEMORY}
            (global $to (mut i32) (i32.const 0))
            (func (export "insula:entry/main")
                (call $first-message (i32.const 256))
                (call $first-port (i64.const 0) (i32.const 0))
                (call $receive-port.sender (i32.load (i32.const 4)) (i32.const 64))
                (global.set $to (i32.load (i32.const 68)))
                (call $send-port.when-closed (i32.load (i32.load (i32.const 268))) (i64.const 1) (i32.const 80)))
            (func (export "wake")
                (call $receive (i32.const 128))
                (if (i32.load8_u (i32.const 128))
                    (then
                        (if (i64.eq (i64.load (i32.const 144)) (i64.const 2)) (then unreachable))
                        (call $send-port.send-when-ready (global.get $to) (i32.const 1024) (i32.const 1)
                            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i64.const 2) (i32.const 96))
                        (drop (memory.grow (i32.const 1))))))"#
        );
        let program = table.host.wat(&table.module(&body))?;
        let (to, port) = table.host.runtime.port();
        let limits = Limits::default().mailbox_bytes(4 * MESSAGE_OVERHEAD);
        let options = SpawnOptions::new().message(&to).limits(limits);
        let isolate = table.host.runtime.spawn(&program, options)?;
        isolate.port().send(&0)?;
        let large = "x".repeat(2 * MESSAGE_OVERHEAD as usize);
        let large = isolate.port().send_when_ready_async(&large);
        until(table, |figures| figures.waits == 1)?;
        drop(port);
        until(table, |figures| figures.memory > 4 << 16)?;
        until(table, |figures| figures.waits == 1)?;
        // Now nothing but what waits in line is held outside of the group.
        let exited = isolate.exited();
        drop(isolate);
        drop(large);
        let reason = in_time(move || block_on(exited));
        ensure!(
            matches!(reason, ExitReason::Trapped { .. }),
            "it was over too early: {reason}"
        );
        Ok(())
    })
}

#[test]
fn waits_that_are_dropped_when_they_are_over_are_no_way_to_grow() -> Result<()> {
    table(|table| {
        let body = format!(
            "{MEMORY}
            (func (export \"insula:entry/main\")
                (call $send-port.capability (i32.const 0))
                (loop $again
                    (call $send-port.when-closed (i32.load (i32.const 4)) (i64.const 7) (i32.const 64))
                    (if (i32.load8_u (i32.const 64)) (then (call $exit)))
                    (call $drop-wait (i32.load (i32.const 68)))
                    (br $again)))"
        );
        let limits = Limits::default().handles(50);
        let options = SpawnOptions::new().limits(limits);
        assert_eq!(table.run(&body, options)?, ExitReason::Ended);
        Ok(())
    })
}

#[test]
fn a_capability_leads_nowhere_and_is_equal_to_its_duplicates() -> Result<()> {
    table(|table| {
        let body = format!(
            "{MEMORY}
            (func $expect (param $is i32) (param $expected i32)
                (if (i32.ne (local.get $is) (local.get $expected)) (then unreachable)))
            (func (export \"insula:entry/main\")
                (call $send-port.capability (i32.const 0))
                (call $send-port.capability (i32.const 16))
                (call $send-port.duplicate (i32.load (i32.const 4)) (i32.const 32))
                (call $expect (call $send-port.is-closed (i32.load (i32.const 4))) (i32.const 1))
                (call $expect (i32.const 3)
                    (call $send-port.send (i32.load (i32.const 4)) (i32.const 0) (i32.const 0)
                        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
                (call $expect (i32.const 1) (i64.eq
                    (call $send-port.identity (i32.load (i32.const 4)))
                    (call $send-port.identity (i32.load (i32.const 36)))))
                (call $expect (i32.const 0) (i64.eq
                    (call $send-port.identity (i32.load (i32.const 4)))
                    (call $send-port.identity (i32.load (i32.const 20))))))"
        );
        assert_eq!(table.run(&body, SpawnOptions::new())?, ExitReason::Ended);
        Ok(())
    })
}

#[test]
fn a_port_that_does_not_keep_alive_lets_its_isolate_end() -> Result<()> {
    table(|table| {
        let keep =
            |on| format!("(call $receive-port.keep-alive (global.get $port) (i32.const {on}))");
        let ends = server(&keep(0), "");
        assert_eq!(table.run(&ends, SpawnOptions::new())?, ExitReason::Ended);

        let lives = server(&format!("{}{}", keep(0), keep(1)), "");
        let program = table.host.wat(&table.module(&lives))?;
        let isolate = table.host.runtime.spawn(&program, SpawnOptions::new())?;
        // It has run when its port listens and takes what is sent.
        isolate.port().send(&1)?;
        let port = isolate.port().clone();
        assert!(!port.is_closed());
        isolate.kill();
        in_time(move || port.wait_closed());
        assert_eq!(isolate.wait_timeout(HANG), Some(ExitReason::Killed));
        Ok(())
    })
}

#[test]
fn a_guest_waits_for_an_isolate_of_another_group_in_line_with_the_host() -> Result<()> {
    table(|table| {
        let runtime = &table.host.runtime;
        // Exits at the fifth message.
        let counts = server(
            "",
            "(loop $next
                (call $receive (i32.const 128))
                (if (i32.load8_u (i32.const 128))
                    (then
                        (global.set $count (i32.add (global.get $count) (i32.const 1)))
                        (if (i32.eq (global.get $count) (i32.const 5)) (then (call $exit)))
                        (br $next))))",
        );
        let counts = format!("{counts} (global $count (mut i32) (i32.const 0))");
        let counts = table.host.wat(&table.module(&counts))?;
        let options = SpawnOptions::new().limits(room_for(1)).paused(true);
        let receiver = runtime.spawn(&counts, options)?;
        receiver.port().send(&0)?;

        let program = table.host.wat(&table.module(&patient()))?;
        let options = SpawnOptions::new().message(receiver.port());
        // What waits is on the sender's budget: room for three and no more.
        let limits = Limits::default().group_mailbox_bytes(3 * (MESSAGE_OVERHEAD + 1));
        let sender = runtime.spawn(&program, options.limits(limits))?;
        until(table, |figures| figures.waits == 3)?;
        let behind = receiver.port().send_when_ready_async(&4);
        let ended = thread::spawn(move || sender.join());
        receiver.control().start()?;
        assert_eq!(receiver.wait_timeout(HANG), Some(ExitReason::Ended));
        in_time(move || block_on(behind))?;
        let ended = in_time(move || ended.join()).expect("it does not panic");
        assert_eq!(ended, ExitReason::Ended);
        Ok(())
    })
}

#[test]
fn what_waits_is_on_the_senders_budget() -> Result<()> {
    table(|table| {
        let (to, _port) = table.host.runtime.port_with_limits(&room_for(1));
        to.send(&0)?;
        // The first message is paid too, until it is taken; the third wait is
        // refused, at which the guest traps.
        let limits = Limits::default().group_mailbox_bytes(3 * (MESSAGE_OVERHEAD + 1) - 1);
        let options = SpawnOptions::new().message(&to).limits(limits);
        let reason = table.run(&patient(), options)?;
        assert!(matches!(reason, ExitReason::Trapped { .. }), "{reason:?}");
        Ok(())
    })
}
