//! Waiting for room in a mailbox, seeing that nobody waits for an answer, calls
//! that end in time, and one message to many.

use insula_guest::*;
use std::time::Duration;

const SOON: Duration = Duration::from_millis(5);
const HOUR: Duration = Duration::from_secs(3600);

/// Says what it was sent when that is all.
#[entry]
async fn store(to: SendPort) {
    let mut stored = Vec::new();
    while let Ok(text) = port().recv_as::<String>().await {
        if text == "that is all" {
            to.send(&stored).ok();
            return;
        }
        stored.push(text);
    }
}

/// A store with little room, which has not begun.
fn closed_store(to: &ReceivePort) -> Isolate {
    let limits = Limits::new().mailbox_messages(4);
    let options = SpawnOptions::new().limits(limits).paused(true);
    options.spawn(store, to.send_port()).expect("there is room")
}

async fn waiting_for_room() -> Result<(), Box<dyn std::error::Error>> {
    let results = ReceivePort::new();
    let store = closed_store(&results);
    let mut sent = 0;
    while store.port().send("at once").is_ok() {
        sent += 1;
    }
    println!("  sent at once: {sent}");
    let first = store.port().send_when_ready("first in line");
    let second = store.port().send_when_ready("second in line");
    let dropped = store.port().send_when_ready("taken back");
    let last = store.port().send_when_ready("that is all");
    drop(dropped);
    println!(
        "  meanwhile: {}",
        store.port().send("more").expect_err("others are in line")
    );
    store.start()?;
    first.await?;
    second.await?;
    last.await?;
    let stored: Vec<String> = results.recv_as().await?;
    println!("  stored: {:?}", &stored[sent..]);

    // With room there is nothing to wait for.
    let open = ReceivePort::new();
    open.send_port().send_when_ready("room").await?;
    println!("  with room: {}", open.recv_as::<String>().await?);
    Ok(())
}

async fn waiting_in_vain() {
    let results = ReceivePort::new();
    let store = closed_store(&results);
    while store.port().send("at once").is_ok() {}
    let waiting = store.port().send_when_ready("never seen");
    let closed = store.port().closed();
    println!("  closed before: {}", store.port().is_closed());
    store.kill().ok();
    println!("  in line when it was killed: {:?}", waiting.await);
    closed.await;
    println!("  closed after: {}", store.port().is_closed());
    store.port().closed().await;
    println!(
        "  sent then: {:?}",
        store.port().send_when_ready("never seen").await
    );
}

/// Works on each call until nobody waits for it any more, and tells who watches.
#[entry]
fn worker(watcher: SendPort) {
    port().receive(move |question: String, reply: Option<SendPort>| {
        let (Some(reply), watcher) = (reply, watcher.clone()) else {
            return;
        };
        spawn_task(async move {
            let work = async {
                if question == "hard" {
                    sleep(HOUR).await;
                }
                question.len()
            };
            match reply.unless_closed(work).await {
                Some(answer) => reply.send(answer).ok(),
                None => watcher
                    .send(format!("nobody waits: {}", reply.is_closed()))
                    .ok(),
            };
        });
    });
}

async fn cancelling() -> Result<(), Box<dyn std::error::Error>> {
    let watch = ReceivePort::new();
    let worker = Isolate::spawn(worker, watch.send_port());
    println!(
        "  an answer in time: {}",
        worker.port().call::<usize>("easy").timeout(HOUR).await?
    );
    let late = worker.port().call::<usize>("hard").timeout(SOON).await;
    println!("  none in time: {}", late.expect_err("it takes an hour"));
    println!("  the callee: {}", watch.recv_as::<String>().await?);
    let call = worker.port().call::<usize>("hard");
    // It has this one when it answers the next.
    worker.port().call::<usize>("easy").await?;
    drop(call);
    println!("  the callee again: {}", watch.recv_as::<String>().await?);
    let told = ReceivePort::new();
    let to = told.send_port();
    worker
        .port()
        .call("hard")
        .timeout(SOON)
        .then(move |late: Result<usize, CallError>| {
            to.send(late.expect_err("it takes an hour").to_string())
        });
    println!("  as a callback: {}", told.recv_as::<String>().await?);
    worker.kill()?;
    Ok(())
}

async fn broadcasting() -> Result<(), Box<dyn std::error::Error>> {
    let ports = [ReceivePort::new(), ReceivePort::new(), ReceivePort::new()];
    let to: Vec<_> = ports.iter().map(ReceivePort::send_port).collect();
    ports[1].close();
    println!("  each: {:?}", broadcast(&to, ("news", &to[0]))?);
    for port in [&ports[0], &ports[2]] {
        let (news, reply): (String, SendPort) = port.recv_as().await?;
        println!("  {news}: {}", reply == to[0]);
    }
    println!(
        "  none: {:?}",
        broadcast(&to, Endless).expect_err("it cannot be said")
    );
    Ok(())
}

/// What no message can say.
struct Endless;

impl serde::Serialize for Endless {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("there is no end to it"))
    }
}

/// A handler whose error is nobody's.
#[entry]
fn failing() {
    port().receive(|number: u32, reply: Option<SendPort>| {
        if number == 0 {
            return Err("I do not like zeros");
        }
        if let Some(reply) = reply {
            reply.send(number).ok();
        }
        Ok(())
    });
}

async fn handlers_that_fail() -> Result<(), Box<dyn std::error::Error>> {
    let failing_ones = [true, false].map(|fatal| {
        let options = SpawnOptions::new().errors_fatal(fatal);
        options.spawn(failing, ()).expect("there is room")
    });
    for isolate in &failing_ones {
        isolate.port().send(0)?;
    }
    let [fatal, other] = failing_ones;
    match fatal.monitor().await.reason {
        ExitReason::Failed { error, place, .. } => {
            println!(
                "  fatal: {error}, set in {}",
                place.split(':').next().unwrap_or_default()
            );
        }
        reason => println!("  {reason}"),
    }
    println!(
        "  not fatal: it goes on with {}",
        other.port().call::<u32>(1).await?
    );
    Ok(other.kill()?)
}

#[main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("waiting for room");
    waiting_for_room().await?;
    println!("waiting in vain");
    waiting_in_vain().await;
    println!("cancelling");
    cancelling().await?;
    println!("broadcasting");
    broadcasting().await?;
    println!("handlers that fail");
    handlers_that_fail().await
}
