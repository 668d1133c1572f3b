//! CBOR, incoming: one item after the other, none of it trusted.
//!
//! Nothing here recurses, and nothing allocates but for the table of shared
//! values. Whoever builds something from the items may reserve room for as many
//! elements as a list says it has: [`Reader`] has checked that the rest of the
//! message can hold them, next to all the elements that outer lists still wait
//! for.

mod floats;
mod item;
mod sharing;

pub(crate) use floats::single;
pub(crate) use item::Item;
pub(crate) use sharing::After;
use sharing::Shared;

use crate::limits::{REFERENCE_TAG, SHAREABLE_TAG, unfold_budget};
use crate::writer::{DOUBLE, NULL, major};
use crate::{DecodeError, DecodeErrorKind};

/// What a reader knows, without the bytes.
#[derive(Debug, Default)]
pub(crate) struct Cursor {
    at: usize,
    /// Where the message ends, or the shared value that is being read again.
    end: usize,
    /// How many items are still to come before `end`. Each takes a byte.
    pending: usize,
    shared: Vec<Shared>,
    /// How many bytes may still be read again.
    budget: usize,
}

#[derive(Debug)]
pub(crate) struct Reader<'de> {
    bytes: &'de [u8],
    cursor: Cursor,
}

type Result<T> = std::result::Result<T, DecodeError>;

impl<'de> Reader<'de> {
    pub(crate) fn new(bytes: &'de [u8]) -> Self {
        let cursor = Cursor {
            at: 0,
            end: bytes.len(),
            pending: 1,
            shared: Vec::new(),
            budget: unfold_budget(bytes.len()),
        };
        Reader { bytes, cursor }
    }

    /// Goes on where another reader of the same bytes stopped.
    pub(crate) fn resume(bytes: &'de [u8], cursor: Cursor) -> Self {
        Reader { bytes, cursor }
    }

    pub(crate) fn into_cursor(self) -> Cursor {
        self.cursor
    }

    pub(crate) fn take_cursor(&mut self) -> Cursor {
        std::mem::take(&mut self.cursor)
    }

    pub(crate) fn set_cursor(&mut self, cursor: Cursor) {
        self.cursor = cursor;
    }

    /// The whole message.
    pub(crate) fn bytes(&self) -> &'de [u8] {
        self.bytes
    }

    pub(crate) fn at(&self) -> usize {
        self.cursor.at
    }

    /// A message is one value and nothing else.
    pub(crate) fn finish(&self) -> Result<()> {
        match self.bytes.len() - self.cursor.at {
            0 => Ok(()),
            count => Err(DecodeErrorKind::TrailingBytes {
                offset: self.cursor.at,
                count,
            }
            .into()),
        }
    }

    /// The major type of the next item.
    #[inline]
    pub(crate) fn major(&self) -> Result<u8> {
        self.first().map(|byte| byte >> 5)
    }

    #[inline]
    pub(crate) fn next_is_null(&self) -> Result<bool> {
        self.first().map(|byte| byte == NULL)
    }

    /// Whether a tag 28 or 29 is next; a tag is.
    pub(crate) fn next_is_sharing(&mut self) -> Result<bool> {
        let start = self.cursor.at;
        let tag = self.number()?;
        self.cursor.at = start;
        Ok(tag == SHAREABLE_TAG || tag == REFERENCE_TAG)
    }

    #[inline]
    fn first(&self) -> Result<u8> {
        if self.cursor.at < self.cursor.end {
            return Ok(self.bytes[self.cursor.at]);
        }
        Err(self.truncated())
    }

    #[cold]
    fn truncated(&self) -> DecodeError {
        let offset = self.cursor.end;
        DecodeErrorKind::Truncated { offset }.into()
    }

    /// Reads the number in the head of an item that is no simple value.
    #[inline]
    pub(crate) fn number(&mut self) -> Result<u64> {
        let info = self.first()? & 31;
        if info < 24 {
            self.cursor.at += 1;
            return Ok(info.into());
        }
        self.long_number(info)
    }

    fn long_number(&mut self, info: u8) -> Result<u64> {
        let width = match info {
            24..=27 => 1 << (info - 24),
            31 => return Err(self.indefinite()),
            _ => return Err(self.reserved()),
        };
        let digits = self.slice(1, width)?;
        self.cursor.at += 1 + width;
        Ok(digits.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)))
    }

    #[cold]
    fn indefinite(&self) -> DecodeError {
        let offset = self.cursor.at;
        // The break byte outside an indefinite list is no length at all.
        if self.bytes[offset] == 0xff {
            return self.reserved();
        }
        DecodeErrorKind::IndefiniteLength { offset }.into()
    }

    #[cold]
    fn reserved(&self) -> DecodeError {
        let offset = self.cursor.at;
        let byte = self.bytes[offset];
        DecodeErrorKind::Reserved { offset, byte }.into()
    }

    /// Bytes of the current item, without passing them.
    #[inline]
    fn slice(&self, skip: usize, length: usize) -> Result<&'de [u8]> {
        let start = self.cursor.at + skip;
        match start.checked_add(length) {
            Some(stop) if stop <= self.cursor.end => Ok(&self.bytes[start..stop]),
            _ => Err(self.truncated()),
        }
    }

    /// An item that is no tag was met.
    #[inline]
    fn count_item(&mut self) {
        debug_assert!(
            self.cursor.pending > 0,
            "more items were read than promised"
        );
        self.cursor.pending = self.cursor.pending.wrapping_sub(1);
    }

    /// Reads an unsigned integer, which is known to be next.
    #[inline]
    pub(crate) fn unsigned(&mut self) -> Result<u64> {
        self.count_item();
        self.number()
    }

    /// Reads an integer, which is known to be next and must fit.
    #[inline]
    pub(crate) fn int(&mut self, target: &'static str) -> Result<i64> {
        let is_negative = self.major()? == major::NEGATIVE;
        let n = self.unsigned()?;
        match (i64::try_from(n), is_negative) {
            (Ok(n), false) => Ok(n),
            (Ok(n), true) => Ok(!n),
            (Err(_), false) => Err(Item::BigInt(n).beyond_i64(target)),
            (Err(_), true) => Err(Item::NegativeBigInt(n).beyond_i64(target)),
        }
    }

    /// Whether a 64-bit float is next.
    #[inline]
    pub(crate) fn next_is_double(&self) -> bool {
        self.first().is_ok_and(|byte| byte == DOUBLE)
    }

    /// Reads a 64-bit float, which is known to be next.
    #[inline]
    pub(crate) fn double(&mut self) -> Result<f64> {
        let bytes = self.fixed()?;
        self.count_item();
        self.cursor.at += 9;
        Ok(f64::from_be_bytes(bytes))
    }

    /// Reads the content of a text string, which is known to be next.
    #[inline]
    pub(crate) fn text(&mut self) -> Result<&'de str> {
        let bytes = self.string("string")?;
        std::str::from_utf8(bytes).map_err(|error| self.not_utf8(bytes, error))
    }

    #[cold]
    fn not_utf8(&self, bytes: &[u8], error: std::str::Utf8Error) -> DecodeError {
        let offset = self.cursor.at - bytes.len() + error.valid_up_to();
        DecodeErrorKind::NotUtf8 { offset }.into()
    }

    /// Reads the content of a string of bytes or text, which is known to be next.
    #[inline]
    pub(crate) fn string(&mut self, what: &'static str) -> Result<&'de [u8]> {
        let head = self.cursor.at;
        self.count_item();
        let length = self.number()?;
        let left = self.cursor.end - self.cursor.at;
        if length > left as u64 {
            return Err(too_long(head, what, length, left));
        }
        let bytes = self.slice(0, length as usize)?;
        self.cursor.at += bytes.len();
        Ok(bytes)
    }

    /// Reads the head of a list, which is known to be next.
    #[inline]
    pub(crate) fn list(&mut self) -> Result<usize> {
        self.elements("list", 1)
    }

    /// Reads the head of a map, which is known to be next.
    #[inline]
    pub(crate) fn map(&mut self) -> Result<usize> {
        self.elements("map", 2)
    }

    #[inline]
    fn elements(&mut self, what: &'static str, items_each: usize) -> Result<usize> {
        let head = self.cursor.at;
        self.count_item();
        let count = self.number()?;
        let rest = self.cursor.end - self.cursor.at;
        let left = rest.saturating_sub(self.cursor.pending);
        if count > (left / items_each) as u64 {
            return Err(too_long(head, what, count, left));
        }
        let count = count as usize;
        self.cursor.pending += count * items_each;
        Ok(count)
    }
}

#[cold]
fn too_long(offset: usize, what: &'static str, claimed: u64, left: usize) -> DecodeError {
    DecodeErrorKind::LengthTooLong {
        offset,
        what,
        claimed,
        left,
    }
    .into()
}
