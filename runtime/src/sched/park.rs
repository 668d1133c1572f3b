//! Turns that sleep on a time which is not the system's: they give their permit up
//! at once, and whoever lets that time go on puts them in line for another one.

use crate::sync::{Arc, Ordering};

use super::seat::Parked;
use super::{Scheduler, Seat, Table, Work};

impl<T: Work> Scheduler<T> {
    /// Gives up the permit of the turn on `seat`, and waits on its thread until
    /// [`resume`](Self::resume) was called and it has a permit again. Where that was
    /// called already, it goes on.
    pub(crate) fn park(self: &Arc<Self>, seat: &Arc<Seat<T>>) {
        if self.give_up_for_sleep(seat) {
            seat.wait_in_turn(|| false, || self.ticks());
        }
    }

    /// Puts the turn on `seat` in line for a permit, now or as soon as it would give
    /// its own up.
    pub(crate) fn resume(&self, seat: &Arc<Seat<T>>) {
        let mut table = self.table();
        let was_parked = {
            let mut state = seat.lock();
            state.turn.as_mut().is_some_and(|turn| {
                let was_parked = turn.parked == Parked::Yes;
                turn.parked = if was_parked {
                    Parked::No
                } else {
                    Parked::Resumed
                };
                was_parked
            })
        };
        if was_parked {
            self.line_up(&mut table, seat);
        }
    }

    /// False where it was resumed before.
    fn give_up_for_sleep(self: &Arc<Self>, seat: &Arc<Seat<T>>) -> bool {
        let mut table = self.table();
        let permit = {
            let mut state = seat.lock();
            let state = &mut *state;
            let Some(turn) = &mut state.turn else {
                return false;
            };
            if turn.parked == Parked::Resumed {
                turn.parked = Parked::No;
                return false;
            }
            turn.parked = Parked::Yes;
            // It holds a thread without a permit, and counts as what it is like.
            if !std::mem::replace(&mut turn.preempted, true) {
                turn.work.admission().turn_preempted();
                self.preempted.fetch_add(1, Ordering::SeqCst);
            }
            let permit = state.permit;
            seat.set_permit(state, None);
            permit
        };
        if let Some(permit) = permit {
            self.pass_on(&mut table, permit);
        }
        true
    }

    /// Gives a permit that nobody holds to a turn that waits for one, or to a thread
    /// that takes queued work.
    fn pass_on(self: &Arc<Self>, table: &mut Table<T>, permit: usize) {
        table.held[permit] = None;
        if let Some(waiting) = self.take_waiting(table) {
            return self.give(table, permit, waiting);
        }
        table.idle.push(permit);
        self.idle.fetch_add(1, Ordering::SeqCst);
        // Looked for after that, under the rule in the head of `mod.rs`.
        if self.queues.has_work_for(permit) {
            self.start_worker(table);
        }
    }
}
