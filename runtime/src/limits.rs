//! What an isolate and its group may use: every default, stated once.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A limit, as it appears in exit reasons and refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// [`Limits::memory`]
    Memory,
    /// [`Limits::group_memory`]
    GroupMemory,
    /// [`Limits::table_elements`]
    TableElements,
    /// [`Limits::turn_cpu`]
    TurnCpu,
    /// [`Limits::mailbox_messages`]
    MailboxMessages,
    /// [`Limits::mailbox_bytes`]
    MailboxBytes,
    /// [`Limits::group_mailbox_bytes`]
    GroupMailboxBytes,
    /// [`Limits::message_bytes`]
    MessageBytes,
    /// [`Limits::handles`]
    Handles,
    /// [`Limits::timers`]
    Timers,
    /// [`Limits::isolates`]
    Isolates,
    /// [`Limits::spawned`]
    Spawned,
    /// [`Limits::preempted_turns`]
    PreemptedTurns,
    /// [`Limits::output_bytes`]
    OutputBytes,
}

/// A limit that was met: which one, and its value.
///
/// Prints as one line that names the limit, its value and the option that
/// raises it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LimitHit {
    /// The limit.
    pub limit: Limit,
    /// Its value: bytes, a count, or milliseconds for times.
    pub value: u64,
}

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident: $variant:ident = $default:expr, $what:literal;)*) => {
        /// What an isolate and its group may use.
        ///
        /// The group limits hold for everything that one host spawn leads to;
        /// the others for each isolate in it.
        ///
        /// ```
        /// let limits = insula::Limits::default().memory(16 << 20).isolates(10);
        /// assert_eq!(limits.get(insula::Limit::Memory), 16 << 20);
        /// ```
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Limits {
            $(pub(crate) $name: u64,)*
        }

        impl Default for Limits {
            fn default() -> Self {
                Limits { $($name: $default,)* }
            }
        }

        impl Limits {
            /// The value of a limit: bytes, a count, or milliseconds for times.
            pub fn get(&self, limit: Limit) -> u64 {
                match limit {
                    $(Limit::$variant => self.$name,)*
                }
            }

            /// Sets the limit of this name, for names that come from a user;
            /// none when there is no such limit.
            #[must_use]
            pub fn set(mut self, name: &str, value: u64) -> Option<Self> {
                match name {
                    $(stringify!($name) => self.$name = value,)*
                    _ => return None,
                }
                Some(self)
            }

            /// The names of all limits.
            pub fn names() -> impl Iterator<Item = &'static str> {
                [$(stringify!($name)),*].into_iter()
            }

            limits!(@setters $($(#[$doc])* $name;)*);
        }

        impl Limit {
            /// The name of the option that sets it, on [`Limits`].
            pub fn option(self) -> &'static str {
                match self {
                    $(Limit::$variant => stringify!($name),)*
                }
            }

            fn what(self) -> &'static str {
                match self {
                    $(Limit::$variant => $what,)*
                }
            }
        }
    };
    (@setters $($(#[$doc:meta])* $name:ident;)*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $name(mut self, value: u64) -> Self {
                self.$name = value;
                self
            }
        )*
    };
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

limits! {
    /// Bytes of linear memory of one isolate. 128 MiB by default.
    memory: Memory = 128 * MIB, "bytes of memory in one isolate";
    /// Bytes of linear memory of a whole group. 512 MiB by default.
    group_memory: GroupMemory = 512 * MIB, "bytes of memory in one group";
    /// Elements in the tables of one isolate. 20,000 by default.
    table_elements: TableElements = 20_000, "table elements in one isolate";
    /// Milliseconds of CPU time that one turn may use, to within a few. 10 s by
    /// default.
    turn_cpu: TurnCpu = 10_000, "ms of computing in one turn";
    /// Messages that wait in one isolate's mailbox, and in a host's receive
    /// port. 100,000 by default.
    mailbox_messages: MailboxMessages = 100_000, "messages in one mailbox";
    /// Bytes that wait in one isolate's mailbox, and in a host's receive port,
    /// with [`MESSAGE_OVERHEAD`] for each message. 64 MiB by default.
    mailbox_bytes: MailboxBytes = 64 * MIB, "bytes in one mailbox";
    /// Bytes that wait in all mailboxes of a group. 256 MiB by default.
    group_mailbox_bytes: GroupMailboxBytes = 256 * MIB, "bytes in the mailboxes of one group";
    /// Bytes of one message, with [`PORT_OVERHEAD`] for each port in it. 32 MiB
    /// by default.
    message_bytes: MessageBytes = 32 * MIB, "bytes in one message";
    /// Ports and other things of the host that one isolate holds. 10,000 by
    /// default.
    handles: Handles = 10_000, "handles in one isolate";
    /// Timers that are pending in one isolate. 10,000 by default.
    timers: Timers = 10_000, "timers in one isolate";
    /// Isolates of one group that are alive. 1,000 by default.
    isolates: Isolates = 1_000, "isolates alive in one group";
    /// Isolates that were ever spawned in one group. 1,000,000 by default.
    spawned: Spawned = 1_000_000, "isolates spawned in one group";
    /// Turns of one group that lost their run permit and hold a thread. 256 by
    /// default.
    preempted_turns: PreemptedTurns = 256, "preempted turns in one group";
    /// Bytes of output of one group, then dropped with one notice. 16 MiB by
    /// default.
    output_bytes: OutputBytes = 16 * MIB, "bytes of output in one group";
}

/// What a queued message costs beside its bytes.
pub const MESSAGE_OVERHEAD: u64 = 128;

/// What a send port in a message costs.
pub const PORT_OVERHEAD: u64 = 64;

/// How much a guest's text (a name, a URI) may hold before it is refused.
pub(crate) const TEXT_BYTES: u64 = 64 * KIB;

/// How much is kept of what a guest says about its end: as long as anybody can
/// ask for it, it is on no budget.
pub(crate) const REASON_BYTES: u64 = 4 * KIB;

/// Takes `more` from what a limit allows. False when it is not there.
pub(crate) fn charge(used: &AtomicU64, more: u64, limit: u64) -> bool {
    used.try_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
        used.checked_add(more).filter(|sum| *sum <= limit)
    })
    .is_ok()
}

impl Limits {
    /// Whether a message that costs so much in a mailbox is not too large: what
    /// every message costs there is no part of its size.
    pub(crate) fn check_message(&self, cost: u64) -> Result<(), LimitHit> {
        if cost > self.message_bytes.saturating_add(MESSAGE_OVERHEAD) {
            return Err(self.hit(Limit::MessageBytes));
        }
        Ok(())
    }

    pub(crate) fn hit(&self, limit: Limit) -> LimitHit {
        LimitHit {
            limit,
            value: self.get(limit),
        }
    }

    pub(crate) fn turn_cpu_time(&self) -> Duration {
        Duration::from_millis(self.turn_cpu)
    }
}

impl fmt::Display for LimitHit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LimitHit { limit, value } = self;
        write!(
            f,
            "the limit of {value} {} is reached (raise it with `Limits::{option}`, \
             or `--limit {option}=..` at a shell)",
            limit.what(),
            option = limit.option()
        )
    }
}
