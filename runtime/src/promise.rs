//! Room that is taken now for a message that is sent later: so that the notice
//! of an isolate's end is never lost because a mailbox is full.

use std::sync::Arc;

use crate::group::{GroupCore, MailboxShare};
use crate::host_port::Charge;
use crate::port::{Message, PortRef, SendStatus, Target};

/// Room for one message at its receiver. Given back when it is dropped.
pub(crate) struct Promise {
    port: PortRef,
    room: Option<Room>,
    /// The part of the keeper's budget for what is sent later: the port may be
    /// closed before, and the room with it, and the message is kept still.
    _kept: Option<MailboxShare>,
}

enum Room {
    /// In an isolate's mailbox.
    Mailbox(u64),
    Host(Charge),
}

impl PortRef {
    /// Takes room for one message that costs no more than `cost`. Until it is
    /// used or dropped, it holds one more reference for `holder`.
    pub(crate) fn promise(
        &self,
        cost: u64,
        holder: Option<&Arc<GroupCore>>,
    ) -> Result<Promise, SendStatus> {
        let room = match self.target() {
            Target::Isolate { isolate, slot } => {
                let promised = isolate.mailbox().promise(*slot, self.id(), cost);
                promised.map_err(|status| isolate.refused_message(status, cost))?;
                Room::Mailbox(cost)
            }
            Target::Host(mailbox) => Room::Host(mailbox.promise(cost)?),
            Target::Capability | Target::Control(_) => return Err(SendStatus::Closed),
        };
        Ok(Promise {
            port: self.for_holder(holder),
            room: Some(room),
            _kept: None,
        })
    }
}

impl Promise {
    /// Puts what is kept until it is sent on the budget of who keeps it.
    pub(crate) fn kept_by(mut self, group: &Arc<GroupCore>, cost: u64) -> Result<Self, SendStatus> {
        let share = MailboxShare::take(group, cost).map_err(|hit| {
            group.meter(hit.limit).refuse();
            SendStatus::Full
        })?;
        self._kept = Some(share);
        Ok(self)
    }

    /// The number of the port.
    pub(crate) fn port_id(&self) -> u64 {
        self.port.id()
    }

    /// Has room for `cost` from now on. False, and as before, where there is
    /// none.
    pub(crate) fn grow_to(&mut self, cost: u64) -> bool {
        match (&mut self.room, self.port.target()) {
            (Some(Room::Mailbox(promised)), Target::Isolate { isolate, slot }) => {
                let more = cost.saturating_sub(*promised);
                let grown = isolate.mailbox().promise_more(*slot, self.port.id(), more);
                if grown {
                    *promised += more;
                }
                grown
            }
            (Some(Room::Host(charge)), _) => charge.resize(cost),
            _ => false,
        }
    }

    /// Sends `message`, which costs no more than was promised. Where the port was
    /// closed meanwhile, nothing is sent.
    pub(crate) fn send(mut self, message: Message) {
        match (self.room.take(), self.port.target()) {
            (Some(Room::Mailbox(promised)), Target::Isolate { isolate, slot }) => {
                // What was not queued is dropped after the lock.
                let queued = isolate
                    .mailbox()
                    .fulfil(*slot, self.port.id(), promised, message);
                if let Ok((true, _)) = queued {
                    isolate.wake(None);
                }
            }
            (Some(Room::Host(mut charge)), Target::Host(mailbox)) => {
                charge.promised_no_more();
                charge.resize(message.cost());
                let _ = mailbox.send(message, Some(charge));
            }
            _ => {}
        }
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        if let (Some(Room::Mailbox(promised)), Target::Isolate { isolate, slot }) =
            (&self.room, self.port.target())
        {
            let settled = isolate
                .mailbox()
                .take_back(*slot, self.port.id(), *promised);
            drop(settled);
        }
    }
}
