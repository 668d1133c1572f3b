//! Calls: messages that have an answer.

use insula_guest::*;
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
    let answers = ReceivePort::new();
    for delay in [60, 30] {
        let answers = answers.send_port();
        slow.call(delay)
            .then(move |answer: Result<u64, CallError>| {
                answers.send(answer.expect("slow lives")).ok();
            });
    }
    let calls: Vec<_> = (0..100)
        .rev()
        .map(|delay| (delay, slow.call::<u64>(delay / 10)))
        .collect();
    for (delay, call) in calls {
        assert_eq!(call.await?, delay / 10);
    }
    println!("100 calls under way at once");
    for _ in 0..2 {
        println!("then: {:?}", answers.recv_as::<u64>().await);
    }

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
