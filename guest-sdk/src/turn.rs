//! A turn: one stretch of running code, from when the host calls until nothing
//! is left to do.

use crate::bindings::ports::{self, Event};
use crate::inbox::{self, Inbox};
#[cfg(target_family = "wasm")]
use crate::message::Arrived;
use crate::{task, timer, wait};
#[cfg(target_family = "wasm")]
use std::cell::RefCell;
#[cfg(target_family = "wasm")]
use std::io::StdoutLock;
use std::io::Write;

/// The turn of an entry: `start` runs it, up to where it waits for something.
pub fn start(start: impl FnOnce()) {
    crate::panic::install_hook();
    start();
    finish();
}

/// The turn in which the host has events.
pub fn wake() {
    while let Some(event) = ports::receive() {
        let last = matches!(&event, Event::Message(message) if message.last);
        handle(event);
        if last {
            break;
        }
        between_events();
    }
    finish();
}

/// A part of a turn, with a message. Where it is not the last, there is another part.
#[cfg(target_family = "wasm")]
pub fn deliver(token: u64, message: Arrived<'_>, last: bool) {
    inbox::deliver(token, message);
    if last {
        finish();
    } else {
        between_events();
    }
}

/// After each event the tasks that it has woken run, so that they see messages one by
/// one.
fn between_events() {
    task::run_ready();
    inbox::settle();
}

fn handle(event: Event) {
    match event {
        Event::Message(message) => inbox::deliver(message.token, message.into()),
        Event::Unreachable(token) => {
            if let Some(inbox) = Inbox::find(token) {
                inbox.notice_unreachable();
            }
        }
        Event::Timer(token) => timer::fire(token),
        Event::Settled(settled) => wait::settled(settled.token, settled.status),
    }
}

/// Runs what can run, and lets out what was printed, also a line without an end.
fn finish() {
    loop {
        task::run_ready();
        inbox::settle();
        // A handler may have woken a task when its port was settled.
        if !task::is_any_ready() {
            break;
        }
    }
    flush();
}

/// Lets out what was printed, also a line without an end.
#[cfg(target_family = "wasm")]
fn flush() {
    // Locked for good, as there is no other thread that could want it: to lock it in
    // each turn is half of what flushing nothing takes.
    thread_local! {
        static STDOUT: RefCell<Option<StdoutLock<'static>>> = const { RefCell::new(None) };
    }
    STDOUT.with_borrow_mut(|stdout| {
        let stdout = stdout.get_or_insert_with(|| std::io::stdout().lock());
        stdout.flush().ok();
    });
}

#[cfg(not(target_family = "wasm"))]
fn flush() {
    std::io::stdout().flush().ok();
}
