//! A host waits for a message like this, and the others stay.

use std::pin::pin;
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use anyhow::Result;
use crossbeam_channel::{RecvTimeoutError, TryRecvError};
use insula::{Limits, ReceivePort, Received, SendError};
use insula_tests::{HANG, Host, block_on, in_time};

fn is(number: u64) -> impl FnMut(&Received) -> bool {
    move |message| message.decode::<u64>().is_ok_and(|other| other == number)
}

fn numbers(messages: impl Iterator<Item = Received>) -> Result<Vec<u64>> {
    messages.map(|message| Ok(message.decode()?)).collect()
}

/// A port whose five messages wait, and that gets no more.
fn five() -> Result<(Host, ReceivePort)> {
    let host = Host::new()?;
    let (to, messages) = host.runtime.port();
    for number in 1..=5u64 {
        to.send(&number)?;
    }
    Ok((host, messages))
}

#[test]
fn the_others_stay_in_their_order() -> Result<()> {
    let (_host, mut messages) = five()?;
    assert_eq!(messages.recv_where(is(4))?.decode::<u64>()?, 4);
    // One that was passed over, and one that was not looked at yet.
    let earlier = messages.recv_where_timeout(is(2), HANG)?;
    assert_eq!(earlier.decode::<u64>()?, 2);
    let later = block_on(messages.recv_where_async(is(5)))?;
    assert_eq!(later.decode::<u64>()?, 5);
    // None is like this, and nothing can come: all have been looked at and stay.
    assert!(messages.recv_where(is(2)).is_err());
    assert_eq!(numbers(messages.iter())?, [1, 3]);
    Ok(())
}

#[test]
fn every_way_to_receive_begins_with_what_was_passed_over() -> Result<()> {
    let (_host, mut messages) = five()?;
    messages.recv_where(is(5))?;
    assert_eq!(messages.recv()?.decode::<u64>()?, 1);
    assert_eq!(messages.recv_timeout(HANG)?.decode::<u64>()?, 2);
    assert_eq!(messages.try_recv()?.decode::<u64>()?, 3);
    let next = block_on(messages.recv_async())?;
    assert_eq!(next.decode::<u64>()?, 4);
    assert_eq!(messages.try_recv().err(), Some(TryRecvError::Disconnected));
    Ok(())
}

#[test]
fn a_message_like_this_is_waited_for_and_time_may_be_over() -> Result<()> {
    let host = Host::new()?;
    let (to, mut messages) = host.runtime.port();
    to.send(&1u64)?;
    let none = messages.recv_where_timeout(is(2), Duration::from_millis(1));
    assert_eq!(none.err(), Some(RecvTimeoutError::Timeout));

    let sender = thread::spawn(move || (2..=3u64).try_for_each(|number| to.send(&number)));
    let (mut messages, found) = in_time(move || {
        let found = messages.recv_where(is(3));
        (messages, found)
    });
    sender.join().expect("it does not panic")?;
    assert_eq!(found?.decode::<u64>()?, 3);
    assert_eq!(numbers(messages.iter())?, [1, 2]);

    // Dropped in the middle, a wait loses nothing.
    let (to, other) = host.runtime.port();
    messages = other;
    to.send(&1u64)?;
    {
        let mut wait = pin!(messages.recv_where_async(is(9)));
        let mut context = Context::from_waker(Waker::noop());
        assert!(wait.as_mut().poll(&mut context).is_pending());
    }
    drop(to);
    assert_eq!(numbers(messages.iter())?, [1]);
    Ok(())
}

#[test]
fn what_is_passed_over_counts_against_the_mailbox() -> Result<()> {
    let host = Host::new()?;
    let limits = Limits::default().mailbox_messages(2);
    let (to, mut messages) = host.runtime.port_with_limits(&limits);
    to.send(&1u64)?;
    to.send(&2u64)?;
    messages.recv_where(is(2))?;
    to.send(&3u64)?;
    assert!(matches!(to.send(&4u64), Err(SendError::Full)));
    messages.recv()?;
    to.send(&4u64)?;
    Ok(())
}
