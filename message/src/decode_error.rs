//! Why a message cannot be decoded, and where.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Expected, Unexpected};

use crate::path::{Path, Segment};

/// Why [`decode`](crate::decode) failed: what, and where in the message.
///
/// It prints as `user.address[2].zip: expected string, found int`. To act on
/// it, match on [`kind`](DecodeError::kind).
///
/// ```
/// use insula_message::{DecodeErrorKind, NoPort, decode, encode};
///
/// let mut bytes = Vec::new();
/// encode::<NoPort, _>(&vec!["a", "b"], &mut bytes)?;
/// let error = decode::<NoPort, Vec<i64>>(&bytes, vec![]).unwrap_err();
/// assert_eq!(error.to_string(), "[0]: expected int, found string");
/// assert!(matches!(error.kind(), DecodeErrorKind::WrongType { .. }));
/// # Ok::<(), insula_message::EncodeError>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct DecodeError(Box<Located>);

#[derive(Clone, PartialEq)]
struct Located {
    path: Path,
    kind: DecodeErrorKind,
}

/// What is wrong with a message. Offsets count bytes from its start.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The message says one thing, the type to be read another.
    #[error("expected {expected}, found {found}")]
    WrongType {
        /// What the type takes.
        expected: Cow<'static, str>,
        /// What the message has.
        found: Cow<'static, str>,
    },
    /// An integer beyond what the type holds.
    #[error("the integer {value} does not fit in {target}")]
    IntOutOfRange {
        /// The integer.
        value: i128,
        /// The type that is too small for it.
        target: &'static str,
    },
    /// The message ends inside a value.
    #[error("the message ends at byte {offset}, inside a value")]
    Truncated {
        /// Where it ends.
        offset: usize,
    },
    /// A length that the rest of the message cannot hold.
    #[error("byte {offset}: a {what} says its length is {claimed}, but only {left} bytes are left")]
    LengthTooLong {
        /// Where the length stands.
        offset: usize,
        /// What has that length.
        what: &'static str,
        /// The length.
        claimed: u64,
        /// How many bytes are left, less those that other elements need.
        left: usize,
    },
    /// Bytes after the one value that a message is.
    #[error("byte {offset}: the message is over, but {count} more bytes follow")]
    TrailingBytes {
        /// Where the value ended.
        offset: usize,
        /// How many bytes follow.
        count: usize,
    },
    /// CBOR's streaming form, which messages do not use.
    #[error("byte {offset}: indefinite lengths are not accepted; write the length in front")]
    IndefiniteLength {
        /// Where it starts.
        offset: usize,
    },
    /// A head with additional information 28, 29 or 30.
    #[error("byte {offset}: {byte:#04x} starts no CBOR value (its form is reserved)")]
    Reserved {
        /// Where it is.
        offset: usize,
        /// The byte.
        byte: u8,
    },
    /// A simple value other than false, true and null.
    #[error(
        "byte {offset}: simple value {value} means nothing here (only false, true and null do)"
    )]
    SimpleValue {
        /// Where it is.
        offset: usize,
        /// Its number; 23 is `undefined`.
        value: u8,
    },
    /// A string that is not UTF-8.
    #[error("byte {offset}: a string is not UTF-8; send other text as bytes")]
    NotUtf8 {
        /// The first byte that is wrong.
        offset: usize,
    },
    /// A tag that messages do not use.
    #[error(
        "byte {offset}: unknown tag {tag} (messages use 28, 29 and {})",
        crate::SEND_PORT_TAG
    )]
    UnknownTag {
        /// Where it is.
        offset: usize,
        /// The tag.
        tag: u64,
    },
    /// A tag around something that it does not apply to.
    #[error("byte {offset}: tag {tag} must hold {expected}")]
    TagContent {
        /// Where the content is.
        offset: usize,
        /// The tag.
        tag: u64,
        /// What it must hold.
        expected: &'static str,
    },
    /// A reference to a shared value that has not started yet.
    #[error("byte {offset}: reference to shared value {index}, but only {known} came before it")]
    DanglingReference {
        /// Where the reference is.
        offset: usize,
        /// The number it names.
        index: u64,
        /// How many shared values came before it.
        known: usize,
    },
    /// A list or map that contains itself, read as a tree.
    #[error("a list or map contains itself; read it as a Graph, which keeps cycles")]
    Cyclic,
    /// Shared parts that are too large when each use gets its own copy.
    #[error(
        "shared parts unfold to too much when read as a tree (more than {budget} copied bytes); \
         read it as a Graph, which keeps sharing"
    )]
    UnfoldsTooLarge {
        /// What [`unfold_budget`](crate::unfold_budget) allows.
        budget: usize,
    },
    /// The message nests deeper than serde types may.
    #[error(
        "the message nests more than {limit} levels deep, the limit for serde types; \
         read it as a Value or a Graph, which have none"
    )]
    TooDeep {
        /// [`DEPTH_LIMIT`](crate::DEPTH_LIMIT).
        limit: usize,
    },
    /// A port number beyond the ports that came with the message.
    #[error("the message names send port {index}, but it came with {count} ports")]
    PortOutOfRange {
        /// The number.
        index: u64,
        /// How many ports there are.
        count: usize,
    },
    /// A port that was lost on the way.
    #[error(
        "send port {index} of the message was lost on the way: the receiver had no handle left \
         for it; close ports that are no longer used, or raise the limit on handles"
    )]
    LostPort {
        /// Its number in the message.
        index: u64,
    },
    /// A port type other than the one that this message carries.
    #[error("this message carries send ports of type {carried}, not {wanted}")]
    PortType {
        /// The port type that `decode` was called for.
        carried: &'static str,
        /// The port type that the type to be read holds.
        wanted: &'static str,
    },
    /// A send port read with a deserializer that is not this crate's.
    #[error("a send port can only be received in a message, not read with another deserializer")]
    PortOutsideMessage,
    /// What a `Deserialize` implementation has to say.
    #[error("{0}")]
    Custom(String),
}

impl DecodeError {
    /// What is wrong.
    pub fn kind(&self) -> &DecodeErrorKind {
        &self.0.kind
    }

    /// Where it is, as in `user.address[2].zip`; empty for the whole message.
    pub fn path(&self) -> String {
        self.0.path.to_string()
    }

    pub(crate) fn wrong_type(
        expected: impl Into<Cow<'static, str>>,
        found: impl Into<Cow<'static, str>>,
    ) -> Self {
        DecodeErrorKind::WrongType {
            expected: expected.into(),
            found: found.into(),
        }
        .into()
    }

    #[cold]
    pub(crate) fn below(mut self, segment: Segment) -> Self {
        self.0.path.prepend(segment);
        self
    }
}

impl From<DecodeErrorKind> for DecodeError {
    #[cold]
    fn from(kind: DecodeErrorKind) -> Self {
        DecodeError(Box::new(Located {
            path: Path::default(),
            kind,
        }))
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.path.is_empty() {
            write!(f, "{}: ", self.0.path)?;
        }
        self.0.kind.fmt(f)
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DecodeError({:?}, ", self.path())?;
        write!(f, "{:?})", self.0.kind)
    }
}

impl std::error::Error for DecodeError {}

/// serde's own errors, in this crate's words.
impl serde::de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        DecodeErrorKind::Custom(message.to_string()).into()
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        DecodeError::wrong_type(without_article(expected), name_of(found))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = match found {
            Unexpected::Unsigned(n) => format!("int {n}"),
            Unexpected::Signed(n) => format!("int {n}"),
            Unexpected::Float(d) => format!("double {d:?}"),
            Unexpected::Str(s) => format!("string {s:?}"),
            other => name_of(other).to_string(),
        };
        DecodeError::wrong_type(without_article(expected), found)
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        DecodeError::wrong_type(without_article(expected), format!("length {length}"))
    }
}

fn without_article(expected: &dyn Expected) -> String {
    let text = expected.to_string();
    let bare = text.strip_prefix("a ").or_else(|| text.strip_prefix("an "));
    bare.map(str::to_string).unwrap_or(text)
}

fn name_of(found: Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "bool",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "int",
        Unexpected::Float(_) => "double",
        Unexpected::Char(_) | Unexpected::Str(_) => "string",
        Unexpected::Bytes(_) => "bytes",
        Unexpected::Unit | Unexpected::Option => "null",
        Unexpected::Seq => "list",
        Unexpected::Map => "map",
        // Nothing else on the wire looks like a newtype.
        Unexpected::NewtypeStruct => "send port",
        Unexpected::UnitVariant => "string",
        _ => "map",
    }
}
