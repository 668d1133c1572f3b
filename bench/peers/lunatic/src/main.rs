//! What Lunatic takes for each row. Measures one row once and prints a line of JSON.
//!
//! A process has one type of message, so each row is a process of its own. Messages
//! are sent and received with the library's `Process` and `Mailbox`.

mod measure;
mod rows;
mod serial;

use lunatic::{Mailbox, Process};
use serde::{Serialize, de::DeserializeOwned};

/// Who wants to hear when a row is done, and its size.
pub type Job = (Process<()>, u64);

#[lunatic::main]
fn main(mailbox: Mailbox<()>) {
    let arguments: Vec<String> = std::env::args().collect();
    let size = arguments.get(2).map_or(0, |size| size.parse().unwrap());
    let job = (mailbox.this(), size);
    match arguments[1].as_str() {
        "round-trip" if size == 8 => start(job, rows::round_trip),
        "round-trip" => start(job, rows::round_trip_bytes),
        "call" => start(job, rows::call),
        "spawn" => start(job, rows::spawn),
        "spawn-cold" => start(job, rows::spawn_cold),
        "spawn-rate" => start(job, rows::spawn_rate),
        "one-way" => start(job, rows::one_way),
        "ring" => start(job, rows::ring),
        "pairs" => start(job, rows::pairs),
        "fan" => start(job, rows::fan),
        "bytes" => start(job, rows::bytes),
        "nested" => {
            Process::<_, serial::Whole>::spawn_link(job, rows::nested);
        }
        "idle-memory" => start(job, rows::idle_memory),
        "mappings" => start(job, rows::idle_mappings),
        "stop" => start(job, rows::stop),
        "beside-loops" => start(job, rows::beside_loops),
        "mailbox" => start(job, rows::mailbox),
        "mailbox-memory" => start(job, rows::mailbox_memory),
        row => panic!("no row is called {row}"),
    }
    mailbox.receive();
}

fn start<M: Serialize + DeserializeOwned>(job: Job, row: fn(Job, Mailbox<M>)) {
    Process::<M>::spawn_link(job, row);
}
