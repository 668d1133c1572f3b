//! A message that has an answer.

use crate::{CallError, Incoming, ReceivePort, Recv, SendPort, spawn_task};
use insula_message::ToMessage;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The answer to come of a [`SendPort::call`]: a future, or with
/// [`then`](Self::then) a callback.
///
/// The message was sent already. Any number of calls may be under way, and their
/// answers may come in any order. When nobody is left who could answer, the call
/// ends with [`CallError::NoAnswer`]. To drop a call is to lose interest: the
/// answer then reaches nobody.
#[must_use = "an answer is had with `.await` or with `.then(..)`; for none there is `send`"]
#[derive(Debug)]
pub struct Call<T> {
    state: State,
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
            Ok(answer) => State::Waiting(answer.recv()),
            Err(error) => State::Failed(error),
        };
        Self {
            state,
            result: PhantomData,
        }
    }

    /// Calls `callback` when the answer is here, or when there can be none.
    /// Nobody has to wait for it.
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
    pub fn then(self, callback: impl FnOnce(Result<T, CallError>) + 'static) {
        spawn_task(async { callback(self.await) });
    }
}

fn send(to: &SendPort, message: &impl ToMessage<SendPort>) -> Result<ReceivePort, CallError> {
    let answer = ReceivePort::try_new()?;
    // Nobody else keeps this one: when the receiver is done with its own, no send
    // port is left, and the host says so.
    let reply = answer.try_send_port()?;
    to.send_message(message, Some(&reply))?;
    Ok(answer)
}

impl<T: Incoming> Future for Call<T> {
    type Output = Result<T, CallError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let result = match &mut self.state {
            State::Waiting(recv) => match Pin::new(&mut *recv).poll(context) {
                Poll::Ready(Some(message)) => T::from_message(message).map_err(CallError::from),
                Poll::Ready(None) => Err(CallError::NoAnswer),
                Poll::Pending if recv.is_unreachable() => Err(CallError::NoAnswer),
                Poll::Pending => return Poll::Pending,
            },
            State::Failed(_) => match std::mem::replace(&mut self.state, State::Done) {
                State::Failed(error) => Err(error),
                _ => unreachable!("it was looked at above"),
            },
            State::Done => panic!("a call was polled after its answer"),
        };
        self.state = State::Done;
        Poll::Ready(result)
    }
}
