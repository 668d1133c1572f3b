//! Running functions in isolates of their own.

use insula_guest::*;
use serde::{Deserialize, Serialize};
use std::fmt::Debug;
use std::future::Future;

#[entry]
fn double(number: u32) -> u32 {
    println!("in an isolate of its own");
    number * 2
}

#[entry]
async fn nothing() {}

#[entry]
fn parse(text: String) -> Result<u32, String> {
    text.parse().map_err(|error| format!("`{text}`: {error}"))
}

#[derive(Debug, Serialize, Deserialize)]
struct Denied {
    code: u32,
    to: String,
}

/// Its error can be sent, and not be displayed.
#[entry]
fn denies(code: u32) -> Result<(), Denied> {
    let to = "whoever asks".into();
    Err(Denied { code, to })
}

/// Its error can be displayed, and not be sent.
#[entry]
fn fails() -> Result<(), Box<dyn std::error::Error>> {
    Err("for somebody to read".into())
}

#[entry]
async fn waits() -> String {
    sleep(std::time::Duration::from_millis(1)).await;
    "after a while".into()
}

#[entry]
fn panics() -> u32 {
    panic!("no result");
}

#[entry]
async fn hangs() -> u32 {
    std::future::pending().await
}

#[entry]
fn loops() -> u32 {
    loop {
        std::hint::black_box(0);
    }
}

/// Would live for ever.
#[entry]
fn listens() -> String {
    port().receive(|_: Value, _| {});
    "it listens".into()
}

#[entry]
fn gives_back(port: SendPort) -> (SendPort, Vec<u8>) {
    (port, vec![1, 2, 3])
}

#[entry]
fn too_much() -> Vec<u64> {
    vec![1 << 40; 10_000]
}

async fn show<T: Debug>(run: impl Future<Output = Result<T, RunError>>) {
    match run.await {
        Ok(result) => println!("{result:?}"),
        Err(error) => println!("{error}"),
    }
}

#[entry]
async fn results() {
    show(Isolate::run(double, 21)).await;
    show(Isolate::run(nothing, ())).await;
    show(Isolate::run(parse, "12".to_string())).await;
    show(Isolate::run(parse, "twelve".to_string())).await;
    show(Isolate::run(denies, 7)).await;
    show(Isolate::run(waits, ())).await;
    let port = port().send_port();
    let back = Isolate::run(gives_back, port.clone()).await;
    println!("{}", back.is_ok_and(|back| back == (port, vec![1, 2, 3])));
}

#[entry]
async fn none() {
    show(Isolate::run(panics, ())).await;
    show(Isolate::run(hangs, ())).await;
    let run = Isolate::run(loops, ());
    if let Some(isolate) = run.isolate() {
        isolate.kill().expect("it may");
    }
    show(run).await;
    let little = Limits::new().message_bytes(1000);
    let options = SpawnOptions::new().limits(little);
    show(options.run(too_much, ())).await;
}

#[entry]
async fn ends_after_its_result() -> Result<(), RunError> {
    let run = Isolate::run(listens, ());
    let end = run.isolate().expect("it runs").monitor();
    println!("{}", run.await?);
    println!("{}", end.await.reason);
    Ok(())
}

#[entry]
async fn dropped() {
    let run = Isolate::run(loops, ());
    let end = run.isolate().expect("it runs").monitor();
    drop(run);
    println!("{}", end.await.reason);
}

#[entry]
fn number(number: u32) -> u32 {
    number
}

/// Its mailbox is full when the results come, until the port for `signal` is
/// closed.
#[entry]
async fn full(signal: SendPort) -> Result<(), Box<dyn std::error::Error>> {
    let options = SpawnOptions::new().paused(true);
    let runs: Vec<_> = (1..=3).map(|each| options.run(number, each)).collect();
    let own = port().send_port();
    while own.send("a message that nobody takes").is_ok() {}
    for run in &runs {
        run.isolate().ok_or("it is there")?.start()?;
    }
    signal.closed().await;
    port().close();
    for run in runs {
        println!("{}", run.await?);
    }
    Ok(())
}

/// Many at once, each with its own result.
#[entry]
async fn together() -> Result<(), RunError> {
    let runs: Vec<_> = (0..20).map(|number| Isolate::run(double, number)).collect();
    let mut sum = 0;
    for run in runs {
        sum += run.await?;
    }
    println!("{sum}");
    Ok(())
}

#[main]
fn main() {}
