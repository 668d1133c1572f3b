//! Whether an isolate rests, waits for a worker, or runs: the protocol that
//! loses no wake-up and lets no two workers run one isolate.
//!
//! ```text
//!          wake: queue it          start
//!   IDLE ----------------> QUEUED -------> RUNNING --rest--> IDLE
//!   MADE ---first----------^ ^                | wake
//!                            |                v
//!                            +----rest----- WOKEN     (any) --end--> ENDED
//! ```
//!
//! Whoever turns the state to `QUEUED` puts the isolate in a queue, so it is in
//! at most one, until it is stopped: who stops it while it is queued queues it once
//! more, among what goes first. It ends when it is taken the first time, and what
//! is taken after that is left alone. A stopper says that it is stopped first and
//! looks at the state then, a queuer turns the state to `QUEUED` first and looks
//! whether it is stopped then. A sender puts its message in the mailbox first and wakes then;
//! a worker turns the state to `RUNNING` first and looks into the mailbox then.

use crate::sync::{AtomicU8, Ordering};

const IDLE: u8 = 0;
const QUEUED: u8 = 1;
const RUNNING: u8 = 2;
const WOKEN: u8 = 3;
const ENDED: u8 = 4;
const MADE: u8 = 5;

pub(crate) struct RunState(AtomicU8);

impl RunState {
    /// Of an isolate that its maker queues; until then nobody else does.
    pub(crate) fn made() -> Self {
        RunState(AtomicU8::new(MADE))
    }

    /// The first time that it is queued, which is its maker's to do. True when the
    /// caller has to queue it.
    #[must_use]
    pub(crate) fn first(&self) -> bool {
        self.0
            .compare_exchange(MADE, QUEUED, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
    }

    /// Whether its maker has not queued it yet. This and the next two are for who looks
    /// on.
    pub(crate) fn is_made(&self) -> bool {
        self.0.load(Ordering::SeqCst) == MADE
    }

    pub(crate) fn is_running(&self) -> bool {
        matches!(self.0.load(Ordering::SeqCst), RUNNING | WOKEN)
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.0.load(Ordering::SeqCst) == ENDED
    }

    pub(crate) fn is_queued(&self) -> bool {
        self.0.load(Ordering::SeqCst) == QUEUED
    }

    /// Something happened that the isolate has to see. True when the caller has
    /// to queue it.
    #[must_use]
    pub(crate) fn wake(&self) -> bool {
        let mut state = self.0.load(Ordering::SeqCst);
        loop {
            let next = match state {
                IDLE => QUEUED,
                RUNNING => WOKEN,
                _ => return false,
            };
            match self
                .0
                .compare_exchange(state, next, Ordering::SeqCst, Ordering::SeqCst)
            {
                Ok(_) => return state == IDLE,
                Err(now) => state = now,
            }
        }
    }

    /// A worker took the isolate out of a queue. False when it must leave it alone:
    /// it is being ended, or has ended, by another way.
    #[must_use]
    pub(crate) fn start(&self) -> bool {
        self.0
            .compare_exchange(QUEUED, RUNNING, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
    }

    /// The turn is over. False when the isolate was woken meanwhile: the worker
    /// has to queue it again.
    #[must_use]
    pub(crate) fn rest(&self) -> bool {
        if self
            .0
            .compare_exchange(RUNNING, IDLE, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok()
        {
            return true;
        }
        self.0.store(QUEUED, Ordering::SeqCst);
        false
    }

    /// Nothing will run any more.
    pub(crate) fn end(&self) {
        self.0.store(ENDED, Ordering::SeqCst);
    }
}
