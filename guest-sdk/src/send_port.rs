//! The right to send to one receive port.

use crate::bindings::ports::{self, SendStatus};
use crate::error::{granted, sent};
use crate::{Call, Closed, Incoming, ReceivePort, Refused, SendError, SendWhenReady};
use insula_message::{EncodeError, Port, ToMessage};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cell::{Cell, OnceCell};
use std::fmt;
use std::future::{Future, poll_fn};
use std::hash::{Hash, Hasher};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;

/// The right to send to one receive port, of this isolate or of another one.
///
/// Clones are the same right: they are equal, and so is what comes back when a
/// port was sent away and returned. It travels in messages, also as a field of
/// your own types, and where it arrives it is a right to send to the same port.
///
/// ```no_run
/// # use insula_guest::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Subscribe {
///     topic: String,
///     to: SendPort,
/// }
///
/// # fn example(news: SendPort) -> Result<(), SendError> {
/// news.send(Subscribe { topic: "weather".into(), to: port().send_port() })?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SendPort(Rc<Handle>);

struct Handle {
    resource: ports::SendPort,
    /// The host is asked when it is first needed: most ports are only sent to.
    identity: OnceCell<u64>,
}

impl SendPort {
    /// Sends a copy of `message`: anything that implements
    /// [`serde::Serialize`], by value or by reference, or a [`Graph`](crate::Graph).
    ///
    /// It never waits: where the receiver's mailbox is full, that is the answer
    /// ([`SendError::Full`]). Messages that one isolate sends to a port arrive in
    /// the order in which they were sent.
    ///
    /// ```no_run
    /// # use insula_guest::*;
    /// # fn example(port: SendPort) -> Result<(), SendError> {
    /// port.send("some text")?;
    /// port.send(&vec![1, 2, 3])?;
    /// port.send(("a pair", 2.5)).ok(); // and if nobody receives it, so be it
    /// # Ok(())
    /// # }
    /// ```
    pub fn send(&self, message: impl ToMessage<SendPort>) -> Result<(), SendError> {
        self.send_message(&message, None)
    }

    /// Sends a copy of `message`, and says where an answer is wanted.
    ///
    /// ```no_run
    /// # use insula_guest::*;
    /// # fn example(echo: SendPort) -> Result<(), SendError> {
    /// echo.send_with_reply("to main's first port", &port())?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn send_with_reply(
        &self,
        message: impl ToMessage<SendPort>,
        reply: impl Into<SendPort>,
    ) -> Result<(), SendError> {
        self.send_message(&message, Some(&reply.into()))
    }

    /// Sends a copy of `message`, and where the receiver's mailbox is full, waits
    /// for room: back-pressure.
    ///
    /// The message is copied within this call and is sent or stands in line when
    /// that returns. Those in line are served in the order in which they came, and
    /// while there is anybody, [`send`](Self::send) finds the mailbox full, so that
    /// no message overtakes another. While it is in line it is on the budget of
    /// this isolate's group. Dropping the future takes a message back that is still
    /// in line.
    ///
    /// ```no_run
    /// # use insula_guest::*;
    /// # async fn example(store: SendPort) -> Result<(), SendError> {
    /// for row in 0..1_000_000 {
    ///     store.send_when_ready(row).await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn send_when_ready(&self, message: impl ToMessage<SendPort>) -> SendWhenReady {
        self.send_message_when_ready(&message, None)
    }

    /// As [`send_when_ready`](Self::send_when_ready), and says where an answer is
    /// wanted.
    pub fn send_when_ready_with_reply(
        &self,
        message: impl ToMessage<SendPort>,
        reply: impl Into<SendPort>,
    ) -> SendWhenReady {
        self.send_message_when_ready(&message, Some(&reply.into()))
    }

    /// Whether nobody will ever receive what is sent to it: the port is closed, or
    /// its isolate has ended. That it answers `false` is no promise.
    ///
    /// Whoever was called sees so that nobody waits for the answer any more: a
    /// [`Call`] that is dropped closes its port for the answer.
    ///
    /// ```no_run
    /// # use insula_guest::*;
    /// port().receive(|numbers: Vec<u64>, reply: Option<SendPort>| {
    ///     let Some(reply) = reply else { return };
    ///     let mut sum = 0;
    ///     for number in numbers {
    ///         if reply.is_closed() {
    ///             return; // nobody waits for it
    ///         }
    ///         sum += number * number;
    ///     }
    ///     reply.send(sum).ok();
    /// });
    /// ```
    pub fn is_closed(&self) -> bool {
        self.0.resource.is_closed()
    }

    /// Waits until the port is closed or its isolate has ended. While somebody
    /// waits, this isolate lives.
    ///
    /// ```no_run
    /// # use insula_guest::*;
    /// # async fn example(subscriber: SendPort) {
    /// subscriber.closed().await;
    /// println!("nobody is there any more");
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// When the isolate may have no more handles. [`try_closed`](Self::try_closed)
    /// answers with an error instead.
    #[track_caller]
    pub fn closed(&self) -> Closed {
        granted(self.try_closed())
    }

    /// As [`closed`](Self::closed), unless the isolate may have no more handles.
    pub fn try_closed(&self) -> Result<Closed, Refused> {
        Closed::of(&self.0.resource)
    }

    /// What `work` comes to, or None as soon as the port is closed: `work` is then
    /// dropped where it is. So a callee stops when nobody waits for its answer.
    ///
    /// ```no_run
    /// # use insula_guest::*;
    /// # async fn look_up(question: String) -> String { question }
    /// #[entry]
    /// async fn oracle() {
    ///     while let Some(message) = port().recv().await {
    ///         let (Some(reply), Ok(question)) = (message.reply().cloned(), message.decode()) else {
    ///             continue;
    ///         };
    ///         spawn_task(async move {
    ///             if let Some(answer) = reply.unless_closed(look_up(question)).await {
    ///                 reply.send(answer).ok();
    ///             }
    ///         });
    ///     }
    /// }
    /// # fn main() {}
    /// ```
    ///
    /// # Panics
    ///
    /// When the isolate may have no more handles.
    pub async fn unless_closed<F: Future>(&self, work: F) -> Option<F::Output> {
        let mut work = pin!(work);
        let mut closed = self.closed();
        poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => Pin::new(&mut closed).poll(context).map(|()| None),
        })
        .await
    }

    /// Sends a copy of `message` along with a port for one answer. The answer is
    /// had with `.await`, or with [`then`](Call::then).
    ///
    /// ```no_run
    /// # use insula_guest::*;
    /// # async fn example(echo: SendPort) -> Result<(), CallError> {
    /// let answer: String = echo.call("anybody there?").await?;
    ///
    /// echo.call("still?").then(|answer: Result<String, CallError>| println!("{answer:?}"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn call<T: Incoming>(&self, message: impl ToMessage<SendPort>) -> Call<T> {
        Call::new(self, &message)
    }

    pub(crate) fn send_message(
        &self,
        message: &impl ToMessage<SendPort>,
        reply: Option<&SendPort>,
    ) -> Result<(), SendError> {
        with_encoded(message, |bytes, ports| {
            let reply = reply.map(SendPort::resource);
            sent(self.resource().send(bytes, ports, reply))
        })?
    }

    pub(crate) fn send_message_when_ready(
        &self,
        message: &impl ToMessage<SendPort>,
        reply: Option<&SendPort>,
    ) -> SendWhenReady {
        let sent = with_encoded(message, |bytes, ports| {
            let reply = reply.map(SendPort::resource);
            // Where there is room no event is needed to say so.
            match self.resource().send(bytes, ports, reply) {
                SendStatus::Full => SendWhenReady::in_line(|token| {
                    let resource = self.resource();
                    resource.send_when_ready(bytes, ports, reply, token)
                }),
                status => SendWhenReady::over(sent(status)),
            }
        });
        sent.unwrap_or_else(|error| SendWhenReady::over(Err(error.into())))
    }

    pub(crate) fn resource(&self) -> &ports::SendPort {
        &self.0.resource
    }

    fn identity(&self) -> u64 {
        *self.0.identity.get_or_init(|| self.0.resource.identity())
    }
}

/// So much of the buffer is kept for the next message. What is beyond it goes back to
/// the allocator, which lets the buffer grow where it is the next time.
const KEPT_BUFFER: usize = 16 * 1024;

/// Lends `message` in the form in which it is sent.
pub(crate) fn with_encoded<R>(
    message: &(impl ToMessage<SendPort> + ?Sized),
    send: impl FnOnce(&[u8], &[&ports::SendPort]) -> R,
) -> Result<R, EncodeError> {
    if let Some(bytes) = insula_message::encoded(message) {
        return Ok(send(bytes, &[]));
    }
    thread_local! {
        static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    }
    let mut buffer = BUFFER.take();
    let result = insula_message::encode(message, &mut buffer).map(|ports| {
        let ports: Vec<_> = ports.iter().map(SendPort::resource).collect();
        send(&buffer, &ports)
    });
    buffer.clear();
    buffer.shrink_to(KEPT_BUFFER);
    BUFFER.set(buffer);
    result
}

impl From<ports::SendPort> for SendPort {
    fn from(resource: ports::SendPort) -> Self {
        let identity = OnceCell::new();
        Self(Rc::new(Handle { resource, identity }))
    }
}

impl From<&SendPort> for SendPort {
    fn from(port: &SendPort) -> Self {
        port.clone()
    }
}

impl From<&ReceivePort> for SendPort {
    fn from(port: &ReceivePort) -> Self {
        port.send_port()
    }
}

impl PartialEq for SendPort {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0) || self.identity() == other.identity()
    }
}

impl Eq for SendPort {}

impl Hash for SendPort {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.identity().hash(state);
    }
}

impl fmt::Debug for SendPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SendPort({})", self.identity())
    }
}

impl Port for SendPort {}

impl Serialize for SendPort {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        insula_message::serialize_port(self, serializer)
    }
}

impl<'de> Deserialize<'de> for SendPort {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        insula_message::deserialize_port(deserializer)
    }
}
