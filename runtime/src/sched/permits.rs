//! Who gets a permit that is free: a thread that takes queued work, or a turn that
//! lost its permit and waits for one.

use crate::sync::{Arc, Ordering};

use super::fair::Claim;
use super::{Scheduler, Seat, Table, Work};

/// Who is to have a permit next.
pub(super) struct Next {
    /// The group that it belongs to.
    pub(super) claim: Claim,
    /// Whether it is a preempted turn, not queued work.
    pub(super) preempted: bool,
    /// Whether the same group has the other kind too.
    both: bool,
}

impl Next {
    /// It gets a slice.
    pub(super) fn is_served(&self) {
        if self.both {
            self.claim.share.count_slice(self.preempted);
        }
    }
}

impl<T: Work> Scheduler<T> {
    /// Who is to have this permit next, where anybody wants it. Between groups virtual
    /// time decides; within a group what was woken goes first, and preempted turns
    /// get a guaranteed share.
    pub(super) fn next_for(&self, permit: usize, table: &mut Table<T>) -> Option<Next> {
        let one = |claim, preempted| Next {
            claim,
            preempted,
            both: false,
        };
        match (self.queues.least_for(permit), table.waiting.least()) {
            (None, None) => None,
            (Some(woken), None) => Some(one(woken, false)),
            (None, Some(waiting)) => Some(one(waiting, true)),
            (Some(woken), Some(waiting)) if waiting.is_of(&woken.share) => Some(Next {
                preempted: waiting.share.is_preempted_due(),
                claim: waiting,
                both: true,
            }),
            (Some(woken), Some(waiting)) if waiting.time < woken.time => Some(one(waiting, true)),
            (Some(woken), Some(_)) => Some(one(woken, false)),
        }
    }

    /// At the end of a slice: gives the permit to a preempted turn when it is time
    /// for one.
    pub(super) fn pass_at_slice(&self, seat: &Arc<Seat<T>>, permit: usize) -> bool {
        let mut table = self.table();
        if self.queues.has_stopped() {
            return false;
        }
        let Some(next) = self.next_for(permit, &mut table) else {
            return false;
        };
        next.is_served();
        next.preempted && self.pass_to_waiting(&mut table, seat, permit)
    }

    pub(super) fn pass_to_waiting(
        &self,
        table: &mut Table<T>,
        seat: &Arc<Seat<T>>,
        permit: usize,
    ) -> bool {
        let Some(waiting) = self.take_waiting(table) else {
            return false;
        };
        seat.set_permit(&mut seat.lock(), None);
        table.add_spare(seat.clone());
        self.give(table, permit, waiting);
        true
    }

    pub(super) fn take_waiting(&self, table: &mut Table<T>) -> Option<Arc<Seat<T>>> {
        let waiting = table.waiting.pop()?;
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        Some(waiting)
    }

    pub(super) fn give(&self, table: &mut Table<T>, permit: usize, seat: Arc<Seat<T>>) {
        seat.grant(permit);
        table.held[permit] = Some(seat);
        if std::mem::take(&mut table.monitor_asleep) {
            self.used.notify_all();
        }
    }

    /// Gives the permit up, as there is no work. False when there is some after
    /// all.
    pub(super) fn give_up(&self, seat: &Arc<Seat<T>>, permit: usize) -> bool {
        let mut table = self.table();
        if self.pass_to_waiting(&mut table, seat, permit) {
            return true;
        }
        // Shown as idle before the last look, under the rule in the head of
        // `mod.rs`.
        self.idle.fetch_add(1, Ordering::SeqCst);
        if self.queues.has_work_for(permit) {
            self.idle.fetch_sub(1, Ordering::SeqCst);
            return false;
        }
        seat.set_permit(&mut seat.lock(), None);
        table.held[permit] = None;
        table.idle.push(permit);
        table.add_spare(seat.clone());
        true
    }

    /// A place in a turn where the thread waits when it has lost its permit.
    /// `stop` ends the wait early.
    pub(crate) fn checkpoint(self: &Arc<Self>, seat: &Arc<Seat<T>>, stop: impl Fn() -> bool) {
        if seat.has_permit_at(self.ticks()) {
            return;
        }
        self.stand_in_line(seat);
        if seat.wait_in_turn(stop, || self.ticks()).is_none() {
            self.stop_waiting(seat);
        }
    }

    /// Gets a permit at once where one is idle; else the next one that is free.
    fn stand_in_line(&self, seat: &Arc<Seat<T>>) {
        self.line_up(&mut self.table(), seat);
    }

    pub(super) fn line_up(&self, table: &mut Table<T>, seat: &Arc<Seat<T>>) {
        let Some(share) = seat.begin_waiting() else {
            return;
        };
        match table.idle.pop() {
            Some(permit) => {
                self.idle.fetch_sub(1, Ordering::SeqCst);
                self.give(table, permit, seat.clone());
            }
            None => {
                let floor = &self.queues.floor;
                table.waiting.push(&share, floor, seat.clone());
                self.waiting.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    /// Leaves the line for a permit: the turn is to end without one.
    fn stop_waiting(&self, seat: &Arc<Seat<T>>) {
        let mut table = self.table();
        let Some(share) = seat.share() else {
            return;
        };
        let own = |other: &Arc<Seat<T>>| Arc::ptr_eq(other, seat);
        if table.waiting.remove(&share, own).is_some() {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
        }
    }
}
