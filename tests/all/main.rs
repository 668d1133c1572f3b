//! Tests against real guests, through the public API. One claim a file.

mod backpressure;
mod bad_programs;
mod calls;
mod command;
mod contract;
mod copying;
mod dart;
mod futures;
mod hello;
mod host;
mod host_control;
mod hostile;
mod limits;
mod objects;
mod output;
mod own_heap;
mod panics;
mod ports;
mod raw_ports;
mod readme;
mod selective;
mod send;
mod services;
mod spawn;
mod supervised;
mod supervisors;
mod uri;
mod values;
mod wit;

/// The module of every guest crate, by name. A guest that no test names is dead
/// code here.
mod guests {
    include!(concat!(env!("OUT_DIR"), "/guests.rs"));
}
