//! The end of an isolate: what goes, what closes and who is told, in that order.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::IsolateCore;
use crate::core::shielded;
use crate::events::Event;
use crate::listeners::cut;
use crate::observe::traced;
use crate::sync::lock;
use crate::turn::Body;
use insula_message::ExitReason;

impl IsolateCore {
    /// Everything that has to happen when an isolate ends, in the order in which
    /// others may see it: the heap goes, the ports close, its place in the group
    /// is free; then listeners are told, then whoever waits here. Of one that hung
    /// only the heap and the place are still there.
    pub(super) fn end(self: &Arc<Self>, reason: ExitReason) {
        self.run.end();
        let body = std::mem::replace(&mut *lock(&self.body), Body::Gone);
        drop(body);
        // Taking a large memory back takes its time. The isolate ends in any case.
        let _ = self.charge_lap();
        let mut told = lock(&self.ended);
        if std::mem::replace(&mut *told, true) {
            // It hung, and all was told while it did.
            self.free_place();
            self.group.leave(self.number, None, self.tally());
        } else {
            self.close();
            self.free_place();
            let tally = self.tally();
            self.tell_end(reason, |reason| {
                self.group.leave(self.number, Some(reason), tally);
            });
        }
    }

    /// Tells of an end whose turn does not come back, unless it has after all.
    pub(super) fn end_hanging(self: &Arc<Self>) {
        let mut told = lock(&self.ended);
        if !std::mem::replace(&mut *told, true) {
            self.close();
            let reason = self.stop_reason().unwrap_or(ExitReason::Killed);
            self.tell_end(reason, |reason| self.group.hangs(self.number, reason));
        }
    }

    /// Others may have its place in the group.
    fn free_place(&self) {
        self.group.free_place(self.number);
        if self.group.alive() == 0 {
            self.group.names.close(&self.group);
        }
    }

    /// Nothing comes in any more.
    fn close(&self) {
        let dropped = {
            let mut mailbox = self.mailbox();
            let dropped = mailbox.shut();
            mailbox.show(&self.meters);
            dropped
        };
        drop(dropped);
        self.end_life();
        self.show_cpu();
        self.group.remember(&self.meters);
    }

    /// Tells everybody, in the order in which they may hear of it. The group is left
    /// just before the reason can be seen.
    fn tell_end(self: &Arc<Self>, reason: ExitReason, leave: impl FnOnce(&ExitReason)) {
        // What only guests hold on to is on no budget: little is kept for them.
        let short = cut(&reason);
        let is_watched = self.watches.load(Ordering::SeqCst) > 0;
        let linked = self.end_controls(short.clone()).tell(&reason);
        self.emit_end(&reason);
        self.group.core().isolate_exited(self, &reason);
        // A host is told of the cause before it is told of what follows.
        linked.end(self, &reason);
        let recorder = &self.group.core().recorder;
        if recorder.is_on() {
            recorder.ended(self, &reason, &short);
        }
        // Who sees the reason sees the group without it, and who sees that sees
        // the reason.
        let mut exit = lock(&self.exit);
        let kept = exit.reason.insert(if is_watched { reason } else { short });
        leave(kept);
        let wakers = std::mem::take(&mut exit.wakers);
        let is_awaited = exit.threads > 0;
        drop(exit);
        if is_awaited {
            self.exited.notify_all();
        }
        for waker in wakers.into_values() {
            // A host's code: one that panics must not take the worker along.
            shielded(|| waker.wake());
        }
        self.group.work_ends();
    }

    fn emit_end(&self, reason: &ExitReason) {
        if let ExitReason::Limit { hit, .. } = reason {
            self.met(*hit);
        }
        if let Some(error) = crate::control::notices::error_text(reason) {
            self.emit(|group, isolate| Event::Uncaught {
                group,
                isolate,
                error,
            });
        }
        traced::ended(self, reason);
        self.emit(|group, isolate| Event::Exited {
            group,
            isolate,
            reason: reason.clone(),
        });
    }
}
