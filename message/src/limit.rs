//! The limits of an isolate and its group, by name.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! limits {
    ($($variant:ident $option:ident $what:literal,)*) => {
        /// A limit, as it appears in exit reasons and refusals. Each is set by the
        /// option of the same name on the host's `Limits`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Limit {
            $(
                #[doc = concat!("Counts ", $what, ".")]
                $variant,
            )*
        }

        impl Limit {
            /// Every limit.
            pub const ALL: &[Limit] = &[$(Limit::$variant),*];

            /// The name of the option that sets it.
            pub fn option(self) -> &'static str {
                match self {
                    $(Limit::$variant => stringify!($option),)*
                }
            }

            fn what(self) -> &'static str {
                match self {
                    $(Limit::$variant => $what,)*
                }
            }
        }
    };
}

limits! {
    Memory memory "bytes of memory in one isolate",
    GroupMemory group_memory "bytes of memory in one group",
    TableElements table_elements "table elements in one isolate",
    TurnCpu turn_cpu "ms of computing in one turn",
    MailboxMessages mailbox_messages "messages in one mailbox",
    MailboxBytes mailbox_bytes "bytes in one mailbox",
    GroupMailboxBytes group_mailbox_bytes "bytes in the mailboxes of one group",
    MessageBytes message_bytes "bytes in one message",
    Handles handles "handles in one isolate",
    Timers timers "timers in one isolate",
    NamedPorts named_ports "named ports in one group",
    Isolates isolates "isolates alive in one group",
    Spawned spawned "isolates spawned in one group",
    PreemptedTurns preempted_turns "preempted turns in one group",
    OutputBytes output_bytes "bytes of output in one group",
}

/// A limit that was met: which one, and its value.
///
/// Prints as one line that names the limit, its value and the option that
/// raises it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LimitHit {
    /// The limit.
    pub limit: Limit,
    /// Its value: bytes, a count, or milliseconds for times.
    pub value: u64,
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
