//! How an isolate is started.

use insula_guest::*;
use std::time::Duration;

type Failure = Box<dyn std::error::Error>;

#[entry]
fn say(text: String) {
    println!("{text}");
}

#[entry]
fn falls() {
    panic!("on purpose");
}

/// A child that fails under a name that somebody else has thought of.
#[entry]
async fn fails_as(name: String) -> Result<(), Failure> {
    let named = SpawnOptions::new().name(&name).spawn(falls, ())?;
    named.monitor().await;
    Ok(())
}

#[entry]
async fn name() -> Result<(), Failure> {
    let named = SpawnOptions::new()
        .name("a worker")
        .spawn(say, "hello".to_string())?;
    println!("{}", named.name());
    println!("{}", named.monitor().await.reason);
    Ok(())
}

#[entry]
async fn paused() -> Result<(), Failure> {
    let options = SpawnOptions::new().paused(true);
    let one = options.spawn(say, "one, that is paused".to_string())?;
    let two = options.spawn(say, "two, that is paused".to_string())?;
    let three = Isolate::spawn(say, "three".to_string());
    three.monitor().await;
    println!("one is there: {}", one.responds(Priority::Immediate).await);
    one.resume(&one.pause_capability()?)?;
    one.monitor().await;
    two.start()?;
    two.monitor().await;
    Ok(())
}

/// Fails in its entry and in two timers.
#[entry]
fn fails() -> Result<(), &'static str> {
    for text in ["in a timer", "in another timer"] {
        Timer::after(Duration::ZERO, move || Err(text)).detach();
    }
    Err("in the entry")
}

/// Prints what its child's listeners are told, in order.
async fn listen(errors_fatal: bool) -> Result<(), Failure> {
    let told = ReceivePort::new();
    let child = SpawnOptions::new()
        .errors_fatal(errors_fatal)
        .on_error(&told)
        .on_exit(&told)
        .spawn(fails, ())?;
    loop {
        match told.recv_as::<Option<(String, String)>>().await? {
            Some((error, _)) => println!("an error {error}"),
            None => break println!("the end"),
        }
    }
    println!("{}", child.monitor().await.reason);
    Ok(())
}

#[entry]
async fn fatal() -> Result<(), Failure> {
    listen(true).await
}

#[entry]
async fn not_fatal() -> Result<(), Failure> {
    listen(false).await
}

/// Takes so much memory.
#[entry]
fn takes(bytes: usize) {
    println!("{}", std::hint::black_box(vec![1u8; bytes]).len());
}

/// What it spawns cannot have more than it has itself.
#[entry]
async fn wants_more() -> Result<(), Failure> {
    let options = SpawnOptions::new().limits(Limits::new().memory(64 << 20));
    let child = options.name("grandchild").spawn(takes, 8 << 20)?;
    println!("{:?}", limit_of(&child).await);
    Ok(())
}

async fn limit_of(isolate: &Control) -> Option<LimitHit> {
    match isolate.monitor().await.reason {
        ExitReason::Limit { hit, .. } => Some(hit),
        _ => None,
    }
}

#[entry]
async fn limits() -> Result<(), Failure> {
    let options = SpawnOptions::new().limits(Limits::new().memory(4 << 20));
    let child = options.spawn(takes, 8 << 20)?;
    println!("{:?}", limit_of(&child).await);
    options.spawn(wants_more, ())?.monitor().await;
    let child = Isolate::spawn(takes, 8 << 20);
    println!("{}", child.monitor().await.reason);

    let of_the_group = Limits::new().set(Limit::Isolates, 3);
    let refused = SpawnOptions::new().limits(of_the_group).spawn(takes, 1);
    println!("{}", refused.expect_err("only the host sets it"));
    Ok(())
}

/// Sleeps in one turn.
#[entry]
fn sleeps(time: u64) {
    std::thread::sleep(Duration::from_millis(time));
    println!("awake");
}

/// Is never done.
#[entry]
fn listens() {
    port().receive(|(): (), _| ());
}

/// What it spawns has no more time than it has itself.
#[entry]
async fn wants_more_time() -> Result<(), Failure> {
    let hour = Duration::from_secs(3600);
    let limits = Limits::new().turn_wall(hour);
    let child = SpawnOptions::new()
        .limits(limits)
        .spawn(sleeps, 3_600_000)?;
    println!("{:?}", limit_of(&child).await);
    Ok(())
}

#[entry]
async fn time() -> Result<(), Failure> {
    let with = |limits| SpawnOptions::new().limits(limits);
    // Else nothing could happen any more while children rest.
    let stays = Timer::after(Duration::from_secs(3600), || ());
    let short = Duration::from_millis(30);
    let child = with(Limits::new().turn_wall(short)).spawn(sleeps, 3_600_000)?;
    println!("{:?}", limit_of(&child).await);
    let child = with(Limits::new().life(short)).spawn(listens, ())?;
    println!("{:?}", limit_of(&child).await);
    let child = with(Limits::new().life(short))
        .paused(true)
        .spawn(listens, ())?;
    println!("{:?}", limit_of(&child).await);

    let second = Duration::from_secs(1);
    let child = with(Limits::new().turn_wall(second)).spawn(wants_more_time, ())?;
    println!("{}", child.monitor().await.reason);
    let child = Isolate::spawn(sleeps, 1);
    println!("{}", child.monitor().await.reason);
    drop(stays);
    Ok(())
}

#[entry]
async fn other_program(uri: String) -> Result<(), Failure> {
    let shout = SpawnOptions::new()
        .name("loud")
        .spawn_uri(&uri, "shout", "hello")?;
    println!("{}", shout.name());
    println!("{}", shout.port().call::<String>("and hello").await?);
    shout.kill()?;
    println!("{}", shout.monitor().await.reason);
    Ok(())
}

#[main]
fn main() {}
