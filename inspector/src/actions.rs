//! What can be done from the page: pausing an isolate, letting it go on, ending it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use insula::{Capability, Control, IsolateId};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::guard::Refusal;
use crate::watch::{Shared, lock};

/// What is to be done, and with which isolate.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Action {
    group: u64,
    isolate: u64,
    r#do: Deed,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Deed {
    Pause,
    Resume,
    Kill,
    /// With all that it has spawned.
    KillTree,
}

/// Does it, and keeps what was paused.
pub(crate) struct Actions {
    /// By which it pauses: what others have paused stays paused.
    by: Capability,
    /// The isolates that are paused from here. While one is held its group is not over,
    /// even where nothing else can happen in it.
    paused: Mutex<BTreeMap<IsolateId, Control>>,
}

impl Actions {
    pub(crate) fn new() -> Self {
        Actions {
            by: Capability::new(),
            paused: Mutex::default(),
        }
    }

    /// Does it. Says whether the isolate is paused afterwards: somebody else may have
    /// paused it too.
    pub(crate) fn act(&self, shared: &Shared, action: &Action) -> Result<Value, Refusal> {
        let id = IsolateId {
            group: action.group,
            isolate: action.isolate,
        };
        let control = shared.observer.control(id).ok_or(Refusal::Gone)?;
        let done = match action.r#do {
            Deed::Pause => control.pause_with(&self.by),
            Deed::Resume => {
                let resumed = control.resume(&self.by);
                // Who was spawned paused may begin.
                resumed.and_then(|()| control.start())
            }
            Deed::Kill => control.kill(),
            Deed::KillTree => control.kill_tree(),
        };
        done.map_err(|_| Refusal::Bad)?;
        let is_paused = control.is_paused();
        self.keep(id, control, matches!(action.r#do, Deed::Pause));
        lock(&shared.board).is_stale();
        Ok(json!({ "paused": is_paused }))
    }

    fn keep(&self, id: IsolateId, control: Control, is_paused: bool) {
        let mut paused = lock(&self.paused);
        let gone = match is_paused {
            true => paused.insert(id, control),
            false => paused.remove(&id),
        };
        // Dropping the last one may bring a group to its end: not under the lock.
        drop(paused);
        drop(gone);
    }

    /// Holds those no more that have ended meanwhile.
    pub(crate) fn forget_ended(&self) {
        let mut paused = lock(&self.paused);
        let all = std::mem::take(&mut *paused).into_iter();
        let (gone, left): (BTreeMap<_, _>, _) =
            all.partition(|(_, control)| control.exit_reason().is_some());
        *paused = left;
        drop(paused);
        drop(gone);
    }
}

/// When nobody looks on any more, what was paused from here goes on.
impl Drop for Actions {
    fn drop(&mut self) {
        for control in std::mem::take(&mut *lock(&self.paused)).into_values() {
            let _ = control.resume(&self.by);
        }
    }
}
