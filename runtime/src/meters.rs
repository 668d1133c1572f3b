//! How much of what is limited is used, and how often that was not enough.

use std::sync::atomic::{AtomicU64, Ordering};

use insula_message::{Limit, Scope};

/// One limit's meter. Counting costs as little as an atomic number does.
#[derive(Default)]
pub(crate) struct Meter {
    used: AtomicU64,
    peak: AtomicU64,
    refused: AtomicU64,
}

impl Meter {
    /// Takes `more` from what the limit allows. False when it is not there.
    pub(crate) fn charge(&self, more: u64, limit: u64) -> bool {
        // As strong as giving back: who looks for room after it said that it waits
        // and who gives room back before it looks for who waits must not both miss.
        let taken = self
            .used
            .try_update(Ordering::SeqCst, Ordering::SeqCst, |used| {
                used.checked_add(more).filter(|sum| *sum <= limit)
            });
        if let Ok(before) = taken {
            self.reached(before + more);
        }
        taken.is_ok()
    }

    pub(crate) fn discharge(&self, less: u64) {
        self.used.fetch_sub(less, Ordering::SeqCst);
    }

    /// For what is counted elsewhere, by one thread at a time.
    pub(crate) fn set(&self, used: u64) {
        self.used.store(used, Ordering::Relaxed);
        self.reached(used);
    }

    /// So much was used some time.
    pub(crate) fn reached(&self, used: u64) {
        // Nearly always below: a look is cheaper than a write.
        if used > self.peak.load(Ordering::Relaxed) {
            self.peak.fetch_max(used, Ordering::Relaxed);
        }
    }

    /// Something was refused, or ended, because of the limit.
    pub(crate) fn refuse(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn used(&self) -> u64 {
        self.used.load(Ordering::SeqCst)
    }

    pub(crate) fn peak(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
    }

    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}

const LIMITS: usize = Limit::ALL.len();

/// For each limit, how many of those before it each isolate has for itself.
const PLACES: [usize; LIMITS + 1] = {
    let mut places = [0; LIMITS + 1];
    let mut at = 0;
    while at < LIMITS {
        let is_of_isolates = matches!(Limit::ALL[at].scope(), Scope::Isolate);
        places[at + 1] = places[at] + is_of_isolates as usize;
        at += 1;
    }
    places
};

/// The meters of one isolate: of the limits that it has for itself.
#[derive(Default)]
pub(crate) struct IsolateMeters([Meter; PLACES[LIMITS]]);

impl IsolateMeters {
    pub(crate) fn of(&self, limit: Limit) -> &Meter {
        debug_assert!(limit.scope() == Scope::Isolate, "{limit:?}");
        &self.0[PLACES[limit.place()]]
    }
}

/// The meters of one group. Those of limits that each isolate has for itself know
/// what the isolates that have ended had at most, and all that was refused.
#[derive(Default)]
pub(crate) struct GroupMeters([Meter; LIMITS]);

impl GroupMeters {
    pub(crate) fn of(&self, limit: Limit) -> &Meter {
        &self.0[limit.place()]
    }

    /// Keeps what an isolate had at most.
    pub(crate) fn remember(&self, isolate: &IsolateMeters) {
        for limit in Limit::ALL {
            if limit.scope() == Scope::Isolate {
                self.of(*limit).reached(isolate.of(*limit).peak());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_of_isolates_has_a_meter_of_its_own() {
        let meters = IsolateMeters::default();
        let of_isolates = || {
            let all = Limit::ALL.iter().copied();
            all.filter(|limit| limit.scope() == Scope::Isolate)
        };
        for (value, limit) in of_isolates().enumerate() {
            meters.of(limit).set(value as u64);
        }
        for (value, limit) in of_isolates().enumerate() {
            assert_eq!(meters.of(limit).used(), value as u64, "{limit:?}");
        }
    }

    #[test]
    fn a_meter_knows_what_was_used_at_most_and_how_often_it_was_not_enough() {
        let meter = Meter::default();
        assert!(meter.charge(7, 10) && !meter.charge(4, 10) && meter.charge(3, 10));
        assert!(!meter.charge(u64::MAX, u64::MAX));
        meter.discharge(9);
        meter.refuse();
        assert_eq!((meter.used(), meter.peak(), meter.refused()), (1, 10, 1));
        meter.set(12);
        meter.set(2);
        assert_eq!((meter.used(), meter.peak()), (2, 12));
    }
}
