//! A message as it arrived.

use crate::bindings::{ports, self_};
use crate::{Graph, SendPort, Value};
use insula_message::{DecodeError, FromMessage};
use std::borrow::Cow;
use std::fmt;

/// A message as it arrived, to be read as any type.
///
/// ```no_run
/// # use insula_guest::*;
/// port().receive(|message: Message, _| match message.decode::<(u32, String)>() {
///     Ok((count, text)) => println!("{count} {text}"),
///     Err(error) => println!("not what we wanted: {error}"),
/// });
/// ```
#[derive(Clone)]
pub struct Message {
    bytes: Vec<u8>,
    /// None in the place of a port that did not arrive.
    ports: Vec<Option<SendPort>>,
    reply: Option<SendPort>,
}

impl Message {
    /// Reads it as any type that implements [`serde::de::DeserializeOwned`].
    ///
    /// The error says what was expected, what was found and where.
    pub fn decode<T: FromMessage<SendPort>>(&self) -> Result<T, DecodeError> {
        insula_message::decode(&self.bytes, self.ports.clone())
    }

    /// Reads it as a tree, whatever it is. Sharing is unfolded, within bounds.
    pub fn value(&self) -> Result<Value, DecodeError> {
        self.decode()
    }

    /// Reads it as a graph, whatever it is. Sharing and cycles are kept.
    pub fn graph(&self) -> Result<Graph, DecodeError> {
        self.decode()
    }

    /// Where the sender wants an answer, if it said so.
    pub fn reply(&self) -> Option<&SendPort> {
        self.reply.as_ref()
    }

    /// The encoded form.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value() {
            Ok(value) => value.fmt(f),
            Err(_) => write!(f, "Message({} bytes)", self.bytes.len()),
        }
    }
}

/// A message before anybody keeps it: its bytes may lie where the next one will.
#[derive(Debug)]
pub struct Arrived<'a> {
    bytes: Cow<'a, [u8]>,
    ports: Vec<Option<SendPort>>,
    reply: Option<SendPort>,
}

impl<'a> Arrived<'a> {
    /// One without ports, whose bytes are lent.
    #[cfg(target_family = "wasm")]
    pub fn lent(bytes: &'a [u8], reply: Option<ports::SendPort>, lost: u32) -> Self {
        Self {
            bytes: Cow::Borrowed(bytes),
            ports: arrived(Vec::new(), lost),
            reply: reply.map(SendPort::from),
        }
    }

    pub(crate) fn take_reply(&mut self) -> Option<SendPort> {
        self.reply.take()
    }
}

impl From<ports::Message> for Arrived<'_> {
    fn from(message: ports::Message) -> Self {
        Self {
            bytes: Cow::Owned(message.bytes),
            ports: arrived(message.ports, message.lost_ports),
            reply: message.reply.map(SendPort::from),
        }
    }
}

impl From<Arrived<'_>> for Message {
    fn from(arrived: Arrived<'_>) -> Self {
        Self {
            bytes: arrived.bytes.into_owned(),
            ports: arrived.ports,
            reply: arrived.reply,
        }
    }
}

impl From<Message> for Arrived<'_> {
    fn from(message: Message) -> Self {
        Self {
            bytes: Cow::Owned(message.bytes),
            ports: message.ports,
            reply: message.reply,
        }
    }
}

impl From<self_::TakenMessage> for Message {
    fn from(message: self_::TakenMessage) -> Self {
        Self {
            bytes: message.bytes,
            ports: arrived(message.ports, message.lost_ports),
            reply: None,
        }
    }
}

/// The last of the sender's ports may be lost. Where the reply port is among
/// them this is one too many at the end, where nothing refers to it.
fn arrived(ports: Vec<ports::SendPort>, lost: u32) -> Vec<Option<SendPort>> {
    // Mostly there are none.
    if ports.is_empty() && lost == 0 {
        return Vec::new();
    }
    let mut ports: Vec<_> = ports.into_iter().map(|port| Some(port.into())).collect();
    ports.resize(ports.len() + lost as usize, None);
    ports
}

/// What a message can be received as: any type that implements
/// [`serde::de::DeserializeOwned`] ([`Value`] and [`SendPort`] among them), a
/// [`Graph`], or the [`Message`] itself.
#[diagnostic::on_unimplemented(
    message = "a message cannot be received as `{Self}`",
    label = "not a type that a message can be read as",
    note = "derive `serde::Deserialize` for it, or receive a `Value`, a `Graph` or a `Message`",
    note = "it has to own its data: `String` instead of `&str`"
)]
pub trait Incoming: Sized + 'static {
    /// Reads the message.
    fn from_message(message: Message) -> Result<Self, DecodeError>;

    /// Reads it where it is.
    #[doc(hidden)]
    fn from_arrived(message: Arrived<'_>) -> Result<Self, DecodeError> {
        Self::from_message(message.into())
    }
}

impl<T: FromMessage<SendPort> + 'static> Incoming for T {
    fn from_message(message: Message) -> Result<Self, DecodeError> {
        insula_message::decode_owned(message.bytes, message.ports)
    }

    fn from_arrived(message: Arrived<'_>) -> Result<Self, DecodeError> {
        match message.bytes {
            Cow::Borrowed(bytes) => insula_message::decode(bytes, message.ports),
            Cow::Owned(bytes) => insula_message::decode_owned(bytes, message.ports),
        }
    }
}

impl Incoming for Message {
    fn from_message(message: Message) -> Result<Self, DecodeError> {
        Ok(message)
    }
}
