//! Messages between Insula isolates: values, their CBOR form, and serde on top.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod de;
mod decode_error;
mod encode_error;
mod graph;
#[cfg(feature = "json")]
mod json;
mod limits;
mod message;
mod path;
mod port;
mod reader;
mod scope;
mod ser;
mod value;
mod writer;

pub use decode_error::{DecodeError, DecodeErrorKind};
pub use encode_error::EncodeError;
pub use graph::{Graph, Node, NodeId};
#[cfg(feature = "json")]
pub use json::ToJsonError;
pub use limits::{DEPTH_LIMIT, REFERENCE_TAG, SEND_PORT_TAG, SHAREABLE_TAG, unfold_budget};
pub use message::{FromMessage, ToMessage, decode, encode};
pub use port::{NoPort, Port, deserialize_port, serialize_port};
pub use value::{Kind, List, Map, Value, ValueIndex};
