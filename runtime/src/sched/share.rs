//! A group's share of the CPU, and what it has had of it.
//!
//! What a group has computed, divided by its weight, is its *virtual time*. Whoever
//! has the least of those that want to run is next, so all have it at about the
//! same: each gets of the CPU what its weight is of the sum of their weights,
//! however many isolates a group has and whatever these do.
//!
//! A group that had nothing to do falls behind. It is not to make up for that: else
//! one that slept for an hour would then shut all others out for an hour. So it is
//! raised to the *floor*, the least virtual time of those that compete, minus a
//! slice's worth: who comes back goes first, and not for long.
//!
//! None of this decides whether something runs, only when. So these numbers are
//! read and written without any order between them, and the model checker does not
//! look at them.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use super::SLICE;

/// The weight of a group that was given none.
pub(crate) const USUAL_WEIGHT: u32 = 100;

/// How far below the floor a group comes back, in virtual time: what a slice costs
/// a group of the usual weight.
const AHEAD: u64 = SLICE * 1_000_000;

/// Of so many slices of a group that has both woken isolates and preempted turns,
/// one goes to a preempted turn.
const SHARE: u32 = 4;

pub(crate) struct Share {
    /// Tells the groups of one scheduler apart.
    group: u64,
    weight: u32,
    /// Nanoseconds that its isolates have computed.
    used: AtomicU64,
    /// Virtual time that it was raised by.
    raised: AtomicU64,
    /// Slices that woken isolates had while preempted turns waited.
    woken_slices: AtomicU32,
}

impl Share {
    pub(crate) fn new(group: u64, weight: u32) -> Self {
        Share {
            group,
            weight: weight.max(1),
            used: AtomicU64::new(0),
            raised: AtomicU64::new(0),
            woken_slices: AtomicU32::new(0),
        }
    }

    /// What its isolates have computed in all, `more` included from now on.
    pub(crate) fn charge(&self, more: Duration) -> Duration {
        let more = u64::try_from(more.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.used.fetch_add(more, Relaxed).saturating_add(more))
    }

    /// What its isolates have computed.
    pub(crate) fn used(&self) -> Duration {
        Duration::from_nanos(self.used.load(Relaxed))
    }

    pub(super) fn group(&self) -> u64 {
        self.group
    }

    /// Its virtual time: of a group with the usual weight, nanoseconds. It never
    /// goes back.
    pub(super) fn time(&self) -> u64 {
        // Enough for years of computing.
        let used = self.used.load(Relaxed).saturating_mul(USUAL_WEIGHT.into());
        let own = used / u64::from(self.weight);
        own.saturating_add(self.raised.load(Relaxed))
    }

    fn raise_to(&self, time: u64) {
        let raised = self.raised.load(Relaxed);
        let behind = time.saturating_sub(self.time());
        if behind > 0 {
            // Where somebody else did it first, it is done.
            let higher = raised.saturating_add(behind);
            let _ = self
                .raised
                .compare_exchange(raised, higher, Relaxed, Relaxed);
        }
    }

    /// Whether it is a preempted turn's time, though woken isolates wait too.
    pub(super) fn is_preempted_due(&self) -> bool {
        self.woken_slices.load(Relaxed) + 1 >= SHARE
    }

    /// A slice was given away while both waited.
    pub(super) fn count_slice(&self, preempted: bool) {
        if preempted {
            self.woken_slices.store(0, Relaxed);
        } else {
            self.woken_slices.fetch_add(1, Relaxed);
        }
    }
}

/// The least virtual time of the groups that compete.
#[derive(Default)]
pub(super) struct Floor(AtomicU64);

impl Floor {
    pub(super) fn rise_to(&self, time: u64) {
        self.0.fetch_max(time, Relaxed);
    }

    /// A group wants to run: what it did not use before is gone.
    pub(super) fn admit(&self, share: &Share) {
        share.raise_to(self.0.load(Relaxed).saturating_sub(AHEAD));
    }
}
