//! How an isolate is asked to end, and how what it waits for is broken off.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::IsolateCore;
use crate::sched::Seat;
use crate::sync::lock;
use crate::task::Task;
use insula_message::ExitReason;

impl IsolateCore {
    /// Says why it will have ended, once it is stopped. The first reason counts.
    pub(crate) fn will_stop(&self, reason: ExitReason) {
        lock(&self.stop).get_or_insert(reason);
    }

    /// Asks the isolate to end. The first reason counts.
    pub(crate) fn stop(self: &Arc<Self>, reason: ExitReason) {
        self.will_stop(reason);
        if self.stopped.swap(true, Ordering::SeqCst) {
            return;
        }
        if let Some(seat) = lock(&self.waiting).as_ref() {
            seat.nudge();
        }
        if self.run.is_running() {
            // Its next checkpoint is now, and not when the monitor ticks. Whoever else
            // runs comes by one too, which costs less than what stops somebody.
            self.group.core().engine.increment_epoch();
        }
        if let Some(time) = self.group.virtual_time() {
            time.wake(self.number);
        }
        self.waits_at_door(false);
        if self.waits_for_program.load(Ordering::SeqCst) {
            self.queue_first(None);
        }
        self.wake(None);
        // It may wait at its group's door, or behind others: now it goes first.
        if self.run.is_queued() {
            self.queue(None);
        }
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Why it was asked to end, if it was; cheap when it was not.
    pub(crate) fn stop_reason_if_stopped(&self) -> Option<ExitReason> {
        if self.is_stopped() {
            self.stop_reason()
        } else {
            None
        }
    }

    /// Why it was asked to end.
    pub(crate) fn stop_reason(&self) -> Option<ExitReason> {
        lock(&self.stop).clone()
    }

    /// Says that its group's door is shut for it, or is not any more: meanwhile it is
    /// nothing that can happen before time goes on.
    pub(crate) fn waits_at_door(&self, waits: bool) {
        let Some(time) = self.group.virtual_time() else {
            return;
        };
        let waited = self.at_door.swap(waits, Ordering::SeqCst);
        match (waited, waits) {
            (false, true) => time.work_ends(),
            (true, false) => time.work_begins(),
            _ => {}
        }
    }

    /// Runs `wait` while the thread on `seat` can be woken by [`Self::stop`].
    pub(crate) fn waiting_on(&self, seat: &Arc<Seat<Task>>, wait: impl FnOnce()) {
        *lock(&self.waiting) = Some(seat.clone());
        wait();
        *lock(&self.waiting) = None;
    }
}
