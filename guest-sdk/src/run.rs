//! Running a function in an isolate of its own.

use crate::{
    Control, ControlError, DecodeError, Incoming, Isolate, Monitor, ReceivePort, Recv, Refused,
    SendPort, SpawnError,
};
use insula_message::ExitReason;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};
use thiserror::Error;

/// What an entry returns that runs in an isolate of its own, to come: see
/// [`Isolate::run`].
///
/// The isolate was started already. When this is dropped, it is killed.
#[must_use = "an isolate whose `Run` is dropped is killed"]
#[derive(Debug)]
pub struct Run<T> {
    state: State,
    result: PhantomData<fn() -> T>,
}

#[derive(Debug)]
enum State {
    Running(Running),
    Failed(RunError),
    Done,
}

#[derive(Debug)]
struct Running {
    isolate: Control,
    /// The one message of a port of its own. What the isolate sends comes before
    /// the notice of its end.
    result: Recv,
    end: Monitor,
}

/// Why an entry's isolate has come to no result.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum RunError {
    /// There is no isolate.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// The isolate could not be waited for, and was killed.
    #[error(transparent)]
    Unwatched(#[from] ControlError),
    /// The isolate ended before it had a result: an error ended it, or somebody
    /// killed it, or nothing was left that the entry could wait for.
    #[error("there is no result: the isolate has ended before: {0}")]
    Ended(ExitReason),
    /// The result is of another type, as one of another program may be.
    #[error("the result: {0}")]
    Decode(#[from] DecodeError),
}

impl From<Refused> for RunError {
    fn from(refused: Refused) -> Self {
        Self::Unwatched(refused.into())
    }
}

impl<T: Incoming> Run<T> {
    /// `spawn` starts the isolate, which sends its result to the port.
    pub(crate) fn new(spawn: impl FnOnce(&SendPort) -> Result<Isolate, SpawnError>) -> Self {
        let state = match Running::new(spawn) {
            Ok(running) => State::Running(running),
            Err(error) => State::Failed(error),
        };
        Self {
            state,
            result: PhantomData,
        }
    }

    /// The isolate, to pause it or to kill it. None where none was started, and
    /// when the result was taken.
    pub fn isolate(&self) -> Option<&Control> {
        match &self.state {
            State::Running(running) => Some(&running.isolate),
            State::Failed(_) | State::Done => None,
        }
    }
}

impl Running {
    fn new(spawn: impl FnOnce(&SendPort) -> Result<Isolate, SpawnError>) -> Result<Self, RunError> {
        let port = ReceivePort::try_new()?;
        let isolate = spawn(&port.try_send_port()?)?.into_control();
        let end = isolate.try_monitor().inspect_err(|_| {
            isolate.kill().ok();
        })?;
        Ok(Self {
            isolate,
            result: port.recv(),
            end,
        })
    }

    fn poll<T: Incoming>(&mut self, context: &mut Context) -> Poll<Result<T, RunError>> {
        if let Poll::Ready(Some(message)) = Pin::new(&mut self.result).poll(context) {
            return Poll::Ready(T::from_message(message).map_err(RunError::from));
        }
        let end = Pin::new(&mut self.end).poll(context);
        end.map(|exit| Err(RunError::Ended(exit.reason)))
    }
}

impl<T: Incoming> Future for Run<T> {
    type Output = Result<T, RunError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let result = match &mut self.state {
            State::Running(running) => match running.poll(context) {
                Poll::Ready(result) => result,
                Poll::Pending => return Poll::Pending,
            },
            State::Failed(error) => Err(error.clone()),
            State::Done => panic!("a run was polled after its result"),
        };
        // It ends by itself: to kill it now could only take away what it still
        // prints.
        self.state = State::Done;
        Poll::Ready(result)
    }
}

impl<T> Drop for Run<T> {
    fn drop(&mut self) {
        if let State::Running(running) = &self.state {
            running.isolate.kill().ok();
        }
    }
}
