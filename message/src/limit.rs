//! The limits of an isolate and its group, by name.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! limits {
    ($($scope:ident $unit:ident $variant:ident $option:ident $what:literal,)*) => {
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
            pub const fn option(self) -> &'static str {
                match self {
                    $(Limit::$variant => stringify!($option),)*
                }
            }

            /// Its place in [`Limit::ALL`].
            pub const fn place(self) -> usize {
                self as usize
            }

            /// What it holds for.
            pub const fn scope(self) -> Scope {
                match self {
                    $(Limit::$variant => Scope::$scope,)*
                }
            }

            /// What its value counts in.
            pub fn unit(self) -> Unit {
                match self {
                    $(Limit::$variant => Unit::$unit,)*
                }
            }

            /// What it counts, as in `bytes of memory in one isolate`.
            pub fn what(self) -> &'static str {
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

/// What the value of a limit counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Milliseconds.
    Milliseconds,
    /// Things of a kind.
    Count,
}

limits! {
    Isolate Bytes Memory memory "bytes of memory in one isolate",
    Group Bytes GroupMemory group_memory "bytes of memory in one group",
    Isolate Count TableElements table_elements "table elements in one isolate",
    Group Count GroupTableElements group_table_elements "table elements in one group",
    Isolate Milliseconds TurnCpu turn_cpu "ms of computing in one turn",
    Isolate Milliseconds Cpu cpu "ms of computing in one isolate",
    Group Milliseconds GroupCpu group_cpu "ms of computing in one group",
    Isolate Milliseconds TurnWall turn_wall "ms that one turn may last",
    Isolate Milliseconds Life life "ms that one isolate may live",
    Isolate Count MailboxMessages mailbox_messages "messages in one mailbox",
    Isolate Bytes MailboxBytes mailbox_bytes "bytes in one mailbox",
    Group Bytes GroupMailboxBytes group_mailbox_bytes "bytes in the mailboxes of one group",
    Isolate Bytes MessageBytes message_bytes "bytes in one message",
    Isolate Count Handles handles "handles in one isolate",
    Isolate Count Timers timers "timers in one isolate",
    Group Count NamedPorts named_ports "named ports in one group",
    Group Count Isolates isolates "isolates alive in one group",
    Group Count Spawned spawned "isolates spawned in one group",
    Group Count Programs programs "programs loaded by one group",
    Group Count PreemptedTurns preempted_turns "preempted turns in one group",
    Group Bytes HostMemory host_memory "bytes that the host keeps for one group",
    Group Count OpenFiles open_files "open files in one group",
    Group Bytes OutputBytes output_bytes "bytes of output in one group",
    Group Count OutputLines output_lines "lines of output in one group",
    Runtime Bytes WasmStack wasm_stack "bytes of stack in one turn",
    Runtime Bytes ProgramBytes program_bytes "bytes in one program",
    Runtime Count ProgramFunctions program_functions "functions in one program",
    Runtime Milliseconds CompileTime compile_time "ms of compiling one program",
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
        let where_set = match limit.scope() {
            Scope::Runtime => " in `RuntimeBuilder::limits`",
            Scope::Isolate | Scope::Group => "",
        };
        write!(
            f,
            "the limit of {value} {} is reached (raise it with `Limits::{option}`{where_set}, \
             or `--limit {option}=..` at a shell)",
            limit.what(),
            option = limit.option()
        )
    }
}
