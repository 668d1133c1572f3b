//! Ports that the host itself listens on: a crossbeam channel underneath.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::limits::charge;
use crate::message::Received;
use crate::port::{Message, SendStatus};
use crate::sync::lock;

/// The sending end of a host's port, inside its [`Port`](crate::port::Port).
pub(crate) struct HostMailbox {
    /// None once no send port is left: the receiver's iteration ends then.
    channel: Mutex<Option<Sender<Received>>>,
    usage: Arc<Usage>,
}

/// What waits for the host, counted until the host drops it.
struct Usage {
    messages: AtomicU64,
    bytes: AtomicU64,
    most_messages: u64,
    most_bytes: u64,
}

/// The share of one message. Gives it back when it is dropped.
pub(crate) struct Charge {
    usage: Arc<Usage>,
    cost: u64,
}

impl HostMailbox {
    pub(crate) fn new(most_messages: u64, most_bytes: u64) -> (Self, Receiver<Received>) {
        let (sender, receiver) = unbounded();
        let usage = Usage {
            messages: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            most_messages,
            most_bytes,
        };
        (
            HostMailbox {
                channel: Mutex::new(Some(sender)),
                usage: Arc::new(usage),
            },
            receiver,
        )
    }

    /// Room for a message, taken before it is copied.
    pub(crate) fn charge(&self, cost: u64) -> Option<Charge> {
        Charge::take(&self.usage, cost)
    }

    /// Sends; `charge` is the room for it, where that was taken before.
    pub(crate) fn send(&self, message: Message, charge: Option<Charge>) -> SendStatus {
        let Some(charge) = charge.or_else(|| self.charge(message.cost())) else {
            return SendStatus::Full;
        };
        let channel = lock(&self.channel).clone();
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
        let channel = lock(&self.channel).take();
        drop(channel);
    }
}

impl Charge {
    fn take(usage: &Arc<Usage>, cost: u64) -> Option<Self> {
        if !charge(&usage.messages, 1, usage.most_messages) {
            return None;
        }
        if !charge(&usage.bytes, cost, usage.most_bytes) {
            usage.messages.fetch_sub(1, Ordering::SeqCst);
            return None;
        }
        Some(Charge {
            usage: usage.clone(),
            cost,
        })
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.usage.messages.fetch_sub(1, Ordering::SeqCst);
        self.usage.bytes.fetch_sub(self.cost, Ordering::SeqCst);
    }
}
