//! The numbers of the wire format, each stated once.

/// CBOR tag 28: the value in it may be referred to later
/// (<http://cbor.schmorp.de/value-sharing>).
pub const SHAREABLE_TAG: u64 = 28;

/// CBOR tag 29: the shareable value with this number, counted from 0 in the
/// order in which their tags 28 stand in the message.
pub const REFERENCE_TAG: u64 = 29;

/// The CBOR tag of a send port. Its content is an unsigned integer, the port's
/// place in the list of ports that travels beside the bytes.
///
/// It lies in the range that IANA gives out first come, first served, and is
/// not registered there yet.
pub const SEND_PORT_TAG: u64 = 47_110;

/// How deep serde types may nest in a message, both ways.
///
/// Derived code recurses, so this is what keeps a message from overflowing the
/// stack of a guest, 128 KiB by default: it leaves 2 KiB for a level, where
/// derived code takes about 0.2 in release and 1 to 2 in debug. Newtypes and
/// `Some` count as a level, since they recurse too. [`Value`](crate::Value) and
/// [`Graph`](crate::Graph) recurse a few levels at most and have no such limit.
pub const DEPTH_LIMIT: usize = 64;

/// How many bytes of a message of this length may be read again through
/// references, when shared parts are read as a tree: `4 * length + 65,536`.
///
/// A value takes at least one byte, so a tree never has more than
/// `5 * length + 65,536` values, nor its strings more bytes than that. Sixty
/// levels of lists that hold the one below twice are an error at once.
pub const fn unfold_budget(length: usize) -> usize {
    length.saturating_mul(4).saturating_add(64 * 1024)
}
