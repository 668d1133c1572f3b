//! What an isolate is told of the time, and what its random numbers are.

use insula_guest::*;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant, SystemTime};

/// The time, in nanoseconds since 1970.
fn wall() -> u128 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.expect("it is after 1970").as_nanos()
}

const MOMENT: Duration = Duration::from_millis(5);

/// The time, after a while in the same turn, and after a while in another one.
#[entry]
async fn times() {
    let (at, began) = (wall(), Instant::now());
    println!("{at}");
    std::thread::sleep(MOMENT);
    println!("{} {}", wall(), began.elapsed().as_nanos());
    sleep(MOMENT).await;
    println!("{} {}", wall(), began.elapsed().as_nanos());
}

/// The times of a file that was written just now.
#[entry]
fn file_times() -> std::io::Result<()> {
    std::fs::write("/data/file", "text")?;
    let file = std::fs::metadata("/data/file")?;
    for time in [file.modified()?, file.accessed()?] {
        let since = time.duration_since(SystemTime::UNIX_EPOCH);
        println!("{}", since.expect("no time is before 1970").as_nanos());
    }
    Ok(())
}

/// A random number, by what every `HashMap` makes of two.
fn draw() -> u64 {
    RandomState::new().hash_one(())
}

/// Tells a random number of its own and lets others do so, `depth` deep.
#[entry]
async fn draws(depth: u32) {
    println!("{}", draw());
    for _ in 0..depth.min(1) * 2 {
        Isolate::spawn(draws, depth - 1).monitor().await;
    }
}

/// Two at once, which draw whenever they come to it.
#[entry]
async fn race() {
    let both = [Isolate::spawn(draws, 1), Isolate::spawn(draws, 1)];
    for isolate in both {
        isolate.monitor().await;
    }
}

const HOUR: Duration = Duration::from_secs(3600);

/// Hours, of every kind: only a time that need not be waited for is over soon.
#[entry]
async fn hours() {
    let began = Instant::now();
    println!("{} {:?}", wall(), began.elapsed());
    std::thread::sleep(HOUR);
    println!("a sleep: {:?}", began.elapsed());
    sleep(HOUR).await;
    println!("a timer: {:?}", began.elapsed());
    let relay = Isolate::spawn(relay, ());
    let first = timeout(HOUR, relay.port().call::<u32>(10_000)).await;
    println!("work before a timer: {first:?} {:?}", began.elapsed());
    let asleep = Isolate::spawn(sleeps, HOUR * 3);
    let awake = Isolate::spawn(sleeps, HOUR);
    println!("{}", awake.monitor().await.reason);
    println!("the shorter sleep: {:?}", began.elapsed());
    asleep.kill().ok();
    println!("{}", asleep.monitor().await.reason);
    println!("a kill: {:?}", began.elapsed());
}

/// Sends a number to itself until it is none, and answers then.
#[entry]
fn relay() {
    port().receive(|left: u32, reply| {
        let Some(reply) = reply else { return };
        if left == 0 {
            reply.send(0).ok();
        } else {
            let own = port().send_port();
            own.send_with_reply(left - 1, &reply).ok();
        }
    });
}

/// A blocking call of the host's, and no waiting of the SDK's.
#[entry]
fn sleeps(time: Duration) {
    std::thread::sleep(time);
    println!("slept until {}", wall());
}

/// More sleepers than may hold a thread, and one that has to wait for them.
#[entry]
async fn crowd(sleepers: u32) {
    let sleepers = (1..=sleepers).map(|n| Isolate::spawn(sleeps, HOUR * n));
    for isolate in sleepers.collect::<Vec<_>>() {
        isolate.monitor().await;
    }
}

#[main]
fn main() {
    println!("{} {}", wall(), draw());
}
