//! The monitor: looks once a tick for turns that outlived their slice while
//! others wait, and hands their permits over.

use crate::sync::{Arc, Ordering, wait};

use super::fair::Claim;
use super::seat::Seat;
use super::{Scheduler, Table, Work};

/// What a turn that has had its slice may say for itself.
struct RunningClaim {
    claim: Claim,
    /// It does not hang in a host call.
    computes: bool,
}

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
        if self.queues.are_drawn() {
            // Turns run to their ends.
            return table.idle.len() < table.held.len() || self.preempted() > 0;
        }
        self.raise_floor(&mut table);
        for permit in 0..table.held.len() {
            let Some(seat) = table.held[permit].clone() else {
                continue;
            };
            if let Some(running) = self.outlived_its_slice(&seat, now) {
                self.look_for_next(&mut table, permit, &seat, &running, now);
            }
        }
        // What still runs when all is closed hangs, and needs none either.
        !table.closing && (table.idle.len() < table.held.len() || self.preempted() > 0)
    }

    /// The floor follows the least of those that wait, as they compete; where
    /// nobody waits, the least of those that run. And who runs is not left far
    /// below it.
    fn raise_floor(&self, table: &mut Table<T>) {
        let floor = &self.queues.floor;
        let mut running = None;
        for share in table.held.iter().flatten().filter_map(|seat| seat.share()) {
            floor.admit(&share);
            running = Claim::least(running, Some(Claim::of(&share)));
        }
        let waiting = Claim::least(self.queues.least(), table.waiting.least());
        if let Some(claim) = waiting.or(running) {
            floor.rise_to(claim.time);
        }
    }

    /// The claim of the turn on `seat`, where that has had its slice.
    fn outlived_its_slice(&self, seat: &Seat<T>, now: u64) -> Option<RunningClaim> {
        let state = seat.lock();
        let turn = state.turn.as_ref()?;
        turn.outlived_its_slice(now).then(|| RunningClaim {
            claim: Claim::of(turn.work.share()),
            computes: turn.computes(now),
        })
    }

    /// Hands the permit over where others want it, unless they all have had more of
    /// the CPU than the group of the turn that has it. A turn that does not compute
    /// has no use for it.
    fn look_for_next(
        self: &Arc<Self>,
        table: &mut Table<T>,
        permit: usize,
        seat: &Arc<Seat<T>>,
        running: &RunningClaim,
        now: u64,
    ) {
        let is_preempted = if self.queues.has_stopped() {
            false
        } else {
            let Some(next) = self.next_for(permit, table) else {
                return;
            };
            let is_behind = running.claim.time < next.claim.time;
            if is_behind && running.computes && !next.claim.is_of(&running.claim.share) {
                return;
            }
            next.is_served();
            next.preempted
        };
        self.hand_over(table, permit, seat, now, is_preempted);
    }

    /// Takes the permit from a turn and gives it to one that waits for it, or to a
    /// spare thread that takes queued work.
    fn hand_over(
        self: &Arc<Self>,
        table: &mut Table<T>,
        permit: usize,
        from: &Arc<Seat<T>>,
        now: u64,
        to_preempted: bool,
    ) {
        let to = if to_preempted {
            self.take_waiting(table)
        } else {
            table.spares.pop().or_else(|| self.new_worker())
        };
        let Some(to) = to else {
            return;
        };
        if self.take_permit(from, now) {
            self.give(table, permit, to);
        } else if let Some(share) = to.share() {
            table.waiting.push_front(&share, &self.queues.floor, to);
            self.waiting.fetch_add(1, Ordering::SeqCst);
        } else {
            table.add_spare(to);
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
        seat.set_permit(&mut state, None);
        true
    }

    /// Whether nothing runs any more but what hangs.
    pub(crate) fn is_closing(&self) -> bool {
        self.table().closing
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
