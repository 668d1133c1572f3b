//! The host's handles to an isolate and to its group.

use std::sync::Arc;
use std::time::Duration;

use crate::controller::Watched;
use crate::group::GroupCore;
use crate::host_control::Control;
use crate::message::SendPort;
use crate::names::NameError;
use crate::usage::Usage;
use insula_message::{ExitReason, Limit};

/// An isolate that the host spawned, with every right to it: all that a
/// [`Control`] does, it does too.
///
/// Dropping the handle leaves the isolate alone, as dropping a thread's handle
/// leaves the thread alone. It holds a send port for the isolate's first port,
/// so the isolate's group is not over while the handle is there.
#[derive(Debug)]
pub struct Isolate {
    group: Group,
    control: Control,
    port: SendPort,
}

/// All isolates that one spawn of the host led to.
#[derive(Clone)]
pub struct Group(Arc<GroupCore>);

impl Isolate {
    pub(crate) fn new(core: Watched, port: SendPort) -> Self {
        Isolate {
            group: Group(core.group().clone()),
            control: Control::whole(&core),
            port,
        }
    }

    /// A send port for the isolate's first receive port.
    pub fn port(&self) -> &SendPort {
        &self.port
    }

    /// The group of the isolate and of all that it spawns.
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// A handle that controls it and has no right to send to it.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Waits until the isolate has ended. Gives the host's hold on it up first:
    /// an isolate that waits for messages which nobody else can send ends then.
    pub fn join(self) -> ExitReason {
        let isolate = self.control.release();
        drop(self.port);
        isolate.wait_for_exit()
    }

    /// Ends the isolate now, whatever it does: within about two milliseconds
    /// when it computes.
    pub fn kill(&self) {
        // The spawner has every right.
        let _ = self.control.kill();
    }
}

impl std::ops::Deref for Isolate {
    type Target = Control;

    fn deref(&self) -> &Control {
        &self.control
    }
}

impl Group {
    pub(crate) fn new(core: Arc<GroupCore>) -> Self {
        Group(core)
    }

    /// Its number in its runtime, as [events](crate::Event) and
    /// [lines](crate::Line) have it.
    pub fn number(&self) -> u64 {
        self.0.number()
    }

    /// Waits until no isolate of the group is left.
    pub fn wait(&self) {
        self.0.wait_until_empty();
    }

    /// Gives a port a name that everybody in the group can look up, until the
    /// port is closed, its isolate ends, the name is taken away, or the group is
    /// over. The same name again for the same port is no error.
    ///
    /// # Errors
    ///
    /// Where the name belongs to another port, the port is closed, the group is
    /// over, or a limit is reached.
    pub fn register(&self, name: &str, port: &SendPort) -> Result<(), NameError> {
        self.0.names.register(&self.0, name, port.port())
    }

    /// The port of that name.
    pub fn lookup(&self, name: &str) -> Option<SendPort> {
        self.0.names.lookup(name, None).map(SendPort::new)
    }

    /// Takes a name away. Whether there was such a name.
    pub fn unregister(&self, name: &str) -> bool {
        self.0.names.unregister(&self.0, name)
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

    /// What the group uses of its limits, and how often something was refused to it
    /// because of one. Of a limit that each isolate has for itself: what the
    /// isolate uses that uses most, the most that one ever used, and what was
    /// refused to all of them.
    pub fn usage(&self) -> Usage {
        self.0.usage()
    }

    /// What its isolates have computed, those included that have ended; to within
    /// a few milliseconds for what runs now.
    pub fn cpu_time(&self) -> Duration {
        self.0.share().used()
    }

    /// Bytes of linear memory in use.
    pub fn memory(&self) -> u64 {
        self.0.meter(Limit::GroupMemory).used()
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
