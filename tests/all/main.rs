//! Tests against real guests, through the public API. One claim a file.

mod bad_programs;
mod calls;
mod command;
mod contract;
mod copying;
mod dart;
mod events;
mod futures;
mod hello;
mod host;
mod host_control;
mod host_names;
mod host_waits;
mod hostile;
mod limits;
mod objects;
mod output;
mod own_heap;
mod panics;
mod ports;
mod readme;
mod send;
mod services;
mod spawn;
mod uri;
mod values;
mod waits;
mod wit;

/// The module of every guest crate, by name. A guest that no test names is dead
/// code here.
mod guests {
    include!(concat!(env!("OUT_DIR"), "/guests.rs"));
}
