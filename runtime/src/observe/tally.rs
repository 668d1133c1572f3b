//! What is counted of messages and of ends, so that counting costs next to nothing.
//!
//! What an isolate sends is counted by the one thread that runs it, without an atomic
//! addition; what comes in, by its mailbox under the lock that is held anyway. Sums are
//! made when somebody asks. What an isolate had is added to its group when it leaves,
//! and what a group had to the runtime, so that no sum ever goes back.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use insula_message::ExitReason;
use serde::Serialize;

/// Messages, and the bytes in them: as [`Limits::message_bytes`] counts them, with
/// [`PORT_OVERHEAD`](crate::PORT_OVERHEAD) for each port that travels along.
///
/// [`Limits::message_bytes`]: crate::Limits::message_bytes
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Traffic {
    /// How many messages.
    pub messages: u64,
    /// How many bytes were in them.
    pub bytes: u64,
}

impl std::ops::AddAssign for Traffic {
    fn add_assign(&mut self, more: Self) {
        self.messages += more.messages;
        self.bytes += more.bytes;
    }
}

/// What an isolate has sent.
#[derive(Default)]
pub(crate) struct Sent {
    messages: AtomicU64,
    bytes: AtomicU64,
}

impl Sent {
    /// One message more. Called by the thread that runs the isolate, so nobody else
    /// writes meanwhile.
    #[inline(always)]
    pub(crate) fn add(&self, bytes: u64) {
        for (sum, more) in [(&self.messages, 1), (&self.bytes, bytes)] {
            sum.store(sum.load(Ordering::Relaxed) + more, Ordering::Relaxed);
        }
    }

    pub(crate) fn read(&self) -> Traffic {
        Traffic {
            messages: self.messages.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }
}

/// What isolates have sent and received.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) sent: Traffic,
    pub(crate) received: Traffic,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, more: Self) {
        self.sent += more.sent;
        self.received += more.received;
    }
}

/// What isolates that are no longer there had, and why they ended.
#[derive(Clone, Copy, Default)]
pub(crate) struct Past {
    pub(crate) spawned: u64,
    /// By the place of the reason's kind.
    pub(crate) ended: [u64; ExitReason::KINDS.len()],
    pub(crate) tally: Tally,
    pub(crate) cpu: Duration,
}

impl std::ops::AddAssign<&Past> for Past {
    fn add_assign(&mut self, more: &Past) {
        self.spawned += more.spawned;
        for (sum, more) in self.ended.iter_mut().zip(more.ended) {
            *sum += more;
        }
        self.tally += more.tally;
        self.cpu += more.cpu;
    }
}
