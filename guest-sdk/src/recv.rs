//! The futures and the stream of a receive port.

use crate::inbox::Inbox;
use crate::{Incoming, Message, RecvError};
use futures_core::Stream;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

/// A place in the order of those who wait for a port's messages, from the first
/// poll on. Dropped before its turn, it takes nothing away.
#[derive(Debug)]
pub(crate) struct Place {
    inbox: Rc<Inbox>,
    ticket: Option<u64>,
}

impl Place {
    pub fn new(inbox: &Rc<Inbox>) -> Self {
        let inbox = Rc::clone(inbox);
        Self {
            inbox,
            ticket: None,
        }
    }

    fn poll(&mut self, context: &mut Context) -> Poll<Option<Message>> {
        self.inbox.poll_recv(&mut self.ticket, context)
    }

    pub fn poll_where(
        &mut self,
        context: &mut Context,
        wanted: impl FnMut(&Message) -> bool,
    ) -> Poll<Option<Message>> {
        self.inbox
            .poll_recv_where(&mut self.ticket, context, wanted)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.inbox.give_up(self.ticket);
    }
}

/// The next message of a port: see [`ReceivePort::recv`](crate::ReceivePort::recv).
///
/// Where more than one waits, messages go to them in the order in which they
/// began to. A `Recv` that is dropped before it is ready takes no message away.
#[must_use = "a future does nothing unless it is awaited"]
#[derive(Debug)]
pub struct Recv(Place);

impl Recv {
    pub(crate) fn new(inbox: &Rc<Inbox>) -> Self {
        Self(Place::new(inbox))
    }

    pub(crate) fn is_unreachable(&self) -> bool {
        self.0.inbox.is_unreachable()
    }
}

impl Future for Recv {
    type Output = Option<Message>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll(context)
    }
}

/// The next message of a port as a `T`: see
/// [`ReceivePort::recv_as`](crate::ReceivePort::recv_as).
#[must_use = "a future does nothing unless it is awaited"]
#[derive(Debug)]
pub struct RecvAs<T> {
    recv: Recv,
    result: PhantomData<fn() -> T>,
}

impl<T> RecvAs<T> {
    pub(crate) fn new(recv: Recv) -> Self {
        Self {
            recv,
            result: PhantomData,
        }
    }
}

impl<T: Incoming> Future for RecvAs<T> {
    type Output = Result<T, RecvError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(self.recv.0.poll(context)) {
            Some(message) => T::from_message(message).map_err(RecvError::from),
            None => Err(RecvError::Closed),
        })
    }
}

/// The messages of a port as a stream: see
/// [`ReceivePort::messages`](crate::ReceivePort::messages).
#[must_use = "a stream does nothing unless it is polled"]
#[derive(Debug)]
pub struct Messages(Place);

impl Messages {
    pub(crate) fn new(inbox: &Rc<Inbox>) -> Self {
        Self(Place::new(inbox))
    }
}

impl Stream for Messages {
    type Item = Message;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Message>> {
        self.0.poll(context)
    }
}
