//! Tests against real guests, through the public API. One claim a file.

mod actor;
mod backpressure;
mod bench;
mod busy;
mod c_hello;
mod c_imports;
mod cache;
mod calls;
mod capabilities;
mod clocks;
mod command;
mod contract;
mod controls;
mod copying;
mod cpu;
mod dart;
mod deterministic;
mod errors;
mod events;
mod fairness;
mod full;
mod futures;
mod heap;
mod hello;
mod host;
mod host_control;
mod host_names;
mod host_receive;
mod host_rights;
mod host_run;
mod host_told;
mod host_waits;
mod host_watch;
mod json;
mod last_words;
mod limits;
mod links;
mod metrics;
mod names;
mod objects;
mod options;
mod output;
mod outside;
mod overtime;
mod own_heap;
mod panics;
mod ports;
mod randomness;
mod raw_ports;
mod readme;
mod recording;
mod run;
mod security;
mod selective;
mod send;
mod services;
mod shown;
mod spawn;
mod stopping;
mod supervised;
mod supervisors;
mod traced;
mod uri;
mod usage;
mod values;
mod virtual_time;
mod waits;
mod zeroed;

/// The module of every guest crate, by name. A guest that no test names is dead
/// code here.
mod guests {
    include!(concat!(env!("OUT_DIR"), "/guests.rs"));
}
