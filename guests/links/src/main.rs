//! Isolates that are told of each other's end, or share it.

use insula_guest::*;

type Failure = Box<dyn std::error::Error>;

/// Ends as it is told.
#[entry]
fn worker() {
    port().receive(|how: String, _| match &*how {
        "panic" => panic!("as it was told"),
        "exit" => isolate::exit(),
        "code" => std::process::exit(7),
        _ => isolate::exit(),
    });
}

/// Links itself to a worker, which then ends that way.
#[entry]
async fn linked(how: String) -> Result<(), Failure> {
    let worker = Isolate::spawn(worker, ());
    worker.link()?;
    worker.port().send(&how)?;
    if how != "exit" {
        port().recv().await; // for ever
    }
    println!("{}", worker.monitor().await.reason);
    println!("goes on");
    Ok(())
}

#[entry]
async fn ends() -> Result<(), Failure> {
    for how in ["panic", "code", "exit"] {
        let child = Isolate::spawn(linked, how.to_string());
        println!("{how}: {}", child.monitor().await.reason);
    }
    Ok(())
}

/// Links are of both, and go on from one to the next.
#[entry]
fn chain((depth, linked): (u32, SendPort)) -> Result<(), ControlError> {
    port().receive(|_: Value, _| {});
    if depth > 0 {
        Isolate::spawn(chain, (depth - 1, linked.clone())).link()?;
    }
    linked.send(()).ok();
    Ok(())
}

#[entry]
async fn both_ways() -> Result<(), Failure> {
    let chain = Isolate::spawn(chain, (2, port().send_port()));
    for _ in 0..3 {
        port().recv_as::<()>().await?;
    }
    chain.kill()?;
    println!("{}", chain.monitor().await.reason);
    Ok(())
}

#[entry]
async fn unlinked() -> Result<(), Failure> {
    let one = Isolate::spawn(worker, ());
    one.link()?;
    one.unlink();
    one.port().send("panic")?;
    println!("{}", one.monitor().await.reason.is_error());
    // To link to one that has ended in peace changes nothing.
    let two = Isolate::spawn(worker, ());
    two.port().send("exit")?;
    two.monitor().await;
    two.link()?;
    println!("goes on");
    Ok(())
}

/// To link to one that has ended badly is to end.
#[entry]
async fn with_the_dead() -> Result<(), Failure> {
    let one = Isolate::spawn(worker, ());
    one.kill()?;
    one.monitor().await;
    println!("before");
    one.link()?;
    println!("never");
    Ok(())
}

#[entry]
async fn monitors() -> Result<(), Failure> {
    let worker = Isolate::spawn(worker, ());
    let (one, two, dropped) = (worker.monitor(), worker.monitor(), worker.monitor());
    drop(dropped);
    worker.port().send("panic")?;
    let exit = one.await;
    println!("{}", exit.isolate == *worker.control());
    match exit.reason {
        ExitReason::Panicked {
            message, backtrace, ..
        } => println!("{message}, {}", !backtrace.is_empty()),
        other => println!("{other:?}"),
    }
    println!("{}", two.await.reason.is_error());
    println!("{}", worker.monitor().await.reason.is_error());
    Ok(())
}

#[main]
fn main() {}
