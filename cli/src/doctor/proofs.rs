//! For each limit a small guest that runs against it.

use insula::{Limit, Limits};

/// How it is shown that a limit holds.
pub enum Shows {
    /// The runtime names the limit and its value: to the host as the reason of an end,
    /// as an event or as why a program is not loaded, or to the guest, which prints it.
    Named,
    /// A mailbox is full for a guest when so many messages are in it, which is what it
    /// exits with: that is an answer like others, and named nowhere.
    Exits(i32),
    /// The turns that hold a thread are counted from outside.
    Preempted,
}

/// A guest, and the value of the limit that it runs against.
pub struct Proof {
    pub limit: Limit,
    pub value: u64,
    pub guest: String,
    pub shows: Shows,
}

/// How many isolates the guest for preempted turns may have.
pub const CHILDREN: u64 = 20;

impl Proof {
    /// The limits that it runs with.
    pub fn limits(&self) -> Limits {
        let limits = Limits::default().with(self.limit, self.value);
        match self.shows {
            Shows::Preempted => limits.isolates(CHILDREN),
            _ => limits,
        }
    }
}

/// The proof of a limit. A limit has one, or the doctor and its tests fail.
pub fn of(limit: Limit) -> Option<Proof> {
    let named = |value, guest: &str| {
        Some(Proof {
            limit,
            value,
            guest: guest.to_owned(),
            shows: Shows::Named,
        })
    };
    let exits = |value, sent| {
        let guest = include_str!("guests/sends.wat").to_owned();
        Some(Proof {
            limit,
            value,
            guest,
            shows: Shows::Exits(sent),
        })
    };
    match limit {
        Limit::Memory | Limit::GroupMemory => named(4 << 16, include_str!("guests/grows.wat")),
        Limit::TableElements | Limit::GroupTableElements => {
            named(100, include_str!("guests/tables.wat"))
        }
        Limit::TurnCpu | Limit::Cpu | Limit::GroupCpu | Limit::TurnWall => {
            named(30, include_str!("guests/loops.wat"))
        }
        Limit::Life => named(30, include_str!("guests/waits.wat")),
        Limit::MailboxMessages => exits(5, 5),
        // Each message of 1,000 bytes costs some more.
        Limit::MailboxBytes | Limit::GroupMailboxBytes => exits(5_999, 5),
        Limit::MessageBytes => named(999, include_str!("guests/sends.wat")),
        Limit::Handles => named(5, include_str!("guests/ports.wat")),
        Limit::HostMemory => named(64 << 10, include_str!("guests/ports.wat")),
        Limit::Timers => named(5, include_str!("guests/timers.wat")),
        Limit::NamedPorts => named(5, include_str!("guests/names.wat")),
        Limit::Isolates => named(5, &spawns("wait")),
        Limit::Spawned => named(5, &spawns("end")),
        Limit::PreemptedTurns => Some(Proof {
            limit,
            value: 1,
            guest: spawns("loop"),
            shows: Shows::Preempted,
        }),
        Limit::Programs => named(2, include_str!("guests/programs.wat")),
        Limit::OpenFiles => named(5, include_str!("guests/opens.wat")),
        Limit::OutputBytes => named(10, include_str!("guests/prints.wat")),
        Limit::OutputLines => named(1, include_str!("guests/prints.wat")),
        Limit::ProgramBytes => named(16, include_str!("guests/idle.wat")),
        Limit::ProgramFunctions => named(1, &functions(2)),
        Limit::CompileTime => named(1, &functions(3_000)),
        Limit::WasmStack => named(64 << 10, include_str!("guests/recurses.wat")),
        _ => None,
    }
}

/// A guest with so many functions, which a compiler has to work on for some time.
fn functions(count: usize) -> String {
    let function = "(func (param i64) (result i64) (local i64)
        (loop $again
            (local.set 1 (i64.add (i64.mul (local.get 1) (i64.const 31)) (local.get 0)))
            (br_if $again (i64.lt_u (local.get 1) (i64.const 1000))))
        (local.get 1))";
    format!(
        "(module (memory (export \"memory\") 1) {} (func (export \"insula:entry/main\")))",
        function.repeat(count)
    )
}

/// The guest that spawns an entry which does this.
fn spawns(child: &str) -> String {
    include_str!("guests/spawns.wat").replace("$CHILD", &format!("${child}"))
}
