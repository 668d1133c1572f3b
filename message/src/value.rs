//! [`Value`]: any message, as an owned tree.

mod access;
mod build;
mod compare;
mod containers;
mod convert_from;
mod convert_into;
mod print;
mod serde_impl;
mod walk;
pub(crate) mod wire;

use std::fmt;

pub use access::ValueIndex;
pub(crate) use build::Builder;
pub use containers::{List, Map};
pub(crate) use print::print_bytes;
pub(crate) use serde_impl::{VALUE_NAME, WHOLE_VALUE_NAME};
pub(crate) use walk::{Step, Walk};

use crate::{NoPort, Text};

/// Any message, as an owned tree.
///
/// It can be of any depth: dropping, cloning, comparing, printing, encoding and
/// decoding take no more than a few levels of the stack. [`List`] and [`Map`] deref to `Vec`, and `match`
/// moves parts out as usual:
///
/// ```
/// use insula_message::Value;
///
/// let value: Value = Value::list(["a", "b"]);
/// if let Value::List(list) = value {
///     for element in list {
///         println!("{element}");
///     }
/// }
/// ```
///
/// Two values are equal if they have the same bytes as messages: maps with
/// another order of entries differ, and so do `0.0` and `-0.0`, while a NaN
/// equals a NaN with the same payload. That makes equality total.
///
/// What is shared in a message is copied here for each use (up to a
/// [budget](crate::unfold_budget)), and cycles are an error: see
/// [`Graph`](crate::Graph).
#[derive(Default)]
pub enum Value<P = NoPort> {
    /// Nothing; `()` and `None` in Rust.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A floating-point number. It never turns into an `Int` on the way.
    Double(f64),
    /// Text.
    String(Text),
    /// Raw bytes.
    Bytes(Vec<u8>),
    /// Values in order.
    List(List<P>),
    /// Entries in order, with keys of any kind.
    Map(Map<P>),
    /// The right to send to a port.
    SendPort(P),
}

/// What kind of [`Value`] it is. It prints as the name used in errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `null`
    Null,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `double`
    Double,
    /// `string`
    String,
    /// `bytes`
    Bytes,
    /// `list`
    List,
    /// `map`
    Map,
    /// `send port`
    SendPort,
}

impl Kind {
    /// The name used in errors.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Null => "null",
            Kind::Bool => "bool",
            Kind::Int => "int",
            Kind::Double => "double",
            Kind::String => "string",
            Kind::Bytes => "bytes",
            Kind::List => "list",
            Kind::Map => "map",
            Kind::SendPort => "send port",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
