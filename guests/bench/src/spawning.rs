//! Isolates that begin and end.

use std::time::Instant;

use insula_guest::*;

use crate::clock::{Clock, Samples};
use crate::{Report, Task};

/// Sends one message and ends.
#[entry]
fn greet(to: SendPort) {
    to.send(()).ok();
}

/// Sends one message and stays.
#[entry]
fn stay(to: SendPort) {
    to.send(()).ok();
    port().receive(|(): (), _| {});
}

/// From spawning an isolate to its first message, one after another.
#[entry]
async fn spawn(task: Task) -> Result<(), Box<dyn std::error::Error>> {
    let own = port().send_port();
    let mut samples = Samples::new(&task, 200, 100_000);
    loop {
        let start = Instant::now();
        spawn_with(greet, own.clone());
        port().recv_as::<()>().await?;
        if !samples.tick(start) {
            break;
        }
    }
    task.to.send(samples.report())?;
    Ok(())
}

/// The same for so many that all stay, so that each is the first in its slot.
#[entry]
async fn spawn_cold(task: Task) -> Result<(), Box<dyn std::error::Error>> {
    let own = port().send_port();
    let mut report = Report::default();
    for _ in 0..task.size {
        let start = Instant::now();
        spawn_with(stay, own.clone());
        port().recv_as::<()>().await?;
        report.samples.push(crate::clock::nanos(start.elapsed()));
    }
    task.to.send(report)?;
    Ok(())
}

/// Isolates that begin, send one message and end, with so many on their way.
#[entry]
fn spawn_rate(task: Task) {
    let own = port().send_port();
    for _ in 0..task.size {
        spawn_with(greet, own.clone());
    }
    let mut clock = Clock::new(&task, task.size);
    port().receive(move |(): (), _| {
        if clock.tick() {
            spawn_with(greet, own.clone());
            return Ok(());
        }
        port().close();
        task.to.send(clock.report(1))
    });
}

/// So many isolates that have begun and rest. Reports when all do.
#[entry]
async fn idle(task: Task) -> Result<(), Box<dyn std::error::Error>> {
    let own = port().send_port();
    for _ in 0..task.size {
        spawn_with(stay, own.clone());
    }
    for _ in 0..task.size {
        port().recv_as::<()>().await?;
    }
    task.to.send(Report::default())?;
    // What it spawned lives as long as somebody can send to it.
    port().recv().await;
    Ok(())
}
