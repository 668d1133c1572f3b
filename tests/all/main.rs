//! Tests against real guests, through the public API. One claim a file.

mod contract;
mod hello;
mod wit;

/// The module of every guest crate, by name. A guest that no test names is dead
/// code here.
mod guests {
    include!(concat!(env!("OUT_DIR"), "/guests.rs"));
}
