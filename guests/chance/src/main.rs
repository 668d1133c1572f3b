//! Isolates that do what chance says, and say what they do: two runs are the same
//! only where everything in them is.

use insula_guest::*;
use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, SystemTime};

const WORKERS: usize = 10;
const STEPS: u64 = 20;

/// A number below `most`, by what every `HashMap` makes of two.
fn chance(most: u64) -> u64 {
    RandomState::new().hash_one(()) % most
}

fn moment() -> Duration {
    Duration::from_millis(chance(4))
}

fn now() -> u128 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.expect("it is after 1970").as_micros()
}

/// Someone to meet.
type Peer = (SendPort, Control);

#[entry]
async fn worker() {
    let Ok(peers) = port().recv_as::<Vec<Peer>>().await else {
        return;
    };
    port().receive(|from: String, _| println!("hears of {from}"));
    for step in 0..STEPS {
        let (to, control) = &peers[chance(peers.len() as u64) as usize];
        match chance(8) {
            0..3 => println!("tells {}: {:?}", control.name(), to.send(isolate::name())),
            3 => sleep(moment()).await,
            4 => std::thread::sleep(moment()),
            5 => {
                let pairs = (0..5).map(|n| (n, step));
                println!("{:?} {to:?}", pairs.collect::<HashMap<_, _>>());
            }
            6 => drop(Isolate::spawn(child, moment())),
            _ if chance(6) == 0 => println!("kills {}: {:?}", control.name(), control.kill()),
            _ => println!("does nothing"),
        }
        println!("has taken step {step} at {}", now());
    }
}

#[entry]
async fn child(time: Duration) {
    println!("is born at {}, and lives for {time:?}", now());
    sleep(time).await;
    if chance(2) == 0 {
        panic!("bad luck");
    }
}

#[main]
fn main() {
    let workers: Vec<_> = (0..WORKERS).map(|_| Isolate::spawn(worker, ())).collect();
    let peers: Vec<Peer> = workers
        .iter()
        .map(|worker| (worker.port().clone(), worker.control().clone()))
        .collect();
    for worker in &workers {
        worker.port().send(&peers).ok();
    }
}
