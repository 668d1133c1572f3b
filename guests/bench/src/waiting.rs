//! Isolates that do not answer: they compute for ever, or do not listen.

use std::time::Instant;

use insula_guest::*;

use crate::clock::{Samples, nanos};
use crate::messages::echo_number;
use crate::{Report, Task};

/// Says that it has begun and never ends.
#[entry]
fn spin(to: SendPort) {
    to.send(()).ok();
    let mut turns = 0u64;
    loop {
        turns = std::hint::black_box(turns.wrapping_add(1));
    }
}

/// Round trips beside so many endless loops, timed one by one.
#[entry]
async fn beside_loops(task: Task) -> Result<(), Box<dyn std::error::Error>> {
    let own = port().send_port();
    let echo = spawn_with(echo_number, own.clone());
    let begun = ReceivePort::new();
    for _ in 0..task.size {
        spawn_with(spin, begun.send_port());
    }
    for _ in 0..task.size {
        begun.recv_as::<()>().await?;
    }
    let mut samples = Samples::new(&task, 1_000, 300_000);
    loop {
        let start = Instant::now();
        echo.send(u64::MAX)?;
        port().recv_as::<u64>().await?;
        if !samples.tick(start) {
            break;
        }
    }
    task.to.send(samples.report())?;
    Ok(())
}

/// Lives, and does not listen to its first port.
#[entry]
fn deaf(to: SendPort) {
    to.send(()).ok();
    ReceivePort::new().receive(|(): (), _| {});
}

/// So many messages into a mailbox that nobody empties. Asks the host before and
/// waits for its word, so that it can look at its memory.
#[entry]
async fn mailbox(task: Task) -> Result<(), Box<dyn std::error::Error>> {
    let own = port().send_port();
    let deaf = spawn_with(deaf, own.clone());
    port().recv_as::<()>().await?;
    task.to.call::<()>(Report::default()).await?;
    let start = Instant::now();
    for _ in 0..task.size {
        deaf.send(u64::MAX)?;
    }
    let elapsed = nanos(start.elapsed());
    task.to
        .call::<()>(Report {
            batches: vec![(task.size, elapsed)],
            ..Report::default()
        })
        .await?;
    Ok(())
}
