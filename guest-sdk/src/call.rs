//! A message that has an answer.

use crate::inbox::Inbox;
use crate::{
    CallError, Incoming, Outcome, Recv, SendError, SendPort, Sleep, panic, send_port, spawn_task,
    try_sleep,
};
use insula_message::ToMessage;
use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// The answer to come of a [`SendPort::call`]: a future, or with
/// [`then`](Self::then) a callback.
///
/// The message was sent already. Any number of calls may be under way, and their
/// answers may come in any order. When nobody is left who could answer, the call
/// ends with [`CallError::NoAnswer`], and with a [`timeout`](Self::timeout) it ends
/// in time. To drop a call is to cancel it: the answer reaches nobody, and the
/// callee can see that nobody waits for it ([`SendPort::is_closed`]).
#[must_use = "an answer is had with `.await` or with `.then(..)`; for none there is `send`"]
#[derive(Debug)]
pub struct Call<T> {
    state: State,
    deadline: Option<(Duration, Sleep)>,
    result: PhantomData<fn() -> T>,
}

#[derive(Debug)]
enum State {
    /// The one message of a port of its own, which is closed with the call.
    Waiting(Recv),
    Failed(CallError),
    Done,
}

impl<T: Incoming> Call<T> {
    pub(crate) fn new(to: &SendPort, message: &impl ToMessage<SendPort>) -> Self {
        let state = match send(to, message) {
            Ok(answer) => State::Waiting(Recv::new(&answer)),
            Err(error) => State::Failed(error),
        };
        Self {
            state,
            deadline: None,
            result: PhantomData,
        }
    }

    /// Ends it with [`CallError::TimedOut`] where there is no answer when `duration`
    /// has passed from now. As when it is dropped, the callee can see that nobody
    /// waits any more.
    ///
    /// ```no_run
    /// # use insula_guest::*;
    /// # use std::time::Duration;
    /// # async fn example(echo: SendPort) -> Result<(), CallError> {
    /// let answer: String = echo.call("Hello").timeout(Duration::from_secs(1)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// When the isolate may have no more timers, it ends with
    /// [`CallError::Refused`].
    pub fn timeout(mut self, duration: Duration) -> Self {
        if let State::Waiting(_) = self.state {
            match try_sleep(duration) {
                Ok(sleep) => self.deadline = Some((duration, sleep)),
                Err(refused) => self.state = State::Failed(refused.into()),
            }
        }
        self
    }

    /// Calls `callback` when the answer is here, or when there can be none.
    /// Nobody has to wait for it. An `Err` that it returns is treated as one of a
    /// handler is: see [`ReceivePort::receive`](crate::ReceivePort::receive).
    ///
    /// ```no_run
    /// # use insula_guest::*;
    /// # fn example(echo: SendPort) {
    /// echo.call("Hello").then(|reply: Result<String, CallError>| match reply {
    ///     Ok(text) => println!("I received: {text}"),
    ///     Err(error) => println!("no answer: {error}"),
    /// });
    /// # }
    /// ```
    #[track_caller]
    pub fn then<R: Outcome>(self, callback: impl FnOnce(Result<T, CallError>) -> R + 'static) {
        let place = Location::caller();
        spawn_task(async move { panic::report(callback(self.await), place) });
    }
}

/// The answer's port.
fn send(to: &SendPort, message: &impl ToMessage<SendPort>) -> Result<Rc<Inbox>, CallError> {
    let inbox = send_port::with_encoded(message, |bytes, ports| {
        Inbox::call(|token| to.resource().call(bytes, ports, token))
    });
    inbox.map_err(SendError::from)?.map_err(CallError::from)
}

impl<T: Incoming> Future for Call<T> {
    type Output = Result<T, CallError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self {
            state, deadline, ..
        } = &mut *self;
        let result = match state {
            State::Waiting(recv) => match Pin::new(&mut *recv).poll(context) {
                Poll::Ready(Some(message)) => T::from_message(message).map_err(CallError::from),
                Poll::Ready(None) => Err(CallError::NoAnswer),
                Poll::Pending if recv.is_unreachable() => Err(CallError::NoAnswer),
                Poll::Pending => {
                    let Some((duration, sleep)) = deadline else {
                        return Poll::Pending;
                    };
                    ready!(Pin::new(sleep).poll(context));
                    Err(CallError::TimedOut(*duration))
                }
            },
            State::Failed(_) => match std::mem::replace(state, State::Done) {
                State::Failed(error) => Err(error),
                _ => unreachable!("it was looked at above"),
            },
            State::Done => panic!("a call was polled after its answer"),
        };
        self.state = State::Done;
        self.deadline = None;
        Poll::Ready(result)
    }
}
