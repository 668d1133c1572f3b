//! How many preempted turns a group may hold, and who waits while it holds
//! that many.

use std::collections::VecDeque;

use crate::sync::{Arc, AtomicUsize, Mutex, Ordering, lock};

use super::{Share, Work};

/// One group's door: turns go in while the group holds fewer preempted turns
/// than its limit; the rest of its work waits here and nobody else notices.
pub(crate) struct Admission<T> {
    limit: usize,
    share: Arc<Share>,
    preempted: AtomicUsize,
    /// How many were preempted at once at most, and how often work had to wait.
    most: AtomicUsize,
    waited: AtomicUsize,
    held: Mutex<VecDeque<T>>,
}

impl<T> Admission<T> {
    /// How many turns are preempted now and were at most, and how often work waited.
    pub(crate) fn figures(&self) -> (usize, usize, usize) {
        let [now, most, waited] = [&self.preempted, &self.most, &self.waited];
        (
            now.load(Ordering::SeqCst),
            most.load(Ordering::Relaxed),
            waited.load(Ordering::Relaxed),
        )
    }

    /// The group's share of the CPU.
    pub(crate) fn share(&self) -> &Arc<Share> {
        &self.share
    }
}

impl<T: Work> Admission<T> {
    pub(crate) fn new(limit: usize, share: Arc<Share>) -> Self {
        Admission {
            limit,
            share,
            preempted: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            waited: AtomicUsize::new(0),
            held: Mutex::new(VecDeque::new()),
        }
    }

    /// Whether work may run now. `crowded` means that the whole process holds as
    /// many preempted turns as it may: then a group that has one gets no more.
    pub(crate) fn is_open(&self, crowded: bool) -> bool {
        let limit = if crowded { 1 } else { self.limit };
        self.preempted.load(Ordering::SeqCst) < limit
    }

    /// Keeps work until a preempted turn of the group ends, or gives it back
    /// when one has ended, or the work was stopped, meanwhile.
    pub(crate) fn hold(&self, work: T, crowded: bool) -> Option<T> {
        // Looked at again under the lock that `turn_ended` takes: else what it does
        // between the look and the push would miss the work. Who stops the work
        // after that queues it once more.
        let mut held = lock(&self.held);
        if self.is_open(crowded) || work.is_stopped() {
            return Some(work);
        }
        held.push_back(work);
        self.waited.fetch_add(1, Ordering::Relaxed);
        None
    }

    /// A turn of the group lost its permit.
    pub(crate) fn turn_preempted(&self) {
        let now = self.preempted.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::Relaxed);
    }

    /// A turn that had lost its permit ended. Gives the work that may run now:
    /// all, as there may be no other such turn to let the rest in when it ends.
    pub(crate) fn turn_ended(&self) -> VecDeque<T> {
        let mut held = lock(&self.held);
        self.preempted.fetch_sub(1, Ordering::SeqCst);
        if self.is_open(false) {
            std::mem::take(&mut held)
        } else {
            VecDeque::new()
        }
    }
}
