//! A group as those see it who look at the runtime.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use super::GroupCore;
use crate::isolate::IsolateCore;
use crate::observe::{GroupMetrics, Past, Sums, Tally};
use crate::sched::Share;
use crate::sync::lock;
use insula_message::{ExitReason, Limit};

/// What is known of a group also when it is not there any more. The runtime holds it
/// until it has added it to what is past.
pub(crate) struct GroupPast {
    spawned: AtomicU64,
    /// Of the isolates that have left; changed while the members are locked.
    left: Mutex<Past>,
    share: Arc<Share>,
}

impl GroupPast {
    pub(super) fn new(share: &Arc<Share>) -> Arc<Self> {
        Arc::new(GroupPast {
            spawned: AtomicU64::new(0),
            left: Mutex::default(),
            share: share.clone(),
        })
    }

    /// Of isolates that are alive, only what they have computed is in it.
    pub(crate) fn read(&self) -> Past {
        let mut past = *lock(&self.left);
        past.spawned = self.spawned.load(Ordering::Relaxed);
        past.cpu = self.share.used();
        past
    }

    pub(super) fn spawned(&self, number: u64) {
        self.spawned.store(number, Ordering::Relaxed);
    }

    /// One has left, and had so much, or the reason of its end was told, or both.
    pub(super) fn left(&self, reason: Option<&ExitReason>, tally: Tally) {
        let mut left = lock(&self.left);
        left.tally += tally;
        if let Some(reason) = reason {
            left.ended[reason.place()] += 1;
        }
    }
}

/// One isolate of a group.
pub(crate) struct Seen {
    pub(crate) isolate: Arc<IsolateCore>,
    pub(crate) parent: Option<u64>,
}

impl GroupCore {
    pub(crate) fn past(&self) -> &Arc<GroupPast> {
        &self.past
    }

    /// Those that are there, and what those had that are not: taken at one moment, so
    /// that nobody is counted twice.
    pub(crate) fn seen(&self) -> (Vec<Seen>, Past) {
        let members = lock(&self.members);
        let alive = members.alive.values();
        let seen = alive.map(|member| Seen {
            isolate: member.isolate.clone(),
            parent: member.parent,
        });
        (seen.collect(), self.past.read())
    }

    pub(crate) fn member(&self, number: u64) -> Option<Arc<IsolateCore>> {
        let members = lock(&self.members);
        Some(members.alive.get(&number)?.isolate.clone())
    }

    /// What the group does, from what was seen of it.
    pub(crate) fn metrics(&self, seen: &[Seen], past: &Past) -> GroupMetrics {
        let mut sums = Sums::of(past);
        for Seen { isolate, .. } in seen {
            let Tally { sent, received } = isolate.tally();
            sums.sent += sent;
            sums.received += received;
            sums.mailboxes += isolate.mailbox().holds();
        }
        sums.isolates = self.alive() as u64;
        let memory = self.meter(Limit::GroupMemory);
        sums.memory = memory.used();
        GroupMetrics {
            group: self.number,
            sums,
            isolates_peak: self.meter(Limit::Isolates).peak(),
            isolates_limit: self.limits.isolates,
            memory_peak: memory.peak(),
            memory_limit: self.limits.group_memory,
        }
    }
}
