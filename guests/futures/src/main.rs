//! `async` entries: messages that are awaited, a stream of them, and timers.

use insula_guest::*;
use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Adds up the messages of a stream until a 0, and answers to that.
#[entry]
async fn adder() {
    let mut messages = pin!(port().messages());
    let mut sum = 0;
    while let Some(message) = next(messages.as_mut()).await {
        match message.decode().expect("a number") {
            0 => message
                .reply()
                .expect("a reply port")
                .send(sum)
                .expect("main lives"),
            number => sum += number,
        }
    }
}

/// What `StreamExt::next` of the crate `futures` does.
async fn next<S: futures_core::Stream>(mut stream: std::pin::Pin<&mut S>) -> Option<S::Item> {
    poll_fn(|context| stream.as_mut().poll_next(context)).await
}

#[main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let adder = spawn_function(adder);
    for number in [1, 2, 3] {
        adder.send(number)?;
    }
    println!("a stream: {}", adder.call::<i64>(0).await?);

    // Those who wait are served in the order in which they began to.
    let waiting: Vec<_> = ["first", "second", "third"]
        .map(|name| spawn_task(async move { (name, port().recv_as::<i64>().await) }))
        .into();
    sleep(ms(1)).await;
    for number in [10, 20, 30] {
        port().send_port().send(number)?;
    }
    for task in waiting {
        let (name, number) = task.await;
        println!("{name} in line: {}", number?);
    }

    // Timers are due in the order of their times, not of their making.
    let hour = Timer::after(ms(3_600_000), || println!("an hour has passed"));
    drop(Timer::after(ms(1), || {
        println!("cancelled, and never seen")
    }));
    let sleepers: Vec<_> = [10, 20, 30]
        .map(|time| {
            spawn_task(async move {
                sleep(ms(time)).await;
                println!("slept {time} ms");
            })
        })
        .into();
    for sleeper in sleepers {
        sleeper.await;
    }
    let rung = ReceivePort::new();
    let bell = rung.send_port();
    Timer::after(ms(1), move || {
        bell.send("a timer rang").expect("it is open")
    })
    .detach();
    println!("{}", rung.recv_as::<String>().await?);
    drop(hour);

    // A message that nobody waited for long enough for is not lost.
    let late = timeout(ms(5), port().recv()).await;
    println!("nothing within 5 ms: {}", late.is_err());
    port().send_port().send("late, but here")?;
    println!("{}", port().recv_as::<String>().await?);
    Ok(())
}
