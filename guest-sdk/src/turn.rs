//! A turn: one stretch of running code, from when the host calls until nothing
//! is left to do.

use crate::bindings::ports::{self, Event};
use crate::inbox::{self, Inbox};
use crate::{task, timer, wait};
use std::io::Write;

/// The turn of an entry: `start` runs it, up to where it waits for something.
pub fn start(start: impl FnOnce()) {
    crate::panic::install_hook();
    start();
    finish();
}

/// The turn in which the host has messages.
pub fn wake() {
    // After each event the tasks that it has woken run, so that they see messages
    // one by one.
    while let Some(event) = ports::receive() {
        let last = matches!(&event, Event::Message(message) if message.last);
        handle(event);
        if last {
            break;
        }
        task::run_ready();
        inbox::settle();
    }
    finish();
}

fn handle(event: Event) {
    match event {
        Event::Message(message) => {
            if let Some(inbox) = Inbox::find(message.token) {
                inbox.deliver(message.into());
            }
        }
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
    std::io::stdout().flush().ok();
}
