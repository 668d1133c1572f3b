//! The host's handles to an isolate and to its group.

use std::sync::Arc;
use std::time::Duration;

use crate::group::GroupCore;
use crate::isolate::IsolateCore;
use crate::message::SendPort;
use insula_message::ExitReason;

/// An isolate that the host spawned.
///
/// Dropping the handle leaves the isolate alone, as dropping a thread's handle
/// leaves the thread alone. It holds a send port for the isolate's first port,
/// so the isolate's group is not over while the handle is there.
#[derive(Debug)]
pub struct Isolate {
    name: String,
    group: Group,
    core: Held,
    port: SendPort,
}

/// All isolates that one spawn of the host led to.
#[derive(Clone)]
pub struct Group(Arc<GroupCore>);

struct Held(Arc<IsolateCore>);

impl Isolate {
    pub(crate) fn new(core: Arc<IsolateCore>, port: SendPort) -> Self {
        Isolate {
            name: core.name().to_owned(),
            group: Group(core.group().clone()),
            core: Held(core),
            port,
        }
    }

    /// A name for people, unique within the group.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A send port for the isolate's first receive port.
    pub fn port(&self) -> &SendPort {
        &self.port
    }

    /// The group of the isolate and of all that it spawns.
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// Why the isolate ended, if it has.
    pub fn exit_reason(&self) -> Option<ExitReason> {
        self.core.0.exit_reason()
    }

    /// Waits until the isolate has ended. Gives its send port up first: an
    /// isolate that waits for messages which nobody else can send ends then.
    pub fn join(self) -> ExitReason {
        let Isolate { core, port, .. } = self;
        drop(port);
        core.0.wait_for_exit()
    }

    /// Waits until the isolate has ended, no longer than `time`, and keeps its
    /// send port.
    pub fn wait_timeout(&self, time: Duration) -> Option<ExitReason> {
        self.core.0.wait_for_exit_timeout(time)
    }

    /// Ends the isolate now, whatever it does: within about two milliseconds
    /// when it computes.
    pub fn kill(&self) {
        self.core.0.stop(ExitReason::Killed);
    }
}

impl Group {
    /// Waits until no isolate of the group is left.
    pub fn wait(&self) {
        self.0.wait_until_empty();
    }

    /// Whether no isolate of the group is left.
    pub fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    /// Ends every isolate of the group now.
    pub fn kill(&self) {
        self.0.end_all(ExitReason::Killed);
    }

    /// How many isolates are alive.
    pub fn alive(&self) -> usize {
        self.0.alive()
    }

    /// How many isolates were ever spawned.
    pub fn spawned(&self) -> u64 {
        self.0.spawned()
    }

    /// Bytes of linear memory in use.
    pub fn memory(&self) -> u64 {
        self.0.memory()
    }
}

impl std::fmt::Debug for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Group")
            .field("alive", &self.alive())
            .field("spawned", &self.spawned())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.name())
    }
}
