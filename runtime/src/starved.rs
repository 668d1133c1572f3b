//! Who waits for room in a group's share of memory for mailboxes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::isolate::IsolateCore;
use crate::sync::lock;

/// The isolates of one group at whose mailboxes the first in line waits for room
/// in the group's share, by their numbers.
#[derive(Default)]
pub(crate) struct Starved {
    count: AtomicUsize,
    isolates: Mutex<BTreeMap<u64, Arc<IsolateCore>>>,
}

impl Starved {
    /// Whether there are any: one load, after room was given back and before
    /// looking for who wants it. Who joins looks for room once more.
    pub(crate) fn any(&self) -> bool {
        self.count.load(Ordering::SeqCst) > 0
    }

    pub(crate) fn add(&self, isolate: &Arc<IsolateCore>) {
        let mut isolates = lock(&self.isolates);
        isolates.insert(isolate.number(), isolate.clone());
        self.count.store(isolates.len(), Ordering::SeqCst);
    }

    pub(crate) fn remove(&self, isolate: &Arc<IsolateCore>) {
        let mut isolates = lock(&self.isolates);
        let removed = isolates.remove(&isolate.number());
        self.count.store(isolates.len(), Ordering::SeqCst);
        drop(isolates);
        drop(removed);
    }

    pub(crate) fn list(&self) -> Vec<Arc<IsolateCore>> {
        lock(&self.isolates).values().cloned().collect()
    }
}
