//! Ports that the host itself listens on: a crossbeam channel underneath.

use std::sync::{Arc, Mutex};

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::message::Received;
use crate::port::{Message, SendStatus};
use crate::sync::lock;

/// The sending end of a host's port, inside its [`Port`](crate::port::Port).
pub(crate) struct HostMailbox {
    shared: Arc<Shared>,
}

/// What the two ends and every message that waits for the host share.
struct Shared {
    state: Mutex<State>,
    most_messages: u64,
    most_bytes: u64,
}

struct State {
    /// None once no send port is left: the receiver's iteration ends then.
    channel: Option<Sender<Received>>,
    /// What waits for the host, counted until the host drops it, and what room
    /// is kept for.
    messages: u64,
    bytes: u64,
    /// The host has dropped its receive port.
    closed: bool,
}

/// The share of one message. Gives it back when it is dropped.
pub(crate) struct Charge {
    shared: Arc<Shared>,
    cost: u64,
}

impl HostMailbox {
    pub(crate) fn new(most_messages: u64, most_bytes: u64) -> (Self, Receiver<Received>) {
        let (sender, receiver) = unbounded();
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                channel: Some(sender),
                messages: 0,
                bytes: 0,
                closed: false,
            }),
            most_messages,
            most_bytes,
        });
        (HostMailbox { shared }, receiver)
    }

    /// Room for a message, taken before it is copied.
    pub(crate) fn charge(&self, cost: u64) -> Result<Charge, SendStatus> {
        self.shared.charge(&mut lock(&self.shared.state), cost)
    }

    /// Sends; `charge` is the room for it, where that was taken before.
    pub(crate) fn send(&self, message: Message, charge: Option<Charge>) -> SendStatus {
        let charge = match charge {
            Some(charge) => charge,
            None => match self.charge(message.cost()) {
                Ok(charge) => charge,
                Err(status) => return status,
            },
        };
        let channel = lock(&self.shared.state).channel.clone();
        let Some(channel) = channel else {
            return SendStatus::Closed;
        };
        match channel.send(Received::new(message, charge)) {
            Ok(()) => SendStatus::Sent,
            Err(_) => SendStatus::Closed,
        }
    }

    /// The last send port is gone.
    pub(crate) fn disconnect(&self) {
        let channel = lock(&self.shared.state).channel.take();
        drop(channel);
    }
}

impl Shared {
    fn charge(self: &Arc<Self>, state: &mut State, cost: u64) -> Result<Charge, SendStatus> {
        if state.closed {
            return Err(SendStatus::Closed);
        }
        if state.messages >= self.most_messages
            || state.bytes.saturating_add(cost) > self.most_bytes
        {
            return Err(SendStatus::Full);
        }
        state.messages += 1;
        state.bytes += cost;
        Ok(Charge {
            shared: self.clone(),
            cost,
        })
    }
}

impl Charge {
    /// Makes it the share of a message of this cost, where there is room.
    pub(crate) fn resize(&mut self, cost: u64) -> bool {
        let mut state = lock(&self.shared.state);
        let bytes = (state.bytes - self.cost).saturating_add(cost);
        if cost > self.cost && bytes > self.shared.most_bytes {
            return false;
        }
        state.bytes = bytes;
        self.cost = cost;
        true
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let mut state = lock(&self.shared.state);
        state.messages -= 1;
        state.bytes -= self.cost;
    }
}
