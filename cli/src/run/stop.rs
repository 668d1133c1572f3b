//! Ending a run from outside: by a signal, or because it is to start again.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use insula::{ExitReason, Group};

use crate::signals::Signal;

/// Why a run is ended that would have gone on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The user or the system asked for it.
    Signal(Signal),
    /// Another one is to take its place.
    Changed,
}

/// Ends one run, once. Cheap to clone.
#[derive(Clone, Default)]
pub struct Stop(Arc<State>);

#[derive(Default)]
struct State {
    why: OnceLock<Why>,
    group: Mutex<Option<Group>>,
}

impl Stop {
    /// Ends the run now, or as soon as it begins.
    pub fn now(&self, why: Why) {
        let _ = self.0.why.set(why);
        self.kill();
    }

    /// This is the group that the run is.
    pub fn is_for(&self, group: &Group) {
        *self.group() = Some(group.clone());
        if self.why().is_some() {
            self.kill();
        }
    }

    /// Why the run was to end, if it was.
    pub fn why(&self) -> Option<Why> {
        self.0.why.get().copied()
    }

    /// Whether an isolate ended for this and no reason of its own.
    pub fn is_cause_of(&self, reason: &ExitReason) -> bool {
        let killed = match reason {
            ExitReason::Linked { reason, .. } => &**reason,
            reason => reason,
        };
        self.why().is_some() && *killed == ExitReason::Killed
    }

    fn kill(&self) {
        let group = self.group().clone();
        if let Some(group) = group {
            group.kill();
        }
    }

    fn group(&self) -> std::sync::MutexGuard<'_, Option<Group>> {
        self.0.group.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
