//! Errors that nothing has caught.

use insula_guest::*;
use std::time::Duration;

type Failure = Box<dyn std::error::Error>;

#[entry]
fn in_entry() -> Result<(), String> {
    Err("an entry's".into())
}

#[entry]
async fn in_async_entry() -> Result<(), String> {
    sleep(Duration::ZERO).await;
    Err("an async entry's".into())
}

#[entry]
fn in_timer() {
    Timer::after(Duration::ZERO, || Err("a timer's")).detach();
}

#[entry]
fn in_handler() -> Result<(), SendError> {
    port().receive(|(): (), _| Err("a handler's"));
    port().send_port().send(())
}

#[entry]
fn in_answer() {
    let closed = ReceivePort::new().send_port();
    let call = closed.call::<()>("anybody?");
    call.then(|answer| answer.map_err(|_| "an answer's"));
}

/// It panics, traps or fails, as it is told.
#[entry]
fn worker() {
    port().receive(|what: String, reply| {
        match &*what {
            "panic" => panic!("a panic"),
            "trap" => core::arch::wasm32::unreachable(),
            "fail" => return Err("a failure"),
            _ => println!("{what}"),
        }
        if let Some(reply) = reply {
            reply.send(()).ok();
        }
        Ok(())
    });
}

/// What becomes of a worker whose errors are not fatal.
async fn told(what: &str) -> Result<(), Failure> {
    let worker = SpawnOptions::new().errors_fatal(false).spawn(worker, ())?;
    let mut errors = worker.errors()?;
    worker.port().send(what)?;
    worker.port().send("goes on")?;
    let error = errors.next().await.ok_or("an error")?;
    println!("{error}");
    println!("with a backtrace: {}", error.backtrace.contains("worker"));
    if worker.port().call::<()>("goes on").await.is_ok() {
        worker.kill()?;
    }
    println!("then nothing: {}", errors.next().await.is_none());
    Ok(())
}

#[entry]
async fn panic() -> Result<(), Failure> {
    told("panic").await
}

#[entry]
async fn trap() -> Result<(), Failure> {
    told("trap").await
}

#[entry]
async fn failure() -> Result<(), Failure> {
    told("fail").await
}

/// The error first, then the end, and nothing in between.
#[entry]
async fn order() -> Result<(), Failure> {
    let told = ReceivePort::new();
    let worker = Isolate::spawn(worker, ());
    worker.add_exit_listener(&told.send_port(), "the end")?;
    worker.add_error_listener(&told.send_port())?;
    worker.port().send("fail")?;
    println!("{}", told.recv_as::<(String, String)>().await?.0);
    println!("{}", told.recv_as::<String>().await?);
    println!("{}", worker.port().send("anything").is_err());
    Ok(())
}

/// Whoever may terminate an isolate says what is fatal, also of itself.
#[entry]
async fn of_itself() -> Result<(), Failure> {
    let own = Control::current();
    own.set_errors_fatal(false)?;
    let mut errors = own.errors()?;
    for text in ["one", "two"] {
        Timer::after(Duration::ZERO, move || Err(text)).detach();
    }
    println!("{:?}", errors.next().await.map(|error| error.error));
    println!("{:?}", errors.next().await.map(|error| error.error));
    own.set_errors_fatal(true)?;
    Err("three".into())
}

/// To listen twice with one port is to listen once, and not any more is not.
#[entry]
async fn once() -> Result<(), Failure> {
    let (told, removed) = (ReceivePort::new(), ReceivePort::new());
    let worker = SpawnOptions::new().errors_fatal(false).spawn(worker, ())?;
    worker.add_error_listener(&told.send_port())?;
    worker.add_error_listener(&told.send_port())?;
    worker.add_error_listener(&removed.send_port())?;
    worker.remove_error_listener(&removed.send_port());
    worker.port().send("fail")?;
    worker.port().send("panic")?;
    worker.monitor().await;
    worker.ping(&told.send_port(), (), Priority::Immediate).ok();
    told.send_port().send(("no more", ""))?;
    removed.send_port().send(("nothing", ""))?;
    for port in [told, removed] {
        loop {
            let (text, _) = port.recv_as::<(String, String)>().await?;
            println!("{text}");
            if text.starts_with("no") {
                break;
            }
        }
    }
    Ok(())
}

#[main]
fn main() {}
