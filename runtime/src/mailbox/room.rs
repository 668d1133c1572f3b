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

    /// Queues a message in the room that was kept for it. One that is larger is
    /// given back when there is no room for what it has more; the promise holds
    /// on. True when the isolate has to be woken.
    pub(crate) fn fulfil(
        &mut self,
        slot: usize,
        id: u64,
        promised: u64,
        message: Message,
    ) -> Result<bool, (SendStatus, Message)> {
        if self.open_port(slot, id).is_none() {
            return Err((SendStatus::Closed, message));
        }
        let cost = message.cost();
        let more = cost.saturating_sub(promised);
        if more > 0 {
            let fits = self.bytes.saturating_add(more) <= self.limits.mailbox_bytes;
            if !fits || !self.group.charge_mailbox(more) {
                return Err((SendStatus::Full, message));
            }
            self.bytes += more;
        }
        self.unpromise(slot, promised);
        self.give_back(promised.saturating_sub(cost));
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
