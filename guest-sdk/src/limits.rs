//! Limits for an isolate of one's own.

use insula_message::Limit;
use std::time::Duration;

/// Limits for a new isolate, for [`SpawnOptions`](crate::SpawnOptions).
///
/// They are caps under those of the spawner: what is not set here is as with the
/// spawner, and nothing goes above that.
///
/// ```no_run
/// # use insula_guest::*;
/// # use std::time::Duration;
/// let frugal = Limits::new()
///     .memory(4 << 20)
///     .turn_cpu(Duration::from_millis(50))
///     .mailbox_messages(100);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits(Vec<(Limit, u64)>);

impl Limits {
    /// Those of the spawner.
    pub fn new() -> Self {
        Self::default()
    }

    /// Bytes of memory.
    pub fn memory(self, bytes: u64) -> Self {
        self.set(Limit::Memory, bytes)
    }

    /// Elements of its tables.
    pub fn table_elements(self, count: u64) -> Self {
        self.set(Limit::TableElements, count)
    }

    /// Time of computing in one turn, in whole milliseconds.
    pub fn turn_cpu(self, time: Duration) -> Self {
        self.set(Limit::TurnCpu, milliseconds(time))
    }

    /// Time of computing in all its turns, in whole milliseconds.
    pub fn cpu(self, time: Duration) -> Self {
        self.set(Limit::Cpu, milliseconds(time))
    }

    /// Time that one turn may last by the clock, in whole milliseconds.
    pub fn turn_wall(self, time: Duration) -> Self {
        self.set(Limit::TurnWall, milliseconds(time))
    }

    /// Time that it may live, in whole milliseconds.
    pub fn life(self, time: Duration) -> Self {
        self.set(Limit::Life, milliseconds(time))
    }

    /// Messages in its mailbox.
    pub fn mailbox_messages(self, count: u64) -> Self {
        self.set(Limit::MailboxMessages, count)
    }

    /// Bytes of the messages in its mailbox.
    pub fn mailbox_bytes(self, bytes: u64) -> Self {
        self.set(Limit::MailboxBytes, bytes)
    }

    /// Bytes in one message that it sends.
    pub fn message_bytes(self, bytes: u64) -> Self {
        self.set(Limit::MessageBytes, bytes)
    }

    /// Handles: receive ports, send ports, isolates and what it waits for.
    pub fn handles(self, count: u64) -> Self {
        self.set(Limit::Handles, count)
    }

    /// Timers that are pending.
    pub fn timers(self, count: u64) -> Self {
        self.set(Limit::Timers, count)
    }

    /// Any limit. One that is no limit of a single isolate is refused when the
    /// isolate is spawned.
    pub fn set(mut self, limit: Limit, value: u64) -> Self {
        self.0.retain(|(other, _)| *other != limit);
        self.0.push((limit, value));
        self
    }

    /// What was set, each limit once.
    pub fn iter(&self) -> impl Iterator<Item = (Limit, u64)> + '_ {
        self.0.iter().copied()
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
