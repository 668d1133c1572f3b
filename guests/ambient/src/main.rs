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

#[main]
fn main() {
    println!("{} {}", wall(), draw());
}
