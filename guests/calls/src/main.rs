//! Calls: messages that have an answer.

use insula_guest::*;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// Answers after as many milliseconds as it is told to.
#[entry]
fn slow() {
    port().receive(|delay: u64, reply: Option<SendPort>| {
        Timer::after(Duration::from_millis(delay), move || {
            if let Some(reply) = reply {
                reply.send(delay).ok();
            }
        })
        .detach();
    });
}

/// Answers when it has as many calls as it was started for, the last one first.
#[entry]
fn last_first(count: usize) {
    let mut calls = Vec::new();
    port().receive(move |number: usize, reply: Option<SendPort>| {
        calls.push((number, reply.expect("a call")));
        if calls.len() == count {
            for (number, reply) in calls.drain(..).rev() {
                reply.send(number).ok();
            }
        }
    });
}

/// Drops the port for the answer.
#[entry]
fn silent() {
    port().receive(|_: Value, _| {});
}

/// Ends without a look at its messages.
#[entry]
fn absent() {}

/// Takes one message, and panics.
#[entry]
fn clumsy() {
    port().receive(|_: Value, _| panic!("dropped it"));
}

/// Closes its port.
#[entry]
fn shy() {
    port().receive(|_: Value, _| port().close());
}

#[main]
async fn main() -> Result<(), CallError> {
    let slow = spawn_function(slow);
    let answer: u64 = slow.call(1).await?;
    println!("awaited: {answer}");

    // All of these are under way at once, and answered in an order of their own.
    let last_first = spawn_with(last_first, 101usize);
    let first = last_first.call::<usize>(0);
    let answered = Rc::new(RefCell::new(Vec::new()));
    for number in 1..=100 {
        let answered = Rc::clone(&answered);
        last_first
            .call(number)
            .then(move |answer: Result<usize, CallError>| answered.borrow_mut().push(answer));
    }
    assert_eq!(first.await?, 0);
    assert!(
        answered.take().into_iter().eq((1..=100).rev().map(Ok)),
        "not the last one first"
    );
    println!("then: 100 answers, the last one first");

    for (name, port) in [
        ("the port for the answer dropped", spawn_function(silent)),
        ("the receiver ended", spawn_function(absent)),
        ("the receiver panicked", spawn_function(clumsy)),
        ("the port closed", spawn_function(shy)),
    ] {
        let answer = port.call::<Value>("anybody there?").await;
        let error = answer.expect_err("nobody answers");
        assert!(
            matches!(
                error,
                CallError::NoAnswer | CallError::Send(SendError::Closed)
            ),
            "{error}"
        );
        println!("{name}: no answer");
    }

    let wrong: Result<String, _> = slow.call(0).await;
    println!(
        "an answer of another type: {}",
        wrong.expect_err("it is a number")
    );
    Ok(())
}
