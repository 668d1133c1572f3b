//! The exit reason of an isolate, for whoever waits for it.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use super::IsolateCore;
use crate::sync::{lock, wait, wait_timeout};
use insula_message::ExitReason;

#[derive(Default)]
pub(super) struct Exit {
    pub(super) reason: Option<ExitReason>,
    /// Futures of the host's that wait for it, by their numbers.
    pub(super) wakers: BTreeMap<u64, Waker>,
    wakers_made: u64,
    /// Threads that wait for it. Mostly none, and telling nobody would be a system call.
    pub(super) threads: usize,
}

impl IsolateCore {
    /// The host holds it once more.
    pub(crate) fn watch_begins(&self) {
        self.watches.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn watch_ends(&self) {
        self.watches.fetch_sub(1, Ordering::SeqCst);
    }

    pub(crate) fn exit_reason(&self) -> Option<ExitReason> {
        lock(&self.exit).reason.clone()
    }

    /// The reason, or none and `waker` is woken when it is there. `number` is the
    /// future's, none where it has none yet.
    pub(crate) fn poll_exit(&self, number: &mut Option<u64>, waker: &Waker) -> Poll<ExitReason> {
        let waker = waker.clone();
        let mut exit = lock(&self.exit);
        if let Some(reason) = &exit.reason {
            return Poll::Ready(reason.clone());
        }
        let number = *number.get_or_insert_with(|| {
            exit.wakers_made += 1;
            exit.wakers_made
        });
        let old = exit.wakers.insert(number, waker);
        drop(exit);
        drop(old);
        Poll::Pending
    }

    /// That future does not wait any more.
    pub(crate) fn forget_waker(&self, number: u64) {
        let waker = lock(&self.exit).wakers.remove(&number);
        drop(waker);
    }

    pub(crate) fn wait_for_exit(&self) -> ExitReason {
        let mut exit = lock(&self.exit);
        exit.threads += 1;
        loop {
            match &exit.reason {
                Some(reason) => {
                    let reason = reason.clone();
                    exit.threads -= 1;
                    return reason;
                }
                None => exit = wait(&self.exited, exit),
            }
        }
    }

    pub(crate) fn wait_for_exit_timeout(&self, time: Duration) -> Option<ExitReason> {
        let Some(deadline) = Instant::now().checked_add(time) else {
            return Some(self.wait_for_exit());
        };
        let mut exit = lock(&self.exit);
        exit.threads += 1;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if exit.reason.is_some() || left.is_zero() {
                exit.threads -= 1;
                return exit.reason.clone();
            }
            exit = wait_timeout(&self.exited, exit, left);
        }
    }
}
