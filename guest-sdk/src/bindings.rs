//! The contract, `wit/isolate.wit`, in Rust: a copy of the one in the repository, as a
//! package has nothing outside of its folder. A test keeps the two equal.

#![allow(missing_docs, clippy::all, reason = "generated")]

wit_bindgen::generate!({ path: "wit", world: "guest" });

use crate::message::Arrived;
pub use insula::isolate::{control, isolates, names, ports, refusals, self_, timers};

/// Runs the constructors of whatever else is linked in (C, for one). As bindings
/// refer to them the linker adds no calls of its own, so that each export has to
/// make one; the generated `wake` does so itself.
pub fn run_constructors() {
    wit_bindgen::rt::run_ctors_once();
}

struct Exports;

impl Guest for Exports {
    fn wake() {
        crate::turn::wake();
    }

    fn deliver(
        token: u64,
        length: u32,
        reply: Option<ports::SendPort>,
        lost_ports: u32,
        last: bool,
    ) {
        crate::lent::with(length, |bytes| {
            crate::turn::deliver(token, Arrived::lent(bytes, reply, lost_ports), last);
        });
    }
}

export!(Exports);
