//! What of a mailbox is handed out: which ports listen, and what comes next.

use std::collections::VecDeque;

use super::{Event, Mailbox, Plain, Queued};

impl Mailbox {
    pub(crate) fn listen(&mut self, slot: usize, on: bool) {
        let Some(port) = self.ports.get_mut(slot) else {
            return;
        };
        if std::mem::replace(&mut port.listening, on) == on {
            return;
        }
        let head = port.queue.front().map(|waiting| (waiting.arrival, slot));
        if on {
            self.living += usize::from(port.keeps_alive);
            if let Some(head) = head {
                self.add_ready(head);
            }
        } else {
            self.living -= usize::from(port.keeps_alive);
            if let Some(head) = head {
                self.remove_ready(head);
            }
        }
    }

    /// Whether a port keeps the isolate alive while it listens.
    pub(crate) fn keep_alive(&mut self, slot: usize, on: bool) {
        let Some(port) = self.ports.get_mut(slot) else {
            return;
        };
        if std::mem::replace(&mut port.keeps_alive, on) == on || !port.listening {
            return;
        }
        if on {
            self.living += 1;
        } else {
            self.living -= 1;
        }
    }

    pub(super) fn remove_ready(&mut self, head: (u64, usize)) {
        if let Ok(place) = self.ready.binary_search(&head) {
            self.ready.remove(place);
        }
    }

    pub(super) fn add_ready(&mut self, head: (u64, usize)) {
        if self.ready.is_empty() {
            self.ready.push_back(head);
            return;
        }
        let place = self.ready.partition_point(|other| *other < head);
        self.ready.insert(place, head);
    }

    /// The next event of a listening port, in order of arrival.
    #[inline(always)]
    pub(crate) fn take(&mut self) -> Option<Event> {
        loop {
            let message_at = self.ready.front().map(|(arrival, _)| *arrival);
            let due_at = self.due.front().map(|(arrival, _)| *arrival);
            match (message_at, due_at) {
                (None, None) => return None,
                (Some(message), due) if due.is_none_or(|due| message < due) => {
                    if let Some(event) = self.take_queued() {
                        return Some(event);
                    }
                }
                _ => return self.take_due(),
            }
        }
    }

    /// The same, where it is a small message without ports that fits `room`: its bytes
    /// are copied there out of the queue.
    #[inline(always)]
    pub(super) fn take_plain(&mut self, room: &mut [u8]) -> Option<Plain> {
        let (_, slot) = self.next_message(|message| message.fits(room))?;
        let port = &mut self.ports[slot];
        let token = port.token;
        self.ready.pop_front();
        let Queued::Message(message) = port.queue.pop_front()?.queued else {
            return None;
        };
        let cost = message.cost();
        let (length, reply) = message.copy_out(room);
        self.head_is_gone(slot);
        self.discharge(cost);
        Some(Plain {
            token,
            length,
            reply,
            last: self.has_notices_only(),
        })
    }

    #[inline(always)]
    fn has_notices_only(&self) -> bool {
        if !self.due.is_empty() || self.ready.len() > 1 {
            return false;
        }
        self.ready.front().is_none_or(|(_, slot)| {
            let queue = &self.ports[*slot].queue;
            queue.len() == 1 && matches!(queue[0].queued, Queued::Unreachable)
        })
    }

    fn take_due(&mut self) -> Option<Event> {
        let (_, event) = self.due.pop_front()?;
        shrink(&mut self.due);
        if matches!(event, Event::Settled { .. }) {
            self.settled -= 1;
        }
        Some(event)
    }

    #[inline(always)]
    fn take_queued(&mut self) -> Option<Event> {
        let (_, slot) = *self.ready.front()?;
        let (token, queued) = self.pop(slot)?;
        match queued {
            Queued::Message(message) => {
                let share = self.take_off(message.cost());
                Some(Event::Message {
                    token,
                    message,
                    share,
                })
            }
            Queued::Unreachable => {
                let port = &mut self.ports[slot];
                port.notice = false;
                // A send port may have been made since.
                (!port.port.has_senders()).then_some(Event::Unreachable { token })
            }
        }
    }

    /// Takes the head of the queue of the port that is first among those that are
    /// ready.
    #[inline(always)]
    pub(super) fn pop(&mut self, slot: usize) -> Option<(u64, Queued)> {
        self.ready.pop_front();
        let port = &mut self.ports[slot];
        let (token, waiting) = (port.token, port.queue.pop_front()?);
        self.head_is_gone(slot);
        Some((token, waiting.queued))
    }

    /// The head of a port's queue was taken, and its place among those that are ready.
    #[inline(always)]
    fn head_is_gone(&mut self, slot: usize) {
        let queue = &mut self.ports[slot].queue;
        shrink(queue);
        if let Some(waiting) = queue.front() {
            let next = (waiting.arrival, slot);
            self.add_ready(next);
        }
    }

    pub(crate) fn has_ready(&self) -> bool {
        !self.ready.is_empty() || !self.due.is_empty()
    }

    /// Whether there is anything that the isolate lives for. A message for a port
    /// that does not keep it alive is nothing such.
    pub(crate) fn keeps_alive(&self) -> bool {
        self.living > 0 || self.pending_timers > 0 || self.pending_waits > 0 || !self.due.is_empty()
    }
}

/// A queue with room for no more than so many is left as it is.
pub(super) const SHORT: usize = 16;

/// Gives room back that a queue had for more than it holds: each of ten thousand
/// ports was full once, perhaps.
fn shrink<T>(queue: &mut VecDeque<T>) {
    if queue.capacity() > SHORT && queue.len() < queue.capacity() / 4 {
        queue.shrink_to(queue.len() * 2);
    }
}
