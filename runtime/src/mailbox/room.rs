//! Room in a mailbox: kept for messages that come later, and waited for in line.

use std::sync::Arc;

use super::{Batch, Event, Mailbox, Plain, Queued};
use insula_message::{Limit, LimitHit};

use crate::isolate::IsolateCore;
use crate::port::{Message, SMALL_MESSAGE, SendStatus, Target};
use crate::wait::{InLine, Place, Settled, Waiter};

/// Whether room for a message of this cost may be kept too, where it is kept for
/// so many messages and bytes already. No more than half of a mailbox's messages
/// and a quarter of its bytes is kept for later, so that nobody shuts others out
/// for as long as he likes: the largest message still fits beside that.
pub(crate) fn may_be_promised(promised: (u64, u64), most: (u64, u64), cost: u64) -> bool {
    let (messages, bytes) = promised;
    let (most_messages, most_bytes) = most;
    messages < most_messages.div_ceil(2)
        && bytes.saturating_add(cost) <= (most_bytes / 4).max(SMALL_MESSAGE)
}

/// The next event of an isolate, in a turn of its own; what comes after it may be
/// taken into `batch`. Who waits for the room that it leaves moves up.
#[inline(always)]
pub(crate) fn take(isolate: &Arc<IsolateCore>, batch: &mut Batch) -> Option<Event> {
    if let Some(event) = batch.next() {
        return Some(event);
    }
    let is_small = |event: &Event| matches!(event, Event::Message { share: None, .. });
    take_by(isolate, batch, Mailbox::take, is_small)
}

/// The same, where the next event is a small message without ports that fits `room`: it
/// is copied there.
#[inline(always)]
pub(crate) fn take_plain(
    isolate: &Arc<IsolateCore>,
    batch: &mut Batch,
    room: &mut [u8],
) -> Option<Plain> {
    if !batch.is_empty() {
        let mut plain = batch.next_plain(room)?;
        plain.last &= !isolate.has_ready();
        return Some(plain);
    }
    let take = |mailbox: &mut Mailbox| mailbox.take_plain(room);
    take_by(isolate, batch, take, |plain| !plain.last)
}

/// Takes out of the mailbox itself, and fills the batch where what was taken says so.
#[inline(always)]
fn take_by<T>(
    isolate: &Arc<IsolateCore>,
    batch: &mut Batch,
    take: impl FnOnce(&mut Mailbox) -> Option<T>,
    fills: impl FnOnce(&T) -> bool,
) -> Option<T> {
    if !isolate.has_ready() {
        return None;
    }
    let (taken, _settled) = {
        let mut mailbox = isolate.mailbox();
        mailbox.give_off(batch);
        let taken = take(&mut mailbox);
        if taken.as_ref().is_some_and(fills) {
            mailbox.fill(batch);
        }
        // Only what was taken leaves room; a turn ends by asking in vain.
        let left_room = taken.is_some() && mailbox.is_awaited();
        let settled = left_room.then(|| mailbox.make_room());
        (taken, settled)
    };
    taken
}

/// Ends a batch, before anything is changed at a port, and at the end of a turn.
pub(crate) fn put_back(isolate: &Arc<IsolateCore>, batch: Batch) {
    if !batch.is_open() {
        return;
    }
    let _settled = {
        let mut mailbox = isolate.mailbox();
        mailbox.put_back(batch);
        mailbox.is_awaited().then(|| mailbox.make_room())
    };
}

impl Mailbox {
    /// Whether the isolate's own limits have room for a message.
    pub(super) fn fits(&self, cost: u64) -> bool {
        self.messages + self.promised < self.limits.mailbox_messages
            && self.bytes.saturating_add(cost) <= self.limits.mailbox_bytes
    }

    /// The limit because of which there is no room for a message.
    pub(crate) fn full_by(&self, cost: u64) -> LimitHit {
        let messages = self.messages + self.promised + u64::from(!self.line.is_empty());
        let bytes = self.bytes.saturating_add(cost);
        if messages >= self.limits.mailbox_messages {
            self.limits.hit(Limit::MailboxMessages)
        } else if bytes > self.limits.mailbox_bytes {
            self.limits.hit(Limit::MailboxBytes)
        } else if self.group.has_mailbox_room(cost) {
            // Who is first in line waits for room, or too much is promised already.
            self.limits.hit(Limit::MailboxBytes)
        } else {
            self.group.limits.hit(Limit::GroupMailboxBytes)
        }
    }

    /// Whether a message would fit if nothing else were there.
    fn fits_ever(&self, cost: u64) -> bool {
        self.limits.mailbox_messages > 0
            && cost <= self.limits.mailbox_bytes
            && cost <= self.group.limits.group_mailbox_bytes
    }

    /// Sends `waiting` now or puts it in line.
    pub(crate) fn join_line(
        &mut self,
        slot: usize,
        id: u64,
        waiting: InLine,
    ) -> (Option<Place>, Settled) {
        if !self.is_open(slot, id) {
            return (None, Settled::line(waiting, Some(SendStatus::Closed)));
        }
        if !self.fits_ever(waiting.message.cost()) {
            return (None, Settled::line(waiting, Some(SendStatus::TooLarge)));
        }
        let place = Place::Line(self.line.join(slot, waiting));
        (Some(place), self.advance())
    }

    /// Tells `waiter` when a port is closed.
    pub(crate) fn watch(
        &mut self,
        slot: usize,
        id: u64,
        waiter: Waiter,
    ) -> (Option<Place>, Settled) {
        if !self.is_open(slot, id) {
            return (None, Settled::watch(waiter));
        }
        let place = Place::Watch(self.watches.join(slot, waiter));
        (Some(place), Settled::default())
    }

    /// A wait was dropped. It may have been first in line; none where it is
    /// over.
    pub(crate) fn leave_line(&mut self, place: Place) -> Option<Settled> {
        let mut settled = match place {
            Place::Line(number) => Settled::line(self.line.leave(number)?, None),
            Place::Watch(number) => Settled::unwatched(self.watches.leave(number)?),
        };
        settled.append(self.advance());
        Some(settled)
    }

    /// Whether anybody waits for room: here, or in the group's share.
    fn is_awaited(&self) -> bool {
        !self.line.is_empty() || self.starved.is_some() || self.group.starved.any()
    }

    /// Room was given back: to this mailbox and to the group's share.
    pub(super) fn make_room(&mut self) -> Settled {
        let mut settled = self.advance();
        settled.frees(&self.group);
        settled
    }

    /// Takes in what waits in line, as far as there is room.
    pub(crate) fn advance(&mut self) -> Settled {
        let mut settled = Settled::default();
        while let Some((slot, first)) = self.line.first() {
            let cost = first.message.cost();
            if !self.fits(cost) {
                break;
            }
            let own = first
                .share
                .as_ref()
                .is_some_and(|share| share.is_of(&self.group));
            if !own && !self.group.charge_mailbox(cost) {
                if self.starved.is_some() {
                    return settled;
                }
                let Target::Isolate { isolate, .. } = first.to.target() else {
                    unreachable!("what waits here is for a port of this mailbox");
                };
                self.group.starved.add(isolate);
                self.starved = Some(isolate.clone());
                // Room that came back before the group knew is seen now.
                continue;
            }
            let Some(waiting) = self.line.take_first() else {
                break;
            };
            let InLine {
                to,
                message,
                mut share,
                waiter,
            } = waiting;
            if own && let Some(share) = share.take() {
                share.keep();
            }
            self.take_in(cost);
            let wake = self.queue(slot, Queued::Message(message));
            settled.append(InLine::over(to, share, waiter, SendStatus::Sent, wake));
        }
        if let Some(isolate) = self.starved.take() {
            self.group.starved.remove(&isolate);
        }
        settled
    }

    /// Keeps room for one message. It is given back by [`Mailbox::take_back`],
    /// used by [`Mailbox::fulfil`], or gone with its port.
    pub(crate) fn promise(&mut self, slot: usize, id: u64, cost: u64) -> Result<(), SendStatus> {
        match self.room(slot, id, cost) {
            SendStatus::Sent => {}
            status => return Err(status),
        }
        let promised = (self.promised, self.promised_bytes);
        let most = (self.limits.mailbox_messages, self.limits.mailbox_bytes);
        if !may_be_promised(promised, most, cost) || !self.group.charge_mailbox(cost) {
            return Err(SendStatus::Full);
        }
        let port = &mut self.ports[slot];
        port.promised += 1;
        port.promised_bytes += cost;
        self.promised += 1;
        self.promised_bytes += cost;
        self.bytes += cost;
        self.measure();
        Ok(())
    }

    /// Keeps more room for a message that room is kept for. False where there is
    /// none.
    pub(crate) fn promise_more(&mut self, slot: usize, id: u64, more: u64) -> bool {
        if self.open_port(slot, id).is_none()
            || self.bytes.saturating_add(more) > self.limits.mailbox_bytes
            || !self.group.charge_mailbox(more)
        {
            return false;
        }
        self.ports[slot].promised_bytes += more;
        self.promised_bytes += more;
        self.bytes += more;
        self.measure();
        true
    }

    /// Queues a message in the room that was kept for it, which is large enough.
    /// True when the isolate has to be woken. Given back where the port is
    /// closed, and its room gone with it.
    pub(crate) fn fulfil(
        &mut self,
        slot: usize,
        id: u64,
        promised: u64,
        message: Message,
    ) -> Result<(bool, Settled), Message> {
        let cost = message.cost();
        if self.open_port(slot, id).is_none() || cost > promised {
            debug_assert!(cost <= promised, "{cost} in the room of {promised}");
            return Err(message);
        }
        self.unpromise(slot, promised);
        self.give_back(promised - cost);
        self.count(cost);
        let wake = self.queue(slot, Queued::Message(message));
        Ok((wake, self.make_room()))
    }

    /// Gives room back that was kept for a message.
    pub(crate) fn take_back(&mut self, slot: usize, id: u64, promised: u64) -> Settled {
        if !self.is_open(slot, id) {
            return Settled::default();
        }
        self.unpromise(slot, promised);
        self.give_back(promised);
        self.make_room()
    }

    fn unpromise(&mut self, slot: usize, promised: u64) {
        let port = &mut self.ports[slot];
        port.promised -= 1;
        port.promised_bytes -= promised;
        self.promised -= 1;
        self.promised_bytes -= promised;
    }
}
