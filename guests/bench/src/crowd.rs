//! Messages among many isolates.

use insula_guest::*;

use crate::clock::{Clock, nanos};
use crate::{Report, Task};

#[entry]
fn hand_on(next: SendPort) {
    port().receive(move |number: u64, _| next.send(number));
}

/// A message around a ring of so many isolates, this one among them.
#[entry]
fn ring(task: Task) {
    let size = task.size;
    let mut next = port().send_port();
    for _ in 1..size {
        next = spawn_with(hand_on, next);
    }
    let mut clock = Clock::new(&task, 1);
    next.send(u64::MAX).expect("the next one lives");
    port().receive(move |number: u64, _| {
        if clock.tick() {
            return next.send(number);
        }
        port().close();
        task.to.send(clock.report(size))
    });
}

/// A message to each of so many isolates, and an answer of each.
#[entry]
fn fan(task: Task) {
    let own = port().send_port();
    let workers: Vec<_> = (0..task.size)
        .map(|_| spawn_with(hand_on, own.clone()))
        .collect();
    let ask = move || {
        workers
            .iter()
            .try_for_each(|worker| worker.send(u64::MAX))
            .expect("there is room");
    };
    ask();
    let mut missing = task.size;
    let mut clock = Clock::new(&task, 1);
    port().receive(move |_: u64, _| {
        missing -= 1;
        if missing > 0 {
            return Ok(());
        }
        missing = task.size;
        if clock.tick() {
            ask();
            return Ok(());
        }
        port().close();
        task.to.send(clock.report(1))
    });
}

/// Makes round trips with an isolate of its own: as many as it is told.
#[entry]
fn pair(to: SendPort) {
    let answers = ReceivePort::new();
    let echo = spawn_with(hand_on, answers.send_port());
    let for_trips = echo.clone();
    let mut left = 0u64;
    answers.receive(move |number: u64, _| {
        left = if left == 0 { number } else { left };
        left -= 1;
        if left == 0 {
            return to.send(());
        }
        for_trips.send(number)
    });
    port().receive(move |trips: u64, _| echo.send(trips));
}

/// So many pairs make round trips at the same time.
#[entry]
async fn pairs(task: Task) -> Result<(), Box<dyn std::error::Error>> {
    let own = port().send_port();
    let pairs: Vec<_> = (0..task.size)
        .map(|_| spawn_with(pair, own.clone()))
        .collect();
    let mut trips = 100;
    loop {
        let start = std::time::Instant::now();
        for pair in &pairs {
            pair.send(trips)?;
        }
        for _ in &pairs {
            port().recv_as::<()>().await?;
        }
        let elapsed = start.elapsed();
        // The last time it takes long enough, and all are warm.
        if elapsed.as_millis() as u64 >= task.millis / 2 {
            task.to.send(Report {
                batches: vec![(task.size * trips, nanos(elapsed))],
                ..Report::default()
            })?;
            return Ok(());
        }
        trips *= 2;
    }
}
