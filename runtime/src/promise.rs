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
    /// To whom it is.
    pub(crate) fn port(&self) -> &PortRef {
        &self.port
    }

    /// Sends `message` in the room that was taken. Where it costs more and there
    /// is no room for that, sends what `shorter` makes, which is to cost no more
    /// than was promised. Where the port was closed meanwhile, nothing is sent.
    pub(crate) fn send(mut self, message: Message, shorter: impl FnOnce() -> Message) {
        match self.room.take() {
            Some(Room::Mailbox(promised)) => {
                if let Err(message) = self.queue(promised, message) {
                    // Dropped while no lock is held, and before another is made.
                    drop(message);
                    if self.queue(promised, shorter()).is_err() {
                        self.room = Some(Room::Mailbox(promised));
                    }
                }
            }
            Some(Room::Host(mut charge)) => {
                let Target::Host(mailbox) = self.port.target() else {
                    return;
                };
                let message = if charge.resize(message.cost()) {
                    message
                } else {
                    drop(message);
                    shorter()
                };
                let _ = mailbox.send(message, Some(charge));
            }
            None => {}
        }
    }

    /// Gives the message back where it does not fit.
    fn queue(&self, promised: u64, message: Message) -> Result<(), Message> {
        let Target::Isolate { isolate, slot } = self.port.target() else {
            return Ok(());
        };
        let queued = lock(isolate.mailbox()).fulfil(*slot, self.port.id(), promised, message);
        match queued {
            Ok(wake) => {
                if wake {
                    isolate.wake(None);
                }
                Ok(())
            }
            Err((SendStatus::Full, message)) => Err(message),
            // It is closed, so its room is gone.
            Err(_) => Ok(()),
        }
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        if let (Some(Room::Mailbox(promised)), Target::Isolate { isolate, slot }) =
            (&self.room, self.port.target())
        {
            lock(isolate.mailbox()).take_back(*slot, self.port.id(), *promised);
        }
    }
}
