//! A group that runs without the host's taking part.

use insula_message::ExitReason;

use crate::controller::Watched;
use crate::handle::Group;

/// A group that [`Runtime::start_group`](crate::Runtime::start_group) has started:
/// the host holds no port of it, and may look on, wait for its end or end it.
///
/// Dropping it leaves the group alone.
pub struct GroupRun {
    first: Watched,
    group: Group,
}

impl GroupRun {
    pub(crate) fn new(first: Watched, group: Group) -> Self {
        GroupRun { first, group }
    }

    /// The group.
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// The name of its first isolate.
    pub fn first(&self) -> &str {
        self.first.name()
    }

    /// Waits until nothing can happen in the group any more, and gives why its first
    /// isolate ended.
    pub fn wait(&self) -> ExitReason {
        let reason = self.first.wait_for_exit();
        self.group.wait();
        reason
    }
}

impl std::fmt::Debug for GroupRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GroupRun")
            .field("group", &self.group)
            .finish_non_exhaustive()
    }
}
