//! The place that is lent to the host, where it leaves the message that a turn begins
//! with.

use crate::bindings::ports;
use std::cell::{Cell, UnsafeCell};

/// What is larger comes through `receive`, in memory of its own.
const SIZE: usize = 1024;

#[repr(align(8))]
struct Place(UnsafeCell<[u8; SIZE]>);

// SAFETY: a guest has one thread (the allocator refuses to be built for more), and what
// reads the place is lent to one call: see `with`.
unsafe impl Sync for Place {}

static PLACE: Place = Place(UnsafeCell::new([0; SIZE]));

thread_local! {
    static IS_LENT: Cell<bool> = const { Cell::new(false) };
}

/// Lends the place, once: to be called before anything can be delivered.
pub fn lend() {
    if !IS_LENT.replace(true) {
        let place = PLACE.0.get();
        ports::lend(place.expose_provenance() as u32, SIZE as u32);
    }
}

/// Runs `body` on a message that the host has left. To be called from `deliver` alone.
pub fn with<R>(length: u32, body: impl FnOnce(&[u8]) -> R) -> R {
    // SAFETY: the host writes there before it calls `deliver`, and not until that has
    // returned; nothing else does. There is no `deliver` within another.
    let place = unsafe { &*PLACE.0.get() };
    body(&place[..length as usize])
}
