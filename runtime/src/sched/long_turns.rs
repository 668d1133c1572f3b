//! Turns that last long, whatever they do meanwhile: compute, wait for a permit, or
//! hang in a host call. Short turns pay nothing for being looked at.

use std::time::{Duration, Instant};

use crate::sync::Arc;

use super::seat::Seat;
use super::{Scheduler, Work};

impl<T: Work> Scheduler<T> {
    /// The turns that have lasted for `ticks` and more, and for how long by the
    /// clock on the wall: ticks are late on a busy machine.
    pub(crate) fn long_turns(&self, ticks: u64) -> Vec<(T, Duration)> {
        let now = self.ticks();
        let seats = self.seats();
        let long = seats.iter().filter_map(|seat| seat.lasts(ticks, now));
        long.collect()
    }
}

impl<T: Work> Seat<T> {
    /// Its turn, where that has lasted for so many ticks.
    fn lasts(self: &Arc<Self>, ticks: u64, now: u64) -> Option<(T, Duration)> {
        let mut state = self.lock();
        let turn = state.turn.as_mut()?;
        let lasted = now.wrapping_sub(turn.began);
        if lasted < ticks {
            return None;
        }
        let instant = Instant::now();
        // Until it is found for the first time its ticks have to do.
        let first = instant.checked_sub(Duration::from_millis(lasted));
        let began = *turn.found.get_or_insert(first.unwrap_or(instant));
        Some((turn.work.clone(), instant.duration_since(began)))
    }

    /// Whether its turn counts as ended although it does not come back.
    pub(super) fn hangs(&self) -> bool {
        self.lock()
            .turn
            .as_ref()
            .is_some_and(|turn| turn.work.hangs())
    }
}
