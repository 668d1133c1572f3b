//! Send ports in messages, and how they pass through serde.

use std::fmt::{self, Debug};
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::scope;

/// What a send port must offer to travel in messages: the host's and the
/// guest's `SendPort` types implement it.
///
/// In the bytes of a message a port is only a number, its place in the list of
/// ports that travels beside them. Equal ports may share a place.
///
/// ```
/// use insula_message::{Port, decode, deserialize_port, encode, serialize_port};
/// use serde::{Deserialize, Deserializer, Serialize, Serializer};
///
/// #[derive(Clone, PartialEq, Debug)]
/// struct MyPort(u32);
///
/// impl Port for MyPort {}
/// impl Serialize for MyPort {
///     fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
///         serialize_port(self, s)
///     }
/// }
/// impl<'de> Deserialize<'de> for MyPort {
///     fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
///         deserialize_port(d)
///     }
/// }
///
/// #[derive(Serialize, Deserialize)]
/// struct Ask {
///     question: String,
///     answer_to: MyPort,
/// }
///
/// let ask = Ask { question: "why?".into(), answer_to: MyPort(7) };
/// let mut bytes = Vec::new();
/// let ports: Vec<MyPort> = encode(&ask, &mut bytes)?;
/// assert_eq!(ports, [MyPort(7)]);
///
/// let arrived: Ask = decode(&bytes, vec![Some(MyPort(31))])?;
/// assert_eq!(arrived.answer_to, MyPort(31));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Port: Clone + PartialEq + Debug + 'static {}

/// The port type of messages without ports. It has no values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoPort {}

impl Port for NoPort {}

/// The name by which this crate's serializer knows a port. What is in it is
/// the port's number.
pub(crate) const PORT_NAME: &str = "$insula::SendPort";

/// Serializes a port; for `Serialize` implementations of port types.
///
/// It works inside [`encode`](crate::encode) only. Any other serializer gets an
/// error, since a port is nothing without its message.
pub fn serialize_port<P: Port, S: Serializer>(port: &P, s: S) -> Result<S::Ok, S::Error> {
    s.serialize_newtype_struct(PORT_NAME, &Outgoing(port))
}

struct Outgoing<'a, P>(&'a P);

impl<P: Port> Serialize for Outgoing<'_, P> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match scope::add_port(self.0) {
            Ok(index) => s.serialize_u64(index),
            Err(error) => Err(scope::pass_encode_error(error)),
        }
    }
}

/// Deserializes a port; for `Deserialize` implementations of port types.
///
/// It works inside [`decode`](crate::decode) only.
pub fn deserialize_port<'de, P: Port, D: Deserializer<'de>>(d: D) -> Result<P, D::Error> {
    d.deserialize_newtype_struct(PORT_NAME, Incoming(PhantomData))
}

struct Incoming<P>(PhantomData<P>);

impl<'de, P: Port> Visitor<'de> for Incoming<P> {
    type Value = P;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("send port")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, d: D) -> Result<P, D::Error> {
        // serde may have kept the port in a buffer meanwhile (untagged enums,
        // flattened structs). Asked for whatever it is, only a port answers
        // with a newtype: a plain number in the message cannot pass as one.
        d.deserialize_any(IncomingIndex(PhantomData))
    }
}

/// The inner of the two newtypes that stand for a port: holds its number.
pub(crate) struct IncomingIndex<P>(pub(crate) PhantomData<P>);

impl<'de, P: Port> Visitor<'de> for IncomingIndex<P> {
    type Value = P;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("send port")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, d: D) -> Result<P, D::Error> {
        let index = u64::deserialize(d)?;
        scope::get_port(index).map_err(scope::pass_decode_error)
    }
}
