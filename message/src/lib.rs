//! Messages between Insula isolates: values, their CBOR form, and serde on top.
//!
//! A message is bytes, plus the send ports that travel beside them. [`encode`]
//! makes one of any type that implements serde's `Serialize`, ports inside it
//! included, and [`decode`] reads it as any type that implements `Deserialize`:
//!
//! ```
//! use insula_message::{NoPort, decode, encode};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize, PartialEq, Debug)]
//! enum Job {
//!     Resize { name: String, to: (u32, u32) },
//!     Stop,
//! }
//!
//! let job = Job::Resize { name: "cat.png".into(), to: (64, 64) };
//! let mut bytes = Vec::new();
//! encode::<NoPort, _>(&job, &mut bytes)?;
//! assert_eq!(decode::<NoPort, Job>(&bytes, vec![])?, job);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Two more types read and write any message at all, in bounded stack:
//!
//! - [`Value`] is an owned tree, for code that does not know what comes.
//! - [`Graph`] is an arena that keeps what is shared and cyclic.
//!
//! [`Bytes`] are sent from where they are, and are kept where they arrived.
//!
//! Two more types have a meaning that both sides know: [`ExitReason`], why an
//! isolate ended, and the [`Limit`]s in it.
//!
//! # The form of a message
//!
//! One item of CBOR (RFC 8949):
//!
//! | in a message | in CBOR | in Rust |
//! |---|---|---|
//! | null | `null` | `()`, `None`, a unit struct |
//! | bool | `false`, `true` | `bool` |
//! | int | major types 0 and 1, shortest form | `i8`..`i64`, `u8`..`u64`; `i128` and `u128` if it fits |
//! | double | 64 bits, always | `f64`, `f32` |
//! | string | text string | `String`, `char`, an enum's variant without contents |
//! | bytes | byte string | [`Bytes`], `Vec<u8>` and other sequences of `u8` (unless empty), `serde_bytes` |
//! | list | array | sequences, tuples, arrays |
//! | map | map, in order, with keys of any kind | maps, structs; a variant with contents is a map of one entry |
//! | send port | tag [`SEND_PORT_TAG`] on its number in the list of ports | a type that implements [`Port`] |
//! | shared parts | tags 28 and 29 | [`Graph`]; all others get copies |
//!
//! As in JSON, `Some(x)` is written as `x`, so `Some(None)` and `Some(())` are
//! read as `None`. A list of ints can be read as bytes and bytes as a list, an
//! int as an `f64` if nothing is lost by it. Floats of 16 and 32 bits and longer
//! forms of numbers are accepted; indefinite lengths, other tags and other
//! simple values (`undefined` too) are not, nor are bytes after the end.
//! A repeated key is kept by [`Value`] and [`Graph`].
//!
//! # What bytes from a stranger can do
//!
//! Nothing but be refused. Lengths are not believed: memory is reserved only
//! for what the rest of the message can hold, all open lists taken together.
//! [`Value`] and [`Graph`] are read in bounded stack, serde types down to
//! [`DEPTH_LIMIT`] levels. What is shared is copied within
//! [`unfold_budget`] when it is read as a tree.
// But for three small modules, which say what they save.
#![deny(unsafe_code)]
#![warn(missing_docs)]

mod bytes;
mod control;
mod de;
mod decode_error;
mod encode_error;
mod exit;
mod graph;
#[cfg(feature = "json")]
mod json;
mod limit;
mod limits;
mod message;
mod path;
mod port;
mod reader;
mod same_type;
mod scope;
mod ser;
mod text;
mod value;
mod writer;

pub use bytes::Bytes;
pub use control::{RemoteError, Right};
pub use decode_error::{DecodeError, DecodeErrorKind};
pub use encode_error::EncodeError;
pub use exit::{Backtrace, ExitReason, Frame};
pub use graph::{Graph, Node, NodeId};
#[cfg(feature = "json")]
pub use json::ToJsonError;
pub use limit::{Limit, LimitHit, Scope, Unit};
pub use limits::{DEPTH_LIMIT, REFERENCE_TAG, SEND_PORT_TAG, SHAREABLE_TAG, unfold_budget};
pub use message::{FromMessage, ToMessage, decode, decode_owned, encode, encoded};
pub use port::{NoPort, Port, deserialize_port, serialize_port};
pub use text::Text;
pub use value::{Kind, List, Map, Value, ValueIndex};
