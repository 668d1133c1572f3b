//! What was asked of the host with a token and comes about later: room in a
//! mailbox, and the end of a port. It holds no thread.

use crate::bindings::ports::{self, SendStatus};
use crate::error::sent;
use crate::{Refused, SendError};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

/// A wait that may be over. Dropped before, it is cancelled.
#[derive(Debug)]
struct Pending {
    token: u64,
}

enum Entry {
    Waiting {
        waker: Option<Waker>,
        /// It is cancelled when this is dropped.
        _wait: ports::Wait,
    },
    Over(SendStatus),
}

thread_local! {
    static NEXT_TOKEN: Cell<u64> = const { Cell::new(0) };
    static PENDING: RefCell<BTreeMap<u64, Entry>> = const { RefCell::new(BTreeMap::new()) };
}

impl Pending {
    /// Asks for something with a new token.
    fn start(
        ask: impl FnOnce(u64) -> Result<ports::Wait, ports::Refusal>,
    ) -> Result<Self, Refused> {
        let token = NEXT_TOKEN.replace(NEXT_TOKEN.get() + 1);
        let _wait = ask(token)?;
        let waker = None;
        PENDING.with_borrow_mut(|pending| {
            pending.insert(token, Entry::Waiting { waker, _wait });
        });
        Ok(Self { token })
    }

    fn poll(&self, context: &mut Context) -> Poll<SendStatus> {
        PENDING.with_borrow_mut(|pending| match pending.get_mut(&self.token) {
            Some(Entry::Waiting { waker, .. }) => {
                *waker = Some(context.waker().clone());
                Poll::Pending
            }
            Some(Entry::Over(status)) => Poll::Ready(*status),
            None => unreachable!("only dropping it takes it away"),
        })
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        // A waker is dropped after the borrow: it may hold a task with more of them.
        drop(PENDING.try_with(|pending| pending.borrow_mut().remove(&self.token)));
    }
}

/// Drops all that is waited for.
#[cfg(not(target_family = "wasm"))]
pub fn forget() {
    drop(PENDING.take());
}

/// Called when the host says that the wait with this token is over.
pub fn settled(token: u64, status: SendStatus) {
    let old = PENDING.with_borrow_mut(|pending| {
        let entry = pending.get_mut(&token)?;
        Some(std::mem::replace(entry, Entry::Over(status)))
    });
    if let Some(Entry::Waiting {
        waker: Some(waker), ..
    }) = old
    {
        waker.wake();
    }
}

/// A message that is sent as soon as there is room: see
/// [`SendPort::send_when_ready`](crate::SendPort::send_when_ready).
///
/// Dropped while the message is in line, it takes it back.
#[must_use = "dropped, it takes a message back that is still in line: await it"]
#[derive(Debug)]
pub struct SendWhenReady(State);

#[derive(Debug)]
enum State {
    InLine(Pending),
    Over(Result<(), SendError>),
}

impl SendWhenReady {
    /// The message needed no line.
    pub(crate) fn over(result: Result<(), SendError>) -> Self {
        Self(State::Over(result))
    }

    /// The message stands in line from now on.
    pub(crate) fn in_line(ask: impl FnOnce(u64) -> Result<ports::Wait, ports::Refusal>) -> Self {
        Self(match Pending::start(ask) {
            Ok(pending) => State::InLine(pending),
            Err(refused) => State::Over(Err(SendError::Refused(refused))),
        })
    }
}

impl Future for SendWhenReady {
    type Output = Result<(), SendError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let State::InLine(pending) = &self.0 {
            let status = ready!(pending.poll(context));
            self.0 = State::Over(sent(status));
        }
        match &self.0 {
            State::Over(result) => Poll::Ready(result.clone()),
            State::InLine(_) => unreachable!("it was looked at above"),
        }
    }
}

/// Until nobody receives any more: see
/// [`SendPort::closed`](crate::SendPort::closed).
#[must_use = "a future does nothing unless it is awaited"]
pub struct Closed(Pending);

impl Closed {
    pub(crate) fn of(port: &ports::SendPort) -> Result<Self, Refused> {
        Pending::start(|token| port.when_closed(token)).map(Self)
    }
}

impl Future for Closed {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.poll(context).map(|_| ())
    }
}

impl fmt::Debug for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Closed")
    }
}
