//! The host waits for room in a mailbox, first come, first served, for a port to
//! close, for messages and for answers: as threads and as tasks.

use std::pin::pin;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use insula::{Limits, MESSAGE_OVERHEAD, SendError, SendPort, SpawnOptions, broadcast};
use insula_tests::{HANG, Host, block_on, in_time};
use serde::{Deserialize, Serialize};

use crate::guests;

/// Room for so many messages.
fn room_for(messages: u64) -> Limits {
    Limits::default().mailbox_messages(messages)
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
fn a_task_learns_that_the_last_send_port_goes_also_in_that_moment() -> Result<()> {
    const ROUNDS: u32 = 20_000;
    let host = Host::new()?;
    let (drops, dropped) = mpsc::channel::<SendPort>();
    let dropping = thread::spawn(move || dropped.iter().for_each(drop));
    let (ports, received) = mpsc::channel();
    for _ in 0..ROUNDS {
        ports.send(host.runtime.port())?;
    }
    drop(ports);
    in_time(move || {
        for (round, (to, port)) in received.iter().enumerate() {
            let receiving = port.recv_async();
            drops.send(to).expect("it goes on");
            // Not always at the same point of what the other thread does.
            (0..round % 100).for_each(|_| std::hint::spin_loop());
            assert!(block_on(receiving).is_err());
        }
    });
    dropping.join().expect("it does not panic");
    Ok(())
}

/// Holds whoever wakes it back, as a busy machine may.
struct Slow {
    woken: mpsc::SyncSender<()>,
    go_on: Mutex<mpsc::Receiver<()>>,
}

impl Wake for Slow {
    fn wake(self: Arc<Self>) {
        let _ = self.woken.send(());
        let _ = self.go_on.lock().expect("no panic").recv();
    }
}

#[test]
fn a_time_that_is_over_as_the_message_goes_does_not_say_that_it_was_taken_back() -> Result<()> {
    let host = Host::new()?;
    let limits = Limits::default().mailbox_bytes(4 * MESSAGE_OVERHEAD);
    let (to, port) = host.runtime.port_with_limits(&limits);
    to.send(&"x".repeat(2 * MESSAGE_OVERHEAD as usize))?;
    let (woken, is_woken) = mpsc::sync_channel(1);
    let (go_on, waits) = mpsc::channel();
    let slow = Waker::from(Arc::new(Slow {
        woken,
        go_on: Mutex::new(waits),
    }));
    let mut first = Box::pin(to.send_when_ready_async(&1));
    assert!(
        first
            .as_mut()
            .poll(&mut Context::from_waker(&slow))
            .is_pending()
    );
    drop(slow);
    let (told, tells) = mpsc::channel();
    let (begun, begins) = mpsc::channel();
    let second = {
        let to = to.clone();
        thread::spawn(move || {
            let _ = begun.send(());
            let _ = told.send(to.send_when_ready_timeout(&2, Duration::from_millis(100)));
        })
    };
    begins.recv_timeout(HANG)?;
    // Most likely it is in line by then; the test holds also where it is not.
    let _ = tells.recv_timeout(Duration::from_millis(20));
    // Both fit now, and who takes them in hangs before the second one is told.
    let large = port.recv()?;
    let freeing = thread::spawn(move || drop(large));
    is_woken.recv_timeout(HANG)?;
    let early = tells.recv_timeout(Duration::from_millis(200));
    go_on.send(())?;
    let told = match early {
        Ok(told) => told,
        Err(_) => tells.recv_timeout(HANG)?,
    };
    for thread in [second, freeing] {
        thread.join().expect("it does not panic");
    }
    assert_eq!(port.recv()?.decode::<u64>()?, 1);
    drop((to, first));
    match told {
        Ok(()) => assert_eq!(port.recv()?.decode::<u64>()?, 2),
        // It came to its place in line too late, or its time was over before.
        Err(SendError::Full) => assert!(port.recv().is_err(), "it was sent"),
        Err(other) => return Err(other.into()),
    }
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
    let sent = broadcast([&open, &full, &closed, &open], &(7, &open))?;
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

#[test]
fn whatever_ends_while_many_wait_nobody_waits_for_ever_and_nothing_is_left() -> Result<()> {
    const ROUNDS: u64 = 60;
    let host = Host::new()?;
    let program = host.program(guests::ACTOR)?;
    for round in 0..ROUNDS {
        let (log, said) = host.runtime.port_with_limits(&room_for(50));
        let limits = room_for(2).group_mailbox_bytes(6 * MESSAGE_OVERHEAD);
        let options = SpawnOptions::new().entry("actor").message(&log);
        let actor = host.runtime.spawn(&program, options.limits(limits))?;
        drop(log);
        actor.group().register("actor", actor.port())?;
        let senders: Vec<_> = (0..4)
            .map(|_| {
                let port = actor.port().clone();
                thread::spawn(move || {
                    let mut sent = 0;
                    while port.send_when_ready(&Command::Note(sent)).is_ok() {
                        sent += 1;
                        if sent % 3 == round % 3 {
                            // One that goes out of the line again.
                            drop(port.send_when_ready_async(&Command::Note(sent)));
                        }
                    }
                    sent
                })
            })
            .collect();
        let closed = actor.port().closed();
        for _ in 0..round {
            // The actor fails where its log is full, and that is one more end.
            if said.recv_timeout(HANG).is_err() {
                break;
            }
        }
        // Either end may go first: the log's makes the actor fail.
        if round % 2 == 0 {
            drop(said);
        } else {
            actor.kill();
        }
        in_time(move || block_on(closed));
        assert_eq!(actor.group().lookup("actor"), None);
        for sender in senders {
            in_time(move || sender.join()).expect("it does not panic");
        }
        in_time(move || actor.join());
    }
    host.expect_nothing_left();
    Ok(())
}
