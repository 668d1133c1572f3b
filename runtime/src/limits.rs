//! What an isolate and its group may use: every default, stated once.

use std::sync::Arc;

use insula_message::{Limit, LimitHit, Scope};

use crate::error::StartError;

macro_rules! limits {
    ($($(#[$doc:meta])* $name:ident: $variant:ident = $default:expr;)*) => {
        /// What an isolate and its group may use.
        ///
        /// What each limit holds for is its [`scope`](Limit::scope): each isolate, the
        /// group as everything that one host spawn leads to, or the whole runtime
        /// ([`RuntimeBuilder::limits`](crate::RuntimeBuilder::limits)).
        ///
        /// ```
        /// let limits = insula::Limits::default().memory(16 << 20).isolates(10);
        /// assert_eq!(limits.get(insula::Limit::Memory), 16 << 20);
        /// assert!(insula::Limit::ALL.iter().all(|limit| limits.get(*limit) > 0));
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
                    // Both lists are this workspace's; a test goes through them.
                    other => unreachable!("{other:?} has no value"),
                }
            }

            fn put(&mut self, limit: Limit, value: u64) {
                match limit {
                    $(Limit::$variant => self.$name = value,)*
                    other => unreachable!("{other:?} has no value"),
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
    memory: Memory = 128 * MIB;
    /// Bytes of linear memory of a whole group. 512 MiB by default.
    group_memory: GroupMemory = 512 * MIB;
    /// Elements in the tables of one isolate. 20,000 by default.
    table_elements: TableElements = 20_000;
    /// Elements in the tables of a whole group. 200,000 by default.
    group_table_elements: GroupTableElements = 200_000;
    /// Milliseconds of CPU time that one turn may use, to within a few. 10 s by
    /// default.
    turn_cpu: TurnCpu = 10_000;
    /// Milliseconds of CPU time that one isolate may use in all its turns.
    /// [`NONE`](Limits::NONE) by default: a fair share of the CPU holds.
    cpu: Cpu = Limits::NONE;
    /// Milliseconds of CPU time that all isolates of a group may use together.
    /// [`NONE`](Limits::NONE) by default.
    group_cpu: GroupCpu = Limits::NONE;
    /// Milliseconds that one turn may last by the clock on the wall, with its host
    /// calls and while others run. 60 s by default.
    turn_wall: TurnWall = 60_000;
    /// Milliseconds that one isolate may live, from its spawning: also while it
    /// rests, is paused, or its program is being loaded. Keeps no group from being
    /// over. [`NONE`](Limits::NONE) by default.
    life: Life = Limits::NONE;
    /// Messages that wait in one isolate's mailbox, and in a host's receive
    /// port. 100,000 by default.
    mailbox_messages: MailboxMessages = 100_000;
    /// Bytes that wait in one isolate's mailbox, and in a host's receive port,
    /// with [`MESSAGE_OVERHEAD`] for each message. 64 MiB by default.
    mailbox_bytes: MailboxBytes = 64 * MIB;
    /// Bytes that wait in all mailboxes of a group. 256 MiB by default.
    group_mailbox_bytes: GroupMailboxBytes = 256 * MIB;
    /// Bytes of one message, with [`PORT_OVERHEAD`] for each port in it. 32 MiB
    /// by default.
    message_bytes: MessageBytes = 32 * MIB;
    /// Ports and other things of the host that one isolate holds. 10,000 by
    /// default.
    handles: Handles = 10_000;
    /// Timers that are pending in one isolate. 10,000 by default.
    timers: Timers = 10_000;
    /// Ports that have a name in one group. 1,000 by default.
    named_ports: NamedPorts = 1_000;
    /// Isolates of one group that are alive. 1,000 by default.
    isolates: Isolates = 1_000;
    /// Isolates that were ever spawned in one group. 1,000,000 by default.
    spawned: Spawned = 1_000_000;
    /// Programs that one group may load from URIs, ever. 100 by default.
    programs: Programs = 100;
    /// Turns of one group that lost their run permit and hold a thread. 256 by
    /// default.
    preempted_turns: PreemptedTurns = 256;
    /// Bytes of the host's own memory that are kept for one group: its handles,
    /// ports, timers, waits, names, listeners, lines that are not whole, and
    /// isolates, alive or held by others after their end. Each counts as what it
    /// costs at most: an isolate that is alive about 20 KiB and what its program's
    /// functions take, a receive port 2 KiB, a timer or a wait less than one. What
    /// waits in mailboxes is counted there. 64 MiB by default.
    host_memory: HostMemory = 64 * MIB;
    /// Files and folders that a group has open in the folders which it was granted.
    /// Each is a descriptor of the process, which has 1,024 as a rule. 256 by default.
    open_files: OpenFiles = 256;
    /// Bytes of output of one group, then dropped with one notice. 16 MiB by
    /// default.
    output_bytes: OutputBytes = 16 * MIB;
    /// Lines of output of one group, likewise. 1,000,000 by default.
    output_lines: OutputLines = 1_000_000;
    /// Bytes of WebAssembly stack of one turn, between [`Limits::LEAST_STACK`] and
    /// [`Limits::MOST_STACK`]. Of a whole runtime, as its threads have that much
    /// room and its engine knows one size for all: set it with
    /// [`RuntimeBuilder::limits`](crate::RuntimeBuilder::limits). 256 KiB by default.
    wasm_stack: WasmStack = 256 * KIB;
    /// Bytes of a program that is loaded. Of a whole runtime. 64 MiB by default.
    program_bytes: ProgramBytes = 64 * MIB;
    /// Functions in a program that is loaded. Of a whole runtime. 100,000 by
    /// default.
    program_functions: ProgramFunctions = 100_000;
    /// Milliseconds that compiling one program may take. Of a whole runtime. 60 s
    /// by default.
    compile_time: CompileTime = 60_000;
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

impl Limits {
    /// The value of a limit that is off.
    pub const NONE: u64 = u64::MAX;

    /// The least that [`wasm_stack`](Limits::wasm_stack) may be.
    pub const LEAST_STACK: u64 = 4 * KIB;

    /// The most that [`wasm_stack`](Limits::wasm_stack) may be: every thread that
    /// guests run on reserves as many addresses.
    pub const MOST_STACK: u64 = 256 * MIB;

    /// Whether a runtime can be made with that stack.
    pub(crate) fn check_stack(&self) -> Result<(), StartError> {
        if (Limits::LEAST_STACK..=Limits::MOST_STACK).contains(&self.wasm_stack) {
            return Ok(());
        }
        Err(StartError::WasmStack(self.wasm_stack))
    }

    /// The bytes of stack of one turn, of limits that were checked.
    pub(crate) fn guest_stack(&self) -> usize {
        self.wasm_stack as usize
    }

    /// These limits with this one set.
    #[must_use]
    pub fn with(mut self, limit: Limit, value: u64) -> Self {
        self.put(limit, value);
        self
    }

    /// A limit of the whole runtime in which these limits differ from the
    /// runtime's own.
    pub(crate) fn differs_from_runtime(&self, runtime: &Limits) -> Option<Limit> {
        let mut of_runtime = Limit::ALL
            .iter()
            .filter(|limit| limit.scope() == Scope::Runtime);
        of_runtime
            .find(|limit| self.get(**limit) != runtime.get(**limit))
            .copied()
    }

    /// Whether a message that costs so much in a mailbox is not too large: what
    /// every message costs there is no part of its size.
    pub(crate) fn check_message(&self, cost: u64) -> Result<(), LimitHit> {
        if cost > self.message_bytes.saturating_add(MESSAGE_OVERHEAD) {
            return Err(self.hit(Limit::MessageBytes));
        }
        Ok(())
    }

    /// The limit of this name that each isolate has for itself, or why there is
    /// none.
    pub(crate) fn of_isolates(name: &str) -> Result<Limit, String> {
        let named = Limit::ALL.iter().find(|limit| limit.option() == name);
        match named {
            Some(limit) if limit.scope() != Scope::Isolate => Err(format!(
                "`{name}` is a limit of the whole {}, and only the host sets those",
                match limit.scope() {
                    Scope::Group => "group",
                    _ => "runtime",
                }
            )),
            Some(limit) => Ok(*limit),
            None => {
                let all = Limit::ALL
                    .iter()
                    .filter(|limit| limit.scope() == Scope::Isolate);
                let names: Vec<_> = all.map(|limit| limit.option()).collect();
                let shown: String = name.chars().take(64).collect();
                Err(format!(
                    "there is no limit `{shown}`; there is {}",
                    names.join(", ")
                ))
            }
        }
    }

    /// These limits, none above what is asked for.
    pub(crate) fn capped(self: &Arc<Self>, asked: &[(Limit, u64)]) -> Arc<Self> {
        if asked.is_empty() {
            return self.clone();
        }
        let mut capped = Limits::clone(self);
        for (limit, most) in asked {
            capped.put(*limit, capped.get(*limit).min(*most));
        }
        Arc::new(capped)
    }

    pub(crate) fn hit(&self, limit: Limit) -> LimitHit {
        LimitHit {
            limit,
            value: self.get(limit),
        }
    }
}
