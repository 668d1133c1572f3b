//! Room that is taken now for a message that is sent later: so that the notice
//! of an isolate's end is never lost because a mailbox is full.

use crate::host_port::Charge;
use crate::port::{Message, PortRef, SendStatus, Target};
use crate::sync::lock;

/// Room for one message at its receiver. Given back when it is dropped.
pub(crate) struct Promise {
    port: PortRef,
    room: Option<Room>,
}

enum Room {
    /// In an isolate's mailbox.
    Mailbox(u64),
    Host(Charge),
}

impl PortRef {
    /// Takes room for one message that costs no more than `cost`. Until it is
    /// used or dropped, it holds one more reference for the holder of this one.
    pub(crate) fn promise(&self, cost: u64) -> Result<Promise, SendStatus> {
        let room = match self.target() {
            Target::Isolate { isolate, slot } => {
                lock(isolate.mailbox()).promise(*slot, self.id(), cost)?;
                Room::Mailbox(cost)
            }
            Target::Host(mailbox) => Room::Host(mailbox.charge(cost)?),
            Target::Capability | Target::Control(_) => return Err(SendStatus::Closed),
        };
        Ok(Promise {
            port: self.again(),
            room: Some(room),
        })
    }
}

impl Promise {
    /// Has room for `cost` from now on. False, and as before, where there is
    /// none.
    pub(crate) fn grow_to(&mut self, cost: u64) -> bool {
        match (&mut self.room, self.port.target()) {
            (Some(Room::Mailbox(promised)), Target::Isolate { isolate, slot }) => {
                let more = cost.saturating_sub(*promised);
                let grown = lock(isolate.mailbox()).promise_more(*slot, self.port.id(), more);
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
                let queued =
                    lock(isolate.mailbox()).fulfil(*slot, self.port.id(), promised, message);
                if let Ok((true, _)) = queued {
                    isolate.wake(None);
                }
            }
            (Some(Room::Host(mut charge)), Target::Host(mailbox)) => {
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
            let settled = lock(isolate.mailbox()).take_back(*slot, self.port.id(), *promised);
            drop(settled);
        }
    }
}
