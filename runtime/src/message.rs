//! Messages at the host's end: send ports, receive ports, and what arrives.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvError, RecvTimeoutError, TryRecvError};
use insula_message::{DecodeError, FromMessage, ToMessage};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::{CallError, SendError};
use crate::group::GroupCore;
use crate::host_port::{Charge, HostMailbox};
use crate::limits::Limits;
use crate::port::{Message, Port, PortRef, Reserved, SendStatus, Target};

/// A value as a message says it, with the host's send ports in it.
pub type Value = insula_message::Value<SendPort>;

/// The list of a [`Value`]. It derefs to a `Vec`.
pub type List = insula_message::List<SendPort>;

/// The map of a [`Value`]: its entries in their order. It derefs to a `Vec`.
pub type Map = insula_message::Map<SendPort>;

/// A message with its sharing and cycles, with the host's send ports in it.
pub type Graph = insula_message::Graph<SendPort>;

/// The right to send to a port: an isolate's, or one of the host's own.
///
/// Cheap to clone; equal to every other send port of the same port. It can be
/// put into messages, also inside structs that derive serde's traits. While the
/// host holds one, the group of the port it belongs to is not over.
pub struct SendPort(PortRef);

impl SendPort {
    pub(crate) fn new(port: PortRef) -> Self {
        SendPort(port)
    }

    /// Its like for a holder in a group.
    pub(crate) fn held_by(&self, group: &Arc<GroupCore>) -> PortRef {
        self.0.for_holder(Some(group))
    }

    pub(crate) fn port(&self) -> &PortRef {
        &self.0
    }

    /// Sends a copy of `message`.
    ///
    /// # Errors
    ///
    /// Where the mailbox is full, the message too large, the port closed, or the
    /// value cannot be said in a message.
    pub fn send<T: ToMessage<SendPort> + ?Sized>(&self, message: &T) -> Result<(), SendError> {
        self.send_parts(message, None)
    }

    /// The same, with a port where an answer is wanted.
    ///
    /// # Errors
    ///
    /// As [`SendPort::send`].
    pub fn send_with_reply<T: ToMessage<SendPort> + ?Sized>(
        &self,
        message: &T,
        reply: &SendPort,
    ) -> Result<(), SendError> {
        self.send_parts(message, Some(reply))
    }

    fn send_parts<T: ToMessage<SendPort> + ?Sized>(
        &self,
        message: &T,
        reply: Option<&SendPort>,
    ) -> Result<(), SendError> {
        let mut message = encode(message, self.0.group())?;
        message.reply = reply.map(|reply| reply.0.for_holder(self.0.group()));
        let limits = self.0.group().map(|group| &group.limits);
        if limits.is_some_and(|limits| limits.check_message(message.cost()).is_err()) {
            return Err(SendError::TooLarge);
        }
        match self.0.send(message, Reserved::default(), None) {
            SendStatus::Sent => Ok(()),
            SendStatus::Full => Err(SendError::Full),
            SendStatus::TooLarge => Err(SendError::TooLarge),
            SendStatus::Closed => Err(SendError::Closed),
        }
    }

    /// Sends a request and waits for the answer, for ever if need be.
    ///
    /// # Errors
    ///
    /// Where the request is not sent, where nobody is left who could answer, or
    /// where the answer is something else than `R`.
    pub fn call<T, R>(&self, request: &T) -> Result<R, CallError>
    where
        T: ToMessage<SendPort> + ?Sized,
        R: FromMessage<SendPort>,
    {
        let answer = self
            .request(request)?
            .recv()
            .map_err(|_| CallError::NoAnswer)?;
        Ok(answer.decode()?)
    }

    /// The same, waiting no longer than `time`.
    ///
    /// # Errors
    ///
    /// As [`SendPort::call`], and where no answer came in time.
    pub fn call_timeout<T, R>(&self, request: &T, time: Duration) -> Result<R, CallError>
    where
        T: ToMessage<SendPort> + ?Sized,
        R: FromMessage<SendPort>,
    {
        let answer = self
            .request(request)?
            .recv_timeout(time)
            .map_err(|error| match error {
                RecvTimeoutError::Timeout => CallError::TimedOut(time),
                RecvTimeoutError::Disconnected => CallError::NoAnswer,
            })?;
        Ok(answer.decode()?)
    }

    /// Sends a request. The receive port gets the answer.
    fn request<T: ToMessage<SendPort> + ?Sized>(
        &self,
        request: &T,
    ) -> Result<ReceivePort, SendError> {
        let (reply, answers) = port(&Limits::default());
        self.send_with_reply(request, &reply)?;
        Ok(answers)
    }
}

/// A new port of the host's.
pub(crate) fn port(limits: &Limits) -> (SendPort, ReceivePort) {
    let (mailbox, receiver) = HostMailbox::new(limits.mailbox_messages, limits.mailbox_bytes);
    let port = Port::new(Target::Host(mailbox));
    (SendPort(PortRef::new(port, None)), ReceivePort(receiver))
}

/// A message to be held by `holder`.
pub(crate) fn encode<T: ToMessage<SendPort> + ?Sized>(
    message: &T,
    holder: Option<&std::sync::Arc<crate::group::GroupCore>>,
) -> Result<Message, insula_message::EncodeError> {
    let mut bytes = Vec::new();
    let ports = insula_message::encode(message, &mut bytes)?;
    let ports = ports
        .iter()
        .map(|port: &SendPort| port.0.for_holder(holder))
        .collect();
    Ok(Message {
        bytes,
        ports,
        reply: None,
    })
}

impl Clone for SendPort {
    fn clone(&self) -> Self {
        SendPort(self.0.for_holder(None))
    }
}

impl PartialEq for SendPort {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_same(&other.0)
    }
}

impl Eq for SendPort {}

impl Hash for SendPort {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.identity().hash(state);
    }
}

impl fmt::Debug for SendPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SendPort({:016x})", self.0.identity())
    }
}

impl insula_message::Port for SendPort {}

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

/// Where the host receives messages. Dropping it closes it.
///
/// There is a crossbeam receiver underneath; [`ReceivePort::channel`] gives it,
/// for `select!` and all else that crossbeam has. It is disconnected when no
/// send port is left anywhere: then nothing can come any more.
///
/// What waits here counts against [`Limits::mailbox_messages`] and
/// [`Limits::mailbox_bytes`] until the host drops it; a guest that sends more is
/// told that the mailbox is full.
#[derive(Debug)]
pub struct ReceivePort(Receiver<Received>);

impl ReceivePort {
    /// Waits for the next message.
    ///
    /// # Errors
    ///
    /// When nothing can come any more.
    pub fn recv(&self) -> Result<Received, RecvError> {
        self.0.recv()
    }

    /// The next message, waiting no longer than `time`.
    ///
    /// # Errors
    ///
    /// When the time is over or nothing can come any more.
    pub fn recv_timeout(&self, time: Duration) -> Result<Received, RecvTimeoutError> {
        self.0.recv_timeout(time)
    }

    /// The next message if it is there.
    ///
    /// # Errors
    ///
    /// When there is none now, or nothing can come any more.
    pub fn try_recv(&self) -> Result<Received, TryRecvError> {
        self.0.try_recv()
    }

    /// Every message, until nothing can come any more.
    pub fn iter(&self) -> crossbeam_channel::Iter<'_, Received> {
        self.0.iter()
    }

    /// The channel underneath.
    pub fn channel(&self) -> &Receiver<Received> {
        &self.0
    }
}

impl<'a> IntoIterator for &'a ReceivePort {
    type Item = Received;
    type IntoIter = crossbeam_channel::Iter<'a, Received>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// A message that the host received.
pub struct Received {
    bytes: Vec<u8>,
    ports: Vec<SendPort>,
    reply: Option<SendPort>,
    _charge: Charge,
}

impl Received {
    pub(crate) fn new(message: Message, charge: Charge) -> Self {
        Received {
            bytes: message.bytes,
            ports: message.ports.into_iter().map(SendPort).collect(),
            reply: message.reply.map(SendPort),
            _charge: charge,
        }
    }

    /// The message as a `T`: any type that serde can read, [`Value`] or
    /// [`Graph`].
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
