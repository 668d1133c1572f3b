//! Waiting for room in a mailbox, first come, first served, and for a port to
//! close: by guests, by threads of the host and by its tasks.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use insula::{ExitReason, Figures, Limits, MESSAGE_OVERHEAD, SendError, SendPort, SpawnOptions};
use insula_tests::{HANG, Host, block_on, in_time};
use serde::{Deserialize, Serialize};

use crate::guests;
use crate::hostile::table::{MEMORY, Table, server, table};

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

/// Looks at a future once.
fn poll<T>(future: impl Future<Output = T> + Unpin) -> Poll<T> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

#[test]
fn tasks_wait_in_line_and_nobody_overtakes() -> Result<()> {
    let host = Host::new()?;
    let (to, port) = host.runtime.port_with_limits(&room_for(1));
    to.send(&1)?;
    let mut second = Box::pin(to.send_when_ready_async(&2));
    let mut third = Box::pin(to.send_when_ready_async(&3));
    assert!(poll(&mut second).is_pending() && poll(&mut third).is_pending());
    assert!(matches!(to.send(&9), Err(SendError::Full)));

    let first = port.recv()?;
    assert_eq!(first.decode::<u64>()?, 1);
    // It holds its room until it is dropped.
    assert!(port.try_recv().is_err());
    drop(first);
    // The room went to who waited, at once.
    assert!(matches!(to.send(&9), Err(SendError::Full)));
    block_on(second)?;
    assert!(poll(&mut third).is_pending());
    assert_eq!(port.recv()?.decode::<u64>()?, 2);
    block_on(third)?;
    assert_eq!(port.recv()?.decode::<u64>()?, 3);
    to.send(&4)?;
    Ok(())
}

#[test]
fn who_does_not_wait_any_more_is_not_in_line() -> Result<()> {
    let host = Host::new()?;
    let (to, port) = host.runtime.port_with_limits(&room_for(1));
    to.send(&1)?;
    let dropped = to.send_when_ready_async(&2);
    let kept = to.send_when_ready_async(&3);
    drop(dropped);
    let late = to.send_when_ready_timeout(&4, Duration::from_millis(5));
    assert!(matches!(late, Err(SendError::Full)));
    drop(port.recv()?);
    block_on(kept)?;
    assert_eq!(port.recv()?.decode::<u64>()?, 3);
    assert!(port.try_recv().is_err());
    Ok(())
}

#[test]
fn one_that_leaves_the_head_of_the_line_lets_a_smaller_one_in() -> Result<()> {
    let host = Host::new()?;
    let limits = Limits::default().mailbox_bytes(4 * MESSAGE_OVERHEAD);
    let (to, port) = host.runtime.port_with_limits(&limits);
    to.send(&"x".repeat(100))?;
    let large = to.send_when_ready_async(&"y".repeat(300));
    let mut small = Box::pin(to.send_when_ready_async("z"));
    assert!(poll(&mut small).is_pending(), "the large one is before it");
    drop(large);
    block_on(small)?;
    assert_eq!(port.channel().len(), 2);
    Ok(())
}

#[test]
fn threads_wait_until_there_is_room() -> Result<()> {
    let host = Host::new()?;
    let (to, port) = host.runtime.port_with_limits(&room_for(2));
    let sent: Vec<_> = (0..8u64)
        .map(|sender| {
            let to = to.clone();
            thread::spawn(move || {
                (0..50u64).try_for_each(|message| to.send_when_ready(&(sender, message)))
            })
        })
        .collect();
    drop(to);
    let mut next = [0; 8];
    in_time(move || {
        for message in &port {
            let (sender, message): (u64, u64) = message.decode().expect("a pair");
            assert_eq!(message, next[sender as usize], "out of order");
            next[sender as usize] += 1;
        }
        assert_eq!(next, [50; 8]);
    });
    for sender in sent {
        sender.join().expect("it does not panic")?;
    }
    Ok(())
}

#[test]
fn a_message_that_never_fits_and_a_port_that_closes_end_the_wait() -> Result<()> {
    let host = Host::new()?;
    let limits = room_for(1).mailbox_bytes(1000);
    let (to, port) = host.runtime.port_with_limits(&limits);
    let large = to.send_when_ready(&"x".repeat(1000));
    assert!(matches!(large, Err(SendError::TooLarge)));
    to.send(&1)?;
    let waiting = to.send_when_ready_async(&2);
    let closed = to.closed();
    assert!(!to.is_closed() && !to.wait_closed_timeout(Duration::ZERO));
    let blocked = {
        let to = to.clone();
        thread::spawn(move || to.send_when_ready(&3))
    };
    drop(port);
    assert!(matches!(block_on(waiting), Err(SendError::Closed)));
    block_on(closed);
    to.wait_closed();
    assert!(to.is_closed() && to.wait_closed_timeout(Duration::ZERO));
    let blocked = in_time(move || blocked.join()).expect("it does not panic");
    assert!(matches!(blocked, Err(SendError::Closed)));
    assert!(matches!(to.send_when_ready(&4), Err(SendError::Closed)));
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
            (call $drop-wait (i32.load (i32.const 68)))",
        );
        let (to, port) = table.host.runtime.port_with_limits(&room_for(1));
        to.send(&0)?;
        let program = table.host.wat(&table.module(&body))?;
        let isolate = table
            .host
            .runtime
            .spawn(&program, SpawnOptions::new().message(&to))?;
        drop(to);
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

/// A part of what `guests/actor` understands.
#[derive(Serialize)]
enum Command {
    Note(u64),
    Spawn(Child),
}

#[derive(Serialize)]
struct Child {
    log: SendPort,
    paused: bool,
    errors_fatal: bool,
}

#[derive(Deserialize)]
struct Spawned {
    control: insula::Control,
    port: SendPort,
}

#[test]
fn room_in_a_groups_share_goes_to_who_waits_at_another_mailbox() -> Result<()> {
    let host = Host::new()?;
    let (log, said) = host.runtime.port();
    let program = host.program(guests::ACTOR)?;
    let limits = Limits::default().group_mailbox_bytes(1500);
    let options = SpawnOptions::new().entry("actor").message(&log);
    let parent = host.runtime.spawn(&program, options.limits(limits))?;
    let child = Child {
        log: log.clone(),
        paused: true,
        errors_fatal: true,
    };
    let child: Spawned = parent.port().call_timeout(&Command::Spawn(child), HANG)?;
    let pause = parent.pause()?;

    let mut sent = 0;
    while parent.port().send(&Command::Note(sent)).is_ok() {
        sent += 1;
    }
    ensure!(sent > 0, "the share is full from the beginning");
    let mut waiting = Box::pin(child.port.send_when_ready_async(&Command::Note(100)));
    assert!(poll(&mut waiting).is_pending());
    // What comes from another group waits for the same room, behind it.
    let behind = child.port.send_when_ready_async(&Command::Note(101));

    parent.resume(&pause)?;
    in_time(move || block_on(waiting))?;
    for note in 0..sent {
        assert_eq!(said.recv_timeout(HANG)?.decode::<u64>()?, note);
    }
    child.control.start()?;
    in_time(move || block_on(behind))?;
    for note in [100, 101] {
        assert_eq!(said.recv_timeout(HANG)?.decode::<u64>()?, note);
    }
    Ok(())
}

#[test]
fn tasks_of_the_host_receive_and_call() -> Result<()> {
    let host = Host::new()?;
    let (to, port) = host.runtime.port();
    let mut receiving = Box::pin(port.recv_async());
    assert!(poll(&mut receiving).is_pending());
    let sender = {
        let to = to.clone();
        thread::spawn(move || to.send("later"))
    };
    assert_eq!(block_on(receiving)?.decode::<String>()?, "later");
    sender.join().expect("it does not panic")?;

    let answering = thread::spawn(move || -> Result<()> {
        let request = port.recv()?;
        request.reply().expect("it is a call").send("answer")?;
        // The second one is dropped, and with it who could answer.
        port.recv()?;
        Ok(())
    });
    let answer: String = block_on(to.call_async("first"))?;
    assert_eq!(answer, "answer");
    let none: Result<String, _> = block_on(to.call_async("second"));
    assert!(matches!(none, Err(insula::CallError::NoAnswer)));
    answering.join().expect("it does not panic")?;
    Ok(())
}

#[test]
fn who_drops_a_call_is_seen_not_to_wait() -> Result<()> {
    let host = Host::new()?;
    let (to, port) = host.runtime.port();
    let call = to.call_async::<_, String>("question");
    let request = port.recv()?;
    let reply = request.reply().expect("it is a call").clone();
    assert!(!reply.is_closed());
    let closed = reply.closed();
    drop(call);
    block_on(closed);
    assert!(reply.is_closed());
    Ok(())
}

#[test]
fn a_broadcast_tells_of_each_port() -> Result<()> {
    let host = Host::new()?;
    let (open, port) = host.runtime.port();
    let (full, full_port) = host.runtime.port_with_limits(&room_for(0));
    let (closed, closed_port) = host.runtime.port();
    drop(closed_port);
    let sent = SendPort::broadcast([&open, &full, &closed, &open], &(7, &open))?;
    assert!(matches!(
        sent[..],
        [Ok(()), Err(SendError::Full), Err(SendError::Closed), Ok(())]
    ));
    for _ in 0..2 {
        let (number, carried): (u64, SendPort) = port.recv()?.decode()?;
        assert_eq!((number, &carried), (7, &open));
    }
    drop(full_port);
    Ok(())
}
