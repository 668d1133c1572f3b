//! The host's ways to wait for a port, and for the end of an isolate.

use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use insula_message::ExitReason;

use crate::controller::Watched;
use crate::isolate::IsolateCore;
use crate::port::SendStatus;
use crate::sync::{lock, wait, wait_timeout};

/// A wait of the host's: for a thread, or for a task of any executor.
#[derive(Default)]
pub(crate) struct HostWait {
    state: Mutex<HostWaitState>,
    told: Condvar,
}

#[derive(Default)]
struct HostWaitState {
    status: Option<SendStatus>,
    waker: Option<Waker>,
}

impl HostWait {
    pub(crate) fn settle(&self, status: SendStatus) {
        let waker = {
            let mut state = lock(&self.state);
            state.status = Some(status);
            state.waker.take()
        };
        self.told.notify_all();
        if let Some(waker) = waker {
            crate::core::shielded(|| waker.wake());
        }
    }

    pub(crate) fn wait(&self) -> SendStatus {
        let mut state = lock(&self.state);
        loop {
            match state.status {
                Some(status) => return status,
                None => state = wait(&self.told, state),
            }
        }
    }

    /// None where the time is over first.
    pub(crate) fn wait_timeout(&self, time: Duration) -> Option<SendStatus> {
        let Some(deadline) = Instant::now().checked_add(time) else {
            return Some(self.wait());
        };
        let mut state = lock(&self.state);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if state.status.is_some() || left.is_zero() {
                return state.status;
            }
            state = wait_timeout(&self.told, state, left);
        }
    }

    pub(crate) fn poll(&self, context: &mut Context<'_>) -> Poll<SendStatus> {
        let waker = context.waker().clone();
        let mut state = lock(&self.state);
        let (answer, old) = match state.status {
            Some(status) => (Poll::Ready(status), Some(waker)),
            None => (Poll::Pending, state.waker.replace(waker)),
        };
        drop(state);
        drop(old);
        answer
    }
}

/// Ready when an isolate has ended.
pub(crate) struct Exited {
    isolate: Watched,
    number: Option<u64>,
}

impl Exited {
    pub(crate) fn new(isolate: &Arc<IsolateCore>) -> Self {
        Exited {
            isolate: Watched::new(isolate),
            number: None,
        }
    }
}

impl Future for Exited {
    type Output = ExitReason;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<ExitReason> {
        let Exited { isolate, number } = &mut *self;
        isolate.poll_exit(number, context.waker())
    }
}

impl Drop for Exited {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.isolate.forget_waker(number);
        }
    }
}
