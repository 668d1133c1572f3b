//! The right to send to one receive port.

use crate::bindings::ports::{self, SendStatus};
use crate::{Call, Incoming, ReceivePort, SendError};
use insula_message::{Port, ToMessage};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::cell::{Cell, OnceCell};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

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
    /// It never waits. Messages that one isolate sends to a port arrive in the
    /// order in which they were sent.
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
        with_buffer(|bytes| {
            let ports = insula_message::encode(message, bytes)?;
            let ports: Vec<_> = ports.iter().map(SendPort::resource).collect();
            let reply = reply.map(SendPort::resource);
            match self.resource().send(bytes, &ports, reply) {
                SendStatus::Sent => Ok(()),
                SendStatus::Full => Err(SendError::Full),
                SendStatus::TooLarge => Err(SendError::TooLarge),
                SendStatus::Closed => Err(SendError::Closed),
            }
        })
    }

    pub(crate) fn resource(&self) -> &ports::SendPort {
        &self.0.resource
    }

    fn identity(&self) -> u64 {
        *self.0.identity.get_or_init(|| self.0.resource.identity())
    }
}

/// A buffer of this size is kept for the next message, a larger one is not.
const KEPT_BUFFER: usize = 16 * 1024;

/// Lends an empty buffer to encode into.
fn with_buffer<R>(encode: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    thread_local! {
        static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    }
    let mut buffer = BUFFER.take();
    buffer.clear();
    let result = encode(&mut buffer);
    if buffer.capacity() <= KEPT_BUFFER {
        BUFFER.set(buffer);
    }
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
