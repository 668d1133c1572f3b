//! Messages between two isolates.

use insula_guest::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Task;
use crate::clock::Clock;

#[entry]
pub fn echo_number(to: SendPort) {
    port().receive(move |number: u64, _| to.send(number));
}

#[entry]
fn echo_bytes(to: SendPort) {
    port().receive(move |bytes: Bytes, _| to.send(bytes));
}

#[entry]
fn echo_vec(to: SendPort) {
    port().receive(move |bytes: Vec<u8>, _| to.send(&bytes));
}

fn payload(size: u64) -> Bytes {
    let mut bytes = Bytes::with_capacity(size as usize);
    bytes.resize(size as usize, 7);
    bytes
}

/// A number (of 8 bytes) or so many bytes, there and back.
#[entry]
fn round_trip(task: Task) {
    let own = port().send_port();
    if task.size <= 8 {
        trips(task, 100, spawn_with(echo_number, own), u64::MAX);
    } else {
        let payload = payload(task.size);
        trips(task, 100, spawn_with(echo_bytes, own), payload);
    }
}

/// So many bytes, there and back, where copying is what costs.
#[entry]
fn bytes(task: Task) {
    let payload = payload(task.size);
    let echo = spawn_with(echo_bytes, port().send_port());
    trips(task, 1, echo, payload);
}

/// The same as a `Vec`, which is lent to be sent.
#[entry]
fn bytes_vec(task: Task) {
    let payload = vec![7u8; task.size as usize];
    let echo = spawn_with(echo_vec, port().send_port());
    let mut clock = Clock::new(&task, 1);
    echo.send(&payload).expect("the echo lives");
    port().receive(move |back: Vec<u8>, _| {
        if clock.tick() {
            return echo.send(&back);
        }
        port().close();
        task.to.send(clock.report(1))
    });
}

/// Sends a message to an isolate that sends it back, again and again.
pub fn trips<T: Serialize + DeserializeOwned + 'static>(
    task: Task,
    step: u64,
    echo: SendPort,
    message: T,
) {
    let mut clock = Clock::new(&task, step);
    echo.send(message).expect("the echo lives");
    port().receive(move |back: T, _| {
        if clock.tick() {
            return echo.send(back);
        }
        port().close();
        task.to.send(clock.report(1))
    });
}

#[entry]
fn answer() {
    port().receive(|number: u64, reply| match reply {
        Some(reply) => reply.send(number),
        None => Ok(()),
    });
}

/// A call and its reply.
#[entry]
async fn call(task: Task) -> Result<(), CallError> {
    let answer = spawn_function(answer);
    let mut clock = Clock::new(&task, 100);
    let mut number = u64::MAX;
    loop {
        number = answer.call(number).await?;
        if !clock.tick() {
            break;
        }
    }
    task.to.send(clock.report(1))?;
    Ok(())
}

/// So many messages are sent for each one that says that they have arrived.
const WINDOW: u64 = 1_000;

/// So many windows are on their way.
const WINDOWS: u64 = 8;

#[entry]
fn count(to: SendPort) {
    let mut counted = 0;
    port().receive(move |_: u64, _| {
        counted += 1;
        if counted % WINDOW == 0 {
            return to.send(());
        }
        Ok(())
    });
}

/// Messages one way, as fast as the receiver takes them.
#[entry]
fn one_way(task: Task) {
    let to = spawn_with(count, port().send_port());
    let send = move || (0..WINDOW).try_for_each(|number| to.send(u64::MAX - number));
    for _ in 0..WINDOWS {
        send().expect("there is room");
    }
    let mut clock = Clock::new(&task, 1);
    port().receive(move |(): (), _| {
        if clock.tick() {
            return send();
        }
        port().close();
        task.to.send(clock.report(WINDOW))
    });
}

/// The same with what a guest would write that has much to send.
#[entry]
async fn one_way_ready(task: Task) -> Result<(), SendError> {
    let to = spawn_with(count, port().send_port());
    port().receive(|(): (), _| {});
    let mut clock = Clock::new(&task, 1_000);
    while clock.tick() {
        to.send_when_ready(u64::MAX).await?;
    }
    port().close();
    task.to.send(clock.report(1))
}
