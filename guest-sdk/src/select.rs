//! Selective receive: the first message that is wanted, whatever comes before it.

use crate::inbox::Inbox;
use crate::recv::Place;
use crate::{Incoming, Message, RecvError};
use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// The first message of a port that is wanted: see
/// [`ReceivePort::recv_where`](crate::ReceivePort::recv_where).
///
/// It waits in the same line as every [`Recv`](crate::Recv) of the port: a message
/// comes to it when those who began to wait before it do not want it. Dropped
/// before it is ready, it takes no message away.
#[must_use = "a future does nothing unless it is awaited"]
pub struct RecvWhere<F> {
    place: Place,
    wanted: F,
}

impl<F: FnMut(&Message) -> bool> RecvWhere<F> {
    pub(crate) fn new(inbox: &Rc<Inbox>, wanted: F) -> Self {
        let place = Place::new(inbox);
        Self { place, wanted }
    }
}

/// What is wanted is called, and never pinned.
impl<F> Unpin for RecvWhere<F> {}

impl<F: FnMut(&Message) -> bool> Future for RecvWhere<F> {
    type Output = Option<Message>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { place, wanted } = &mut *self;
        place.poll_where(context, wanted)
    }
}

impl<F> fmt::Debug for RecvWhere<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RecvWhere").field(&self.place).finish()
    }
}

/// The first message of a port that is wanted, as a `T`: see
/// [`ReceivePort::recv_as_where`](crate::ReceivePort::recv_as_where).
#[must_use = "a future does nothing unless it is awaited"]
pub struct RecvAsWhere<T, F> {
    place: Place,
    wanted: F,
    result: PhantomData<fn() -> T>,
}

impl<T: Incoming, F: FnMut(&T) -> bool> RecvAsWhere<T, F> {
    pub(crate) fn new(inbox: &Rc<Inbox>, wanted: F) -> Self {
        Self {
            place: Place::new(inbox),
            wanted,
            result: PhantomData,
        }
    }
}

/// What is wanted is called, and never pinned.
impl<T, F> Unpin for RecvAsWhere<T, F> {}

impl<T: Incoming, F: FnMut(&T) -> bool> Future for RecvAsWhere<T, F> {
    type Output = Result<T, RecvError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { place, wanted, .. } = &mut *self;
        let mut taken = None;
        let message = ready!(place.poll_where(context, |message| {
            taken = T::from_message(message.clone()).ok().filter(&mut *wanted);
            taken.is_some()
        }));
        Poll::Ready(match (message, taken) {
            (Some(_), Some(value)) => Ok(value),
            _ => Err(RecvError::Closed),
        })
    }
}

impl<T, F> fmt::Debug for RecvAsWhere<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RecvAsWhere").field(&self.place).finish()
    }
}
