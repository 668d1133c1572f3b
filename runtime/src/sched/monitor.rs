//! The monitor: looks once a tick for turns that outlived their slice while
//! work waits, and hands their permits over.

use crate::sync::{Arc, Ordering, wait};

use super::seat::Seat;
use super::{Scheduler, Table, Work};

impl<T: Work> Scheduler<T> {
    /// One tick. False when no turn is running, so that nobody needs ticks.
    ///
    /// The caller bumps the engine's epoch *after* this: a turn that comes to
    /// its checkpoint then already knows whether it lost its permit.
    pub(crate) fn tick(self: &Arc<Self>) -> bool {
        let now = self.ticks.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        let mut table = self.table();
        if self.queues.has_work() {
            while self.start_worker(&mut table) {}
        }
        for permit in 0..table.held.len() {
            let Some(seat) = table.held[permit].clone() else {
                continue;
            };
            if Self::outlived_its_slice(&seat, now)
                && (!table.waiting.is_empty() || self.queues.has_work())
            {
                self.hand_over(&mut table, permit, &seat, now);
            }
        }
        // What still runs when all is closed hangs, and needs none either.
        !table.closing && (table.idle.len() < table.held.len() || self.preempted() > 0)
    }

    fn outlived_its_slice(seat: &Seat<T>, now: u64) -> bool {
        let state = seat.lock();
        state
            .turn
            .as_ref()
            .is_some_and(|turn| turn.outlived_its_slice(now))
    }

    /// Takes the permit from a turn and gives it to a spare thread, or to a turn
    /// that waits for one when there is no other work.
    fn hand_over(
        self: &Arc<Self>,
        table: &mut Table<T>,
        permit: usize,
        from: &Arc<Seat<T>>,
        now: u64,
    ) {
        let to = if self.queues.has_work() {
            let Some(spare) = table.spares.pop().or_else(|| self.new_worker()) else {
                return;
            };
            spare
        } else {
            let Some(waiting) = table.waiting.pop_front() else {
                return;
            };
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            waiting
        };
        if self.take_permit(from, now) {
            self.give(table, permit, to);
        } else if to.lock().turn.is_none() {
            table.add_spare(to);
        } else {
            table.waiting.push_front(to);
            self.waiting.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// False when the turn ended meanwhile.
    fn take_permit(&self, seat: &Seat<T>, now: u64) -> bool {
        let mut state = seat.lock();
        let Some(turn) = &mut state.turn else {
            return false;
        };
        if !turn.outlived_its_slice(now) {
            return false;
        }
        if !std::mem::replace(&mut turn.preempted, true) {
            turn.work.admission().turn_preempted();
            self.preempted.fetch_add(1, Ordering::SeqCst);
        }
        state.permit = None;
        true
    }

    /// Waits until a thread has a permit. False when the scheduler is closing.
    pub(crate) fn wait_until_used(&self) -> bool {
        let mut table = self.table();
        while !table.closing && table.idle.len() == table.held.len() && self.preempted() == 0 {
            table.monitor_asleep = true;
            table = wait(&self.used, table);
        }
        !table.closing
    }
}
