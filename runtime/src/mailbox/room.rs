//! Room in a mailbox that is kept for messages which come later.

use super::{Mailbox, Queued};
use crate::port::{Message, SendStatus};

impl Mailbox {
    /// Keeps room for one message. It is given back by [`Mailbox::take_back`],
    /// used by [`Mailbox::fulfil`], or gone with its port.
    pub(crate) fn promise(&mut self, slot: usize, id: u64, cost: u64) -> Result<(), SendStatus> {
        match self.room(slot, id, cost) {
            SendStatus::Sent => {}
            status => return Err(status),
        }
        if !self.group.charge_mailbox(cost) {
            return Err(SendStatus::Full);
        }
        let port = &mut self.ports[slot];
        port.promised += 1;
        port.promised_bytes += cost;
        self.promised += 1;
        self.bytes += cost;
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
        self.bytes += more;
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
    ) -> Result<bool, Message> {
        let cost = message.cost();
        if self.open_port(slot, id).is_none() || cost > promised {
            debug_assert!(cost <= promised, "{cost} in the room of {promised}");
            return Err(message);
        }
        self.unpromise(slot, promised);
        self.give_back(promised - cost);
        self.messages += 1;
        Ok(self.queue(slot, Queued::Message(message)))
    }

    /// Gives room back that was kept for a message.
    pub(crate) fn take_back(&mut self, slot: usize, id: u64, promised: u64) {
        if self.open_port(slot, id).is_some() {
            self.unpromise(slot, promised);
            self.give_back(promised);
        }
    }

    fn unpromise(&mut self, slot: usize, promised: u64) {
        let port = &mut self.ports[slot];
        port.promised -= 1;
        port.promised_bytes -= promised;
        self.promised -= 1;
    }
}
