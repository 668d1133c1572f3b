//! Parts that the benchmark measures by themselves. No part of the public API: any
//! release may change or drop them.

mod hand_over;

use wasmtime::Engine;

use crate::handle::Isolate;
use crate::handles::{Handle, Handles};
use crate::isolate::FIRST_PORT;
use crate::limits::Limits;
use crate::mailbox::{self, Batch};
use crate::message::SendPort;

pub use hand_over::HandOver;

/// The engine of a runtime with room for so many isolates.
///
/// # Errors
///
/// As [`RuntimeBuilder::start`](crate::RuntimeBuilder::start).
pub fn engine(isolates: u32, limits: &Limits) -> wasmtime::Result<Engine> {
    crate::engine::new(crate::Profile::Fast, isolates, limits)
}

/// Whether an isolate's first port listens. It has to be paused, so that it is nobody
/// else's.
pub fn listen(isolate: &Isolate, on: bool) {
    let core = isolate.control().isolate();
    core.mailbox().listen(FIRST_PORT, on);
}

/// Takes so many events out of its mailbox, as one turn does. Whether there were that
/// many.
pub fn take(isolate: &Isolate, events: u64) -> bool {
    let (core, mut batch) = (isolate.control().isolate(), Batch::default());
    let all = (0..events).all(|_| mailbox::take(core, &mut batch).is_some());
    mailbox::put_back(core, batch);
    all
}

/// A handle table like that of an isolate.
pub struct HandleTable(Handles);

impl HandleTable {
    /// An empty one, on the limits of this isolate.
    pub fn new(isolate: &Isolate) -> Self {
        HandleTable(Handles::new(isolate.control().isolate()))
    }

    /// Puts a send port in; none where there is no room.
    pub fn insert(&mut self, port: &SendPort) -> Option<u32> {
        self.0
            .insert(Handle::SendPort(port.port().for_holder(None)))
            .ok()
    }

    /// Whether a number stands for a send port.
    pub fn is_send_port(&self, number: u32) -> bool {
        self.0.send_port(number).is_ok()
    }

    /// Takes something out. Whether it was there.
    pub fn remove(&mut self, number: u32) -> bool {
        self.0.remove(number).is_some()
    }
}
