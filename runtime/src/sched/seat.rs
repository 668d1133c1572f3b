//! A worker thread's seat: which run permit its thread holds and which turn it
//! runs, where the monitor can see and change it.

use std::time::Instant;

use crate::sync::{
    Arc, AtomicUsize, Condvar, Mutex, MutexGuard, Ordering, lock, wait, wait_timeout,
};

use super::Work;
use super::share::Share;

pub(crate) struct Seat<T> {
    state: Mutex<SeatState<T>>,
    changed: Condvar,
    /// As `permit` of the state, for a look without the lock; `NONE` for none.
    held: AtomicUsize,
}

const NONE: usize = usize::MAX;

pub(super) struct SeatState<T> {
    /// The permit that this thread holds. Changed by [`Seat::set_permit`].
    pub(super) permit: Option<usize>,
    /// The turn that this thread runs.
    pub(super) turn: Option<Running<T>>,
    /// The thread is to end.
    pub(super) leave: bool,
}

pub(super) struct Running<T> {
    pub(super) work: T,
    /// The tick at which it began, and when it was found to last long.
    pub(super) began: u64,
    pub(super) found: Option<Instant>,
    /// The tick at which the turn began or went on with a new permit.
    pub(super) since: u64,
    /// The tick at which it began or last came by a checkpoint.
    pub(super) seen: u64,
    /// Whether it sleeps.
    pub(super) sleeps: bool,
    /// Whether it lost its permit at least once: it counts as preempted then,
    /// until it ends.
    pub(super) preempted: bool,
    /// Whether its thread waits for a permit. One that was granted is not taken
    /// back before the thread has seen it: the turn would wait on in no line.
    pub(super) waits: bool,
    pub(super) parked: Parked,
}

/// Whether a turn sleeps without a permit.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Parked {
    No,
    Yes,
    /// It is to sleep no more, before it has begun.
    Resumed,
}

impl<T> Running<T> {
    pub(super) fn outlived_its_slice(&self, now: u64) -> bool {
        !self.waits && now.wrapping_sub(self.since) >= super::SLICE
    }

    /// Whether it computes, as far as anybody knows, and does not hang in a host
    /// call.
    pub(super) fn computes(&self, now: u64) -> bool {
        !self.sleeps && now.wrapping_sub(self.seen) <= super::UNSEEN
    }
}

impl<T> SeatState<T> {
    fn set_sleeps(&mut self, sleeps: bool) {
        if let Some(turn) = &mut self.turn {
            turn.sleeps = sleeps;
        }
    }
}

impl<T: Work> Seat<T> {
    /// From now on its turn waits for a permit. The share that it waits for is its
    /// group's.
    pub(super) fn begin_waiting(&self) -> Option<Arc<Share>> {
        let mut state = self.lock();
        let turn = state.turn.as_mut()?;
        turn.waits = true;
        Some(turn.work.share().clone())
    }

    /// The share of its turn's group.
    pub(super) fn share(&self) -> Option<Arc<Share>> {
        let state = self.lock();
        let turn = state.turn.as_ref()?;
        Some(turn.work.share().clone())
    }
}

impl<T> Seat<T> {
    pub(super) fn new() -> Self {
        Seat {
            state: Mutex::new(SeatState {
                permit: None,
                turn: None,
                leave: false,
            }),
            changed: Condvar::new(),
            held: AtomicUsize::new(NONE),
        }
    }

    pub(super) fn set_permit(&self, state: &mut SeatState<T>, permit: Option<usize>) {
        state.permit = permit;
        self.held.store(permit.unwrap_or(NONE), Ordering::SeqCst);
    }

    /// The permit that the thread held a moment ago: others may take it at any time.
    pub(super) fn held(&self) -> Option<usize> {
        let held = self.held.load(Ordering::SeqCst);
        (held != NONE).then_some(held)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, SeatState<T>> {
        lock(&self.state)
    }

    /// Whether the thread has a permit, at a checkpoint of its turn.
    pub(super) fn has_permit_at(&self, tick: u64) -> bool {
        let mut state = self.lock();
        let has_permit = state.permit.is_some();
        if let Some(turn) = &mut state.turn {
            turn.seen = tick;
        }
        has_permit
    }

    /// Gives the thread a permit and wakes it.
    pub(super) fn grant(&self, permit: usize) {
        self.set_permit(&mut self.lock(), Some(permit));
        self.changed.notify_all();
    }

    /// Tells the thread to end once it has nothing to do.
    pub(super) fn tell_to_leave(&self) {
        self.lock().leave = true;
        self.changed.notify_all();
    }

    /// Waits for a permit. None when the thread is to end.
    pub(super) fn wait_for_permit(&self) -> Option<usize> {
        let mut state = self.lock();
        loop {
            if state.permit.is_some() {
                return state.permit;
            }
            if state.leave {
                return None;
            }
            state = wait(&self.changed, state);
        }
    }

    /// Waits inside a turn for a permit, or until `stop` says so. `tick` tells
    /// the time when the wait is over.
    pub(super) fn wait_in_turn(
        &self,
        stop: impl Fn() -> bool,
        tick: impl Fn() -> u64,
    ) -> Option<usize> {
        let mut state = self.lock();
        while state.permit.is_none() && !stop() {
            state = wait(&self.changed, state);
        }
        if let Some(turn) = &mut state.turn {
            turn.waits = false;
            turn.since = tick();
            turn.seen = turn.since;
        }
        state.permit
    }

    /// Sleeps inside a turn until `deadline` (for ever where there is none), or
    /// until `stop` says so.
    pub(crate) fn sleep_in_turn(&self, deadline: Option<Instant>, stop: impl Fn() -> bool) {
        let mut state = self.lock();
        state.set_sleeps(true);
        while !stop() {
            state = match deadline {
                None => wait(&self.changed, state),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        break;
                    }
                    wait_timeout(&self.changed, state, left)
                }
            };
        }
        state.set_sleeps(false);
    }

    /// Makes a thread that waits inside a turn look again at what it waits for.
    pub(crate) fn nudge(&self) {
        // Under the lock: a thread between its look and its wait holds it.
        drop(self.lock());
        self.changed.notify_all();
    }
}
