//! Why a message cannot be encoded.

use crate::NodeId;

/// Why [`encode`](crate::encode) failed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The serde type nests deeper than [`DEPTH_LIMIT`](crate::DEPTH_LIMIT).
    #[error(
        "the message nests more than {limit} levels deep, the limit for serde types; \
         send it as a Value or a Graph, which have none"
    )]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// An `i128` or `u128` that does not fit in the 64 bits of a CBOR integer.
    #[error("the integer {value} does not fit in 64 bits; send it as a string or as bytes")]
    IntTooBig {
        /// The integer, in decimal.
        value: String,
    },
    /// A port type other than the one that this message carries.
    #[error("this message carries send ports of type {carried}, not {found}")]
    PortType {
        /// The port type that `encode` was called for.
        carried: &'static str,
        /// The port type that the message holds.
        found: &'static str,
    },
    /// A send port met a serializer that is not this crate's.
    #[error("a send port can only be sent in a message, not written with another serializer")]
    PortOutsideMessage,
    /// A [`Graph`](crate::Graph) whose root was never set.
    #[error("the graph has no root; call set_root before sending it")]
    NoRoot,
    /// A list or map of a [`Graph`](crate::Graph) names a node that it has not.
    #[error("the graph has no node {id:?}, which one of its lists or maps (or its root) names")]
    DanglingNode {
        /// The id that names nothing.
        id: NodeId,
    },
    /// What a `Serialize` implementation has to say.
    #[error("{0}")]
    Custom(String),
}

impl serde::ser::Error for EncodeError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        EncodeError::Custom(message.to_string())
    }
}
