//! The host's receive ports, and what arrives there.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvError, RecvTimeoutError, TryRecvError};
use futures_core::Stream;
use insula_message::{DecodeError, FromMessage};

use crate::host_port::Charge;
use crate::message::SendPort;
use crate::message_bytes::MessageBytes;
use crate::port::{Message, Port, PortRef, Target};
use crate::sync::lock;

mod select;

/// Where the host receives messages. Dropping it closes it.
///
/// A thread waits with [`ReceivePort::recv`] or by iterating, a task of any
/// executor with [`ReceivePort::recv_async`] or through [`Stream`], and both for a
/// message like this with [`ReceivePort::recv_where`]. There is a crossbeam receiver underneath; [`ReceivePort::channel`] gives it,
/// for `select!` and all else that crossbeam has. It is disconnected when no
/// send port is left anywhere: then nothing can come any more.
///
/// What waits here counts against [`Limits::mailbox_messages`](crate::Limits::mailbox_messages) and
/// [`Limits::mailbox_bytes`](crate::Limits::mailbox_bytes) until the host drops it; a guest that sends more is
/// told that the mailbox is full.
pub struct ReceivePort {
    channel: Receiver<Received>,
    port: Arc<Port>,
    /// The place of the task that waits in the stream.
    waiting: Option<u64>,
    /// What a selective receive has passed over, which is before all that is in the
    /// channel. It grows only while nobody else can look.
    passed_over: Mutex<VecDeque<Received>>,
}

impl ReceivePort {
    pub(crate) fn new(channel: Receiver<Received>, port: Arc<Port>) -> Self {
        ReceivePort {
            channel,
            port,
            waiting: None,
            passed_over: Mutex::default(),
        }
    }

    /// The right to send to it.
    pub(crate) fn send_port(&self) -> SendPort {
        SendPort::new(PortRef::new(self.port.clone(), None))
    }

    /// Waits for the next message.
    ///
    /// # Errors
    ///
    /// When nothing can come any more.
    pub fn recv(&self) -> Result<Received, RecvError> {
        match self.take_passed_over() {
            Some(received) => Ok(received),
            None => self.channel.recv(),
        }
    }

    /// The next message, waiting no longer than `time`.
    ///
    /// # Errors
    ///
    /// When the time is over or nothing can come any more.
    pub fn recv_timeout(&self, time: Duration) -> Result<Received, RecvTimeoutError> {
        match self.take_passed_over() {
            Some(received) => Ok(received),
            None => self.channel.recv_timeout(time),
        }
    }

    /// The next message if it is there.
    ///
    /// # Errors
    ///
    /// When there is none now, or nothing can come any more.
    pub fn try_recv(&self) -> Result<Received, TryRecvError> {
        match self.take_passed_over() {
            Some(received) => Ok(received),
            None => self.channel.try_recv(),
        }
    }

    /// The next message, for any executor.
    ///
    /// # Errors
    ///
    /// When nothing can come any more.
    pub async fn recv_async(&self) -> Result<Received, RecvError> {
        match self.take_passed_over() {
            Some(received) => Ok(received),
            None => self.recv_new().await,
        }
    }

    /// The next one that is in the channel.
    fn recv_new(&self) -> Receiving<'_> {
        Receiving {
            port: self,
            waiting: None,
        }
    }

    fn take_passed_over(&self) -> Option<Received> {
        lock(&self.passed_over).pop_front()
    }

    fn poll_recv(
        &self,
        waiting: &mut Option<u64>,
        context: &mut Context<'_>,
    ) -> Poll<Result<Received, RecvError>> {
        if let Poll::Ready(received) = self.poll_channel() {
            return Poll::Ready(received);
        }
        if let Target::Host(mailbox) = self.port.target() {
            mailbox.wake_later(waiting, context.waker());
        }
        // What came before it was known that somebody waits.
        self.poll_channel()
    }

    fn poll_channel(&self) -> Poll<Result<Received, RecvError>> {
        match self.channel.try_recv() {
            Ok(received) => Poll::Ready(Ok(received)),
            Err(TryRecvError::Disconnected) => Poll::Ready(Err(RecvError)),
            Err(TryRecvError::Empty) => Poll::Pending,
        }
    }

    fn forget(&self, waiting: Option<u64>) {
        if let Target::Host(mailbox) = self.port.target() {
            mailbox.forget_waker(waiting);
        }
    }

    /// Every message, until nothing can come any more.
    pub fn iter(&self) -> Messages<'_> {
        Messages(self)
    }

    /// The channel underneath. What [`ReceivePort::recv_where`] has passed over is not
    /// in it any more.
    pub fn channel(&self) -> &Receiver<Received> {
        &self.channel
    }
}

/// The messages of a port, each waited for: see [`ReceivePort::iter`].
#[derive(Debug)]
pub struct Messages<'a>(&'a ReceivePort);

impl Iterator for Messages<'_> {
    type Item = Received;

    fn next(&mut self) -> Option<Received> {
        self.0.recv().ok()
    }
}

/// One task that waits for one message.
struct Receiving<'a> {
    port: &'a ReceivePort,
    waiting: Option<u64>,
}

impl Future for Receiving<'_> {
    type Output = Result<Received, RecvError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let port = self.port;
        port.poll_recv(&mut self.waiting, context)
    }
}

impl Drop for Receiving<'_> {
    fn drop(&mut self) {
        self.port.forget(self.waiting);
    }
}

impl Stream for ReceivePort {
    type Item = Received;

    /// Ends when nothing can come any more.
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Received>> {
        if let Some(received) = self.take_passed_over() {
            return Poll::Ready(Some(received));
        }
        let mut waiting = self.waiting;
        let polled = self.poll_recv(&mut waiting, context);
        self.waiting = waiting;
        polled.map(Result::ok)
    }
}

impl Drop for ReceivePort {
    fn drop(&mut self) {
        if let Target::Host(mailbox) = self.port.target() {
            mailbox.close();
        }
    }
}

impl fmt::Debug for ReceivePort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceivePort")
            .field(
                "waiting",
                &(lock(&self.passed_over).len() + self.channel.len()),
            )
            .finish_non_exhaustive()
    }
}

impl<'a> IntoIterator for &'a ReceivePort {
    type Item = Received;
    type IntoIter = Messages<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// A message that the host received.
pub struct Received {
    bytes: MessageBytes,
    ports: Vec<SendPort>,
    reply: Option<SendPort>,
    _charge: Charge,
}

impl Received {
    pub(crate) fn new(message: Message, charge: Charge) -> Self {
        let (bytes, ports, reply) = message.into_parts();
        Received {
            bytes,
            ports: ports.into_iter().map(SendPort::new).collect(),
            reply: reply.map(SendPort::new),
            _charge: charge,
        }
    }

    /// The message as a `T`: any type that serde can read,
    /// [`Value`](crate::Value) or
    /// [`Graph`](crate::Graph).
    ///
    /// # Errors
    ///
    /// Where the message is something else; the error says what, and where in
    /// the message.
    pub fn decode<T: FromMessage<SendPort>>(&self) -> Result<T, DecodeError> {
        insula_message::decode(&self.bytes, self.ports.iter().cloned().map(Some).collect())
    }

    /// Where the sender wants an answer.
    pub fn reply(&self) -> Option<&SendPort> {
        self.reply.as_ref()
    }

    /// The message as it was encoded.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("bytes", &self.bytes.len())
            .field("ports", &self.ports)
            .field("reply", &self.reply)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::message::port;
    use crate::port_ids::PortIds;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn a_stream_gives_each_message_and_ends_with_the_last_send_port() {
        let woken = Arc::new(Count(AtomicUsize::new(0)));
        let waker = Waker::from(woken.clone());
        let mut context = Context::from_waker(&waker);
        let (to, mut messages) = port(&Limits::default(), &PortIds::Process);
        let mut next = || match Pin::new(&mut messages).poll_next(&mut context) {
            Poll::Pending => None,
            Poll::Ready(message) => Some(message.map(|message| message.decode::<u64>().ok())),
        };
        assert_eq!(next(), None);
        to.send(&1).expect("there is room");
        to.send(&2).expect("there is room");
        // Once is enough.
        assert_eq!(woken.0.load(Ordering::SeqCst), 1);
        assert_eq!(next(), Some(Some(Some(1))));
        assert_eq!(next(), Some(Some(Some(2))));
        assert_eq!(next(), None);
        drop(to);
        assert_eq!(woken.0.load(Ordering::SeqCst), 2);
        assert_eq!(next(), Some(None));
    }

    #[test]
    fn a_stream_begins_with_what_was_passed_over() {
        let (to, mut messages) = port(&Limits::default(), &PortIds::Process);
        for number in 1..=3u64 {
            to.send(&number).expect("there is room");
        }
        let second = |message: &Received| message.decode::<u64>() == Ok(2);
        assert!(messages.recv_where(second).is_ok());
        let mut context = Context::from_waker(Waker::noop());
        for number in [1, 3] {
            let next = Pin::new(&mut messages).poll_next(&mut context);
            let next = next.map(|message| message.map(|message| message.decode::<u64>()));
            assert_eq!(next, Poll::Ready(Some(Ok(number))));
        }
    }

    #[test]
    fn a_task_that_does_not_wait_any_more_is_not_woken() {
        let woken = Arc::new(Count(AtomicUsize::new(0)));
        let waker = Waker::from(woken.clone());
        let (to, messages) = port(&Limits::default(), &PortIds::Process);
        let mut receiving = Box::pin(messages.recv_async());
        let polled = receiving.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        drop(receiving);
        to.send(&1).expect("there is room");
        assert_eq!(woken.0.load(Ordering::SeqCst), 0);
        assert_eq!(Arc::strong_count(&woken), 2, "no waker is kept");
    }
}
