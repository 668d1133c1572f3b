//! Messages that a turn takes out of its mailbox at once, so that neither it nor who
//! sends meanwhile is at the lock for each of them.
//!
//! They count in the mailbox until they are handed out, and no turn keeps any: what
//! is left over goes back.

use std::cell::Cell;
use std::collections::VecDeque;

use super::{Event, Mailbox, Plain, Queued, Waiting};
use crate::port::{Message, SMALL_MESSAGE};

/// How many messages are taken at once at most.
const MOST: usize = 32;

/// In a mailbox for fewer messages each is taken by itself: those that were handed
/// out are given off later, and would take the room of others.
const LARGE_MAILBOX: u64 = 32 * MOST as u64;

#[derive(Default)]
pub(crate) struct Batch {
    messages: VecDeque<Taken>,
    /// What was handed out and still counts in the mailbox.
    handed: u64,
    handed_bytes: u64,
}

struct Taken {
    arrival: u64,
    slot: usize,
    token: u64,
    message: Message,
}

thread_local! {
    /// The room of the last batch on this thread.
    static ROOM: Cell<VecDeque<Taken>> = const { Cell::new(VecDeque::new()) };
}

impl Batch {
    /// The next of them.
    #[inline(always)]
    pub(crate) fn next(&mut self) -> Option<Event> {
        let Taken { token, message, .. } = self.messages.pop_front()?;
        self.handed += 1;
        self.handed_bytes += message.cost();
        Some(Event::Message {
            token,
            message,
            share: None,
        })
    }

    /// The same, where it is one without ports that fits `room`: it is copied there.
    #[inline(always)]
    pub(super) fn next_plain(&mut self, room: &mut [u8]) -> Option<Plain> {
        if !self.messages.front()?.message.fits(room) {
            return None;
        }
        let Taken { token, message, .. } = self.messages.pop_front()?;
        self.handed += 1;
        self.handed_bytes += message.cost();
        let (length, reply) = message.copy_out(room);
        Some(Plain {
            token,
            length,
            reply,
            last: self.messages.is_empty(),
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Whether the mailbox has to hear of it at the end of the turn.
    pub(super) fn is_open(&self) -> bool {
        self.handed > 0 || !self.messages.is_empty()
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if self.messages.capacity() > 0 && self.messages.is_empty() {
            let room = std::mem::take(&mut self.messages);
            // Not where the thread is ending.
            let _ = ROOM.try_with(|last| last.set(room));
        }
    }
}

impl Mailbox {
    /// Those that were handed out count no more.
    pub(super) fn give_off(&mut self, batch: &mut Batch) {
        if batch.handed > 0 {
            self.messages -= std::mem::take(&mut batch.handed);
            let bytes = std::mem::take(&mut batch.handed_bytes);
            self.give_back(bytes);
        }
    }

    /// Takes what comes next, as long as it is small messages.
    #[inline]
    pub(super) fn fill(&mut self, batch: &mut Batch) {
        if self.limits.mailbox_messages < LARGE_MAILBOX
            || self.limits.mailbox_bytes < LARGE_MAILBOX * SMALL_MESSAGE
            || self.group.limits.group_mailbox_bytes < LARGE_MAILBOX * SMALL_MESSAGE
            || !self.line.is_empty()
        {
            return;
        }
        while batch.messages.len() < MOST {
            let small = |message: &Message| message.cost() <= SMALL_MESSAGE;
            let Some((arrival, slot)) = self.next_message(small) else {
                return;
            };
            let Some((token, Queued::Message(message))) = self.pop(slot) else {
                return;
            };
            if batch.messages.capacity() == 0 {
                batch.messages = ROOM.take();
            }
            batch.messages.push_back(Taken {
                arrival,
                slot,
                token,
                message,
            });
        }
    }

    /// When it arrived and where, if the next event is such a message.
    #[inline]
    pub(super) fn next_message(&self, is_one: impl Fn(&Message) -> bool) -> Option<(u64, usize)> {
        let (arrival, slot) = *self.ready.front()?;
        let due = self.due.front();
        if due.is_some_and(|(due, _)| *due < arrival) {
            return None;
        }
        match self.ports[slot].queue.front() {
            Some(Waiting {
                queued: Queued::Message(message),
                ..
            }) if is_one(message) => Some((arrival, slot)),
            _ => None,
        }
    }

    /// Ends a batch: what was handed out counts no more, and what was not is there
    /// as if it had not been taken.
    pub(super) fn put_back(&mut self, mut batch: Batch) {
        self.give_off(&mut batch);
        while let Some(taken) = batch.messages.pop_back() {
            let port = &mut self.ports[taken.slot];
            let head = port.queue.front().map(|waiting| waiting.arrival);
            let queued = Queued::Message(taken.message);
            let arrival = taken.arrival;
            port.queue.push_front(Waiting { queued, arrival });
            if port.listening {
                if let Some(head) = head {
                    self.remove_ready((head, taken.slot));
                }
                self.add_ready((taken.arrival, taken.slot));
            }
        }
    }
}
