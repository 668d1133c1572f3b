//! The limits of an isolate and its group, by name.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! limits {
    ($($scope:ident $variant:ident $option:ident $what:literal,)*) => {
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

            /// What it holds for.
            pub fn scope(self) -> Scope {
                match self {
                    $(Limit::$variant => Scope::$scope,)*
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

/// What a limit holds for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// Each isolate, for itself.
    Isolate,
    /// All isolates of a group together.
    Group,
    /// Everything that one runtime runs: set where the runtime is made.
    Runtime,
}

limits! {
    Isolate Memory memory "bytes of memory in one isolate",
    Group GroupMemory group_memory "bytes of memory in one group",
    Isolate TableElements table_elements "table elements in one isolate",
    Group GroupTableElements group_table_elements "table elements in one group",
    Isolate TurnCpu turn_cpu "ms of computing in one turn",
    Isolate Cpu cpu "ms of computing in one isolate",
    Group GroupCpu group_cpu "ms of computing in one group",
    Isolate TurnWall turn_wall "ms that one turn may last",
    Isolate Life life "ms that one isolate may live",
    Isolate MailboxMessages mailbox_messages "messages in one mailbox",
    Isolate MailboxBytes mailbox_bytes "bytes in one mailbox",
    Group GroupMailboxBytes group_mailbox_bytes "bytes in the mailboxes of one group",
    Isolate MessageBytes message_bytes "bytes in one message",
    Isolate Handles handles "handles in one isolate",
    Isolate Timers timers "timers in one isolate",
    Group NamedPorts named_ports "named ports in one group",
    Group Isolates isolates "isolates alive in one group",
    Group Spawned spawned "isolates spawned in one group",
    Group Programs programs "programs loaded by one group",
    Group PreemptedTurns preempted_turns "preempted turns in one group",
    Group HostMemory host_memory "bytes that the host keeps for one group",
    Group OutputBytes output_bytes "bytes of output in one group",
    Group OutputLines output_lines "lines of output in one group",
    Runtime WasmStack wasm_stack "bytes of stack in one turn",
    Runtime ProgramBytes program_bytes "bytes in one program",
    Runtime ProgramFunctions program_functions "functions in one program",
    Runtime CompileTime compile_time "ms of compiling one program",
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
