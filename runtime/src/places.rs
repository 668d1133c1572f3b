//! For how many isolates at once a runtime has room.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The places of a runtime. An isolate has one for as long as it has a store, also
/// where that is not to be had back yet after its end.
pub(crate) struct Places {
    taken: AtomicU64,
    most: u64,
}

/// One of them, given back when it is dropped.
pub(crate) struct Place(Arc<Places>);

impl Places {
    pub(crate) fn new(most: u32) -> Arc<Self> {
        Arc::new(Places {
            taken: AtomicU64::new(0),
            most: most.into(),
        })
    }

    /// None where all are taken.
    pub(crate) fn take(self: &Arc<Self>) -> Option<Place> {
        let more = |taken| (taken < self.most).then_some(taken + 1);
        let taken = self
            .taken
            .try_update(Ordering::SeqCst, Ordering::SeqCst, more);
        taken.is_ok().then(|| Place(self.clone()))
    }

    pub(crate) fn taken(&self) -> u64 {
        self.taken.load(Ordering::SeqCst)
    }

    pub(crate) fn most(&self) -> u64 {
        self.most
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.taken.fetch_sub(1, Ordering::SeqCst);
    }
}
