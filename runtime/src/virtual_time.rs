//! A time of a group's own: it begins at zero, and goes on only when nothing in the
//! group can happen before its next timer or the end of a sleep. Then it goes there
//! at once.
//!
//! What can happen is counted as *work*: isolates that are queued or run. A turn
//! that sleeps is none, nor is an isolate that waits at its group's door, which is
//! for such turns. A send port that the host holds is none either: time does not
//! wait for a host.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crate::clock::Timer;
use crate::isolate::IsolateCore;
use crate::sched::{Scheduler, Seat};
use crate::sync::lock;
use crate::task::Task;

pub(crate) struct VirtualTime {
    scheduler: Arc<Scheduler<Task>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    now: Duration,
    /// What can happen now.
    work: usize,
    /// What happens later, in its order: where two are due at the same time, the one
    /// that was there first.
    coming: BTreeMap<Key, Coming>,
    made: u64,
    /// The isolates that sleep, by their numbers.
    sleepers: BTreeMap<u64, Key>,
}

pub(crate) type Key = (Duration, u64);

enum Coming {
    Timer(Timer),
    /// The end of a sleep of the isolate with this number.
    Sleep {
        isolate: u64,
        seat: Arc<Seat<Task>>,
    },
}

impl VirtualTime {
    pub(crate) fn new(scheduler: &Arc<Scheduler<Task>>) -> Self {
        VirtualTime {
            scheduler: scheduler.clone(),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// How much of it has gone by.
    pub(crate) fn now(&self) -> Duration {
        self.state().now
    }

    /// Something can happen from now on.
    pub(crate) fn work_begins(&self) {
        self.state().work += 1;
    }

    /// Something is done. Where nothing else is left, time goes on. No lock may be
    /// held.
    pub(crate) fn work_ends(&self) {
        while let Some(next) = self.end_work() {
            match next {
                // Whom it wakes counts for himself; then it is done, as any work.
                Coming::Timer(timer) => timer.fire(),
                // The turn goes on, and is work again.
                Coming::Sleep { seat, .. } => return self.scheduler.resume(&seat),
            }
        }
    }

    /// What happens next, where nothing is left to do until then. It counts as work
    /// already, so that time does not go on meanwhile.
    fn end_work(&self) -> Option<Coming> {
        let mut state = self.state();
        state.work -= 1;
        if state.work > 0 {
            return None;
        }
        let ((due, _), next) = state.coming.pop_first()?;
        if let Coming::Sleep { isolate, .. } = &next {
            state.sleepers.remove(isolate);
        }
        state.now = due;
        state.work = 1;
        Some(next)
    }

    /// Fires what `timer` makes, `after` from now. It is made before anything can
    /// fire it.
    pub(crate) fn start_timer(&self, after: Duration, timer: impl FnOnce() -> Timer) -> Key {
        let mut state = self.state();
        let timer = timer();
        state.put(after, Coming::Timer(timer))
    }

    pub(crate) fn cancel_timer(&self, key: Key) -> Option<Timer> {
        match self.state().coming.remove(&key) {
            Some(Coming::Timer(timer)) => Some(timer),
            _ => None,
        }
    }

    /// Sleeps in a turn of `isolate`, on its thread, which is work before and after.
    /// A stop ends it early ([`wake`](Self::wake)).
    pub(crate) fn sleep(&self, time: Duration, isolate: &IsolateCore, seat: &Arc<Seat<Task>>) {
        {
            let mut state = self.state();
            let end = Coming::Sleep {
                isolate: isolate.number(),
                seat: seat.clone(),
            };
            let key = state.put(time, end);
            state.sleepers.insert(isolate.number(), key);
        }
        // Who stopped it before that has woken nobody.
        if isolate.is_stopped() {
            self.wake(isolate.number());
        }
        self.work_ends();
        self.scheduler.park(seat);
    }

    /// Ends the sleep of the isolate with this number, where it sleeps.
    pub(crate) fn wake(&self, isolate: u64) {
        let ended = {
            let mut state = self.state();
            let key = state.sleepers.remove(&isolate);
            let ended = key.and_then(|key| state.coming.remove(&key));
            state.work += usize::from(ended.is_some());
            ended
        };
        if let Some(Coming::Sleep { seat, .. }) = ended {
            self.scheduler.resume(&seat);
        }
    }

    /// Timers that are not due yet.
    pub(crate) fn pending(&self) -> usize {
        let state = self.state();
        state.coming.len() - state.sleepers.len()
    }
}

impl State {
    fn put(&mut self, after: Duration, what: Coming) -> Key {
        self.made += 1;
        let key = (self.now.saturating_add(after), self.made);
        self.coming.insert(key, what);
        key
    }
}
