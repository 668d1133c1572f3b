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
mod utf8;

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
    /// How many bytes are left before `end`. Only what was handed over is right:
    /// a reader counts in its `rest`.
    left: usize,
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
    /// What is left of them, up to `cursor.end`: the place is known as its length,
    /// so that one comparison is all that a byte costs.
    rest: &'de [u8],
    cursor: Cursor,
}

type Result<T> = std::result::Result<T, DecodeError>;

impl<'de> Reader<'de> {
    pub(crate) fn new(bytes: &'de [u8]) -> Self {
        let cursor = Cursor {
            left: bytes.len(),
            end: bytes.len(),
            pending: 1,
            shared: Vec::new(),
            budget: unfold_budget(bytes.len()),
        };
        Reader {
            bytes,
            rest: bytes,
            cursor,
        }
    }

    /// Goes on where another reader of the same bytes stopped.
    pub(crate) fn resume(bytes: &'de [u8], cursor: Cursor) -> Self {
        let mut reader = Reader::new(bytes);
        reader.set_cursor(cursor);
        reader
    }

    pub(crate) fn into_cursor(mut self) -> Cursor {
        self.take_cursor()
    }

    pub(crate) fn take_cursor(&mut self) -> Cursor {
        self.cursor.left = self.rest.len();
        std::mem::take(&mut self.cursor)
    }

    pub(crate) fn set_cursor(&mut self, cursor: Cursor) {
        self.go_to(cursor.end.saturating_sub(cursor.left), cursor.end);
        self.cursor = cursor;
    }

    /// Reads on at `start`, and no further than `end`.
    fn go_to(&mut self, start: usize, end: usize) {
        self.rest = self.bytes.get(start..end).unwrap_or_default();
        self.cursor.end = end;
    }

    /// The whole message.
    pub(crate) fn bytes(&self) -> &'de [u8] {
        self.bytes
    }

    /// Where the next item is.
    #[inline]
    pub(crate) fn at(&self) -> usize {
        self.cursor.end - self.rest.len()
    }

    /// A message is one value and nothing else.
    pub(crate) fn finish(&self) -> Result<()> {
        match self.rest.len() {
            0 => Ok(()),
            count => Err(DecodeErrorKind::TrailingBytes {
                offset: self.at(),
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
        let start = self.rest;
        let tag = self.number();
        self.rest = start;
        tag.map(|tag| tag == SHAREABLE_TAG || tag == REFERENCE_TAG)
    }

    #[inline]
    fn first(&self) -> Result<u8> {
        match self.rest {
            [first, ..] => Ok(*first),
            [] => Err(self.truncated()),
        }
    }

    #[cold]
    #[inline(never)]
    fn truncated(&self) -> DecodeError {
        let offset = self.cursor.end;
        DecodeErrorKind::Truncated { offset }.into()
    }

    /// Reads the number in the head of an item that is no simple value.
    #[inline]
    pub(crate) fn number(&mut self) -> Result<u64> {
        let Some((first, rest)) = self.rest.split_first() else {
            return Err(self.truncated());
        };
        let info = first & 31;
        if info < 24 {
            self.rest = rest;
            return Ok(info.into());
        }
        self.long_number(info)
    }

    fn long_number(&mut self, info: u8) -> Result<u64> {
        match info {
            24 => self.digits(|[byte]| byte.into()),
            25 => self.digits(|bytes| u16::from_be_bytes(bytes).into()),
            26 => self.digits(|bytes| u32::from_be_bytes(bytes).into()),
            27 => self.digits(u64::from_be_bytes),
            31 => Err(self.indefinite()),
            _ => Err(self.reserved()),
        }
    }

    #[inline]
    fn digits<const N: usize>(&mut self, number: impl FnOnce([u8; N]) -> u64) -> Result<u64> {
        let digits = self.fixed()?;
        self.rest = &self.rest[1 + N..];
        Ok(number(digits))
    }

    #[cold]
    fn indefinite(&self) -> DecodeError {
        let offset = self.at();
        // The break byte outside an indefinite list is no length at all.
        if self.bytes[offset] == 0xff {
            return self.reserved();
        }
        DecodeErrorKind::IndefiniteLength { offset }.into()
    }

    #[cold]
    fn reserved(&self) -> DecodeError {
        let offset = self.at();
        let byte = self.bytes[offset];
        DecodeErrorKind::Reserved { offset, byte }.into()
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
        let bits = self.digits(u64::from_be_bytes)?;
        self.count_item();
        Ok(f64::from_bits(bits))
    }

    /// Reads a short text in ASCII, as keys are, if that is next.
    #[inline(always)]
    pub(crate) fn short_text(&mut self) -> Option<&'de str> {
        let (head, rest) = self.rest.split_first()?;
        let length = head.wrapping_sub(major::TEXT << 5);
        if length >= 24 {
            return None;
        }
        let (bytes, rest) = rest.split_at_checked(length.into())?;
        let text = utf8::ascii(bytes)?;
        self.count_item();
        self.rest = rest;
        Some(text)
    }

    /// Reads an integer of one byte from 0 to 23, if that is next.
    #[inline(always)]
    pub(crate) fn small_int(&mut self) -> Option<u8> {
        let (head, rest) = self.rest.split_first()?;
        if *head >= 24 {
            return None;
        }
        self.count_item();
        self.rest = rest;
        Some(*head)
    }

    /// Reads the content of a text string, which is known to be next.
    #[inline]
    pub(crate) fn text(&mut self) -> Result<&'de str> {
        let bytes = self.string("string")?;
        utf8::text(bytes).map_err(|error| self.not_utf8(bytes, error))
    }

    #[cold]
    fn not_utf8(&self, bytes: &[u8], error: std::str::Utf8Error) -> DecodeError {
        let offset = self.at() - bytes.len() + error.valid_up_to();
        DecodeErrorKind::NotUtf8 { offset }.into()
    }

    /// Reads the content of a string of bytes or text, which is known to be next.
    #[inline]
    pub(crate) fn string(&mut self, what: &'static str) -> Result<&'de [u8]> {
        let head = self.rest;
        self.count_item();
        let length = self.number()?;
        let split = usize::try_from(length).ok();
        let Some((bytes, rest)) = split.and_then(|length| self.rest.split_at_checked(length))
        else {
            return Err(self.too_long(head, what, length, self.rest.len()));
        };
        self.rest = rest;
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

    /// Reads a list whose elements `take` knows, each of which is one item. None says
    /// that there is something else, and that nothing was read.
    #[inline]
    pub(crate) fn list_of<T>(
        &mut self,
        mut take: impl FnMut(&mut &'de [u8]) -> Option<T>,
    ) -> Option<Vec<T>> {
        let start = (self.rest, self.cursor.pending);
        let list = self.whole_list_of(&mut take);
        if list.is_none() {
            (self.rest, self.cursor.pending) = start;
        }
        list
    }

    #[inline]
    fn whole_list_of<T>(
        &mut self,
        take: &mut impl FnMut(&mut &'de [u8]) -> Option<T>,
    ) -> Option<Vec<T>> {
        if self.major().ok()? != major::LIST {
            return None;
        }
        let length = self.list().ok()?;
        let mut list = Vec::with_capacity(length);
        let mut rest = self.rest;
        for _ in 0..length {
            list.push(take(&mut rest)?);
        }
        self.rest = rest;
        self.cursor.pending -= length;
        Some(list)
    }

    #[inline]
    fn elements(&mut self, what: &'static str, items_each: usize) -> Result<usize> {
        let head = self.rest;
        self.count_item();
        let count = self.number()?;
        let left = self.rest.len().saturating_sub(self.cursor.pending);
        if count > (left / items_each) as u64 {
            return Err(self.too_long(head, what, count, left));
        }
        let count = count as usize;
        self.cursor.pending += count * items_each;
        Ok(count)
    }

    /// The error for what begins where `head` does.
    #[cold]
    #[inline(never)]
    fn too_long(&self, head: &[u8], what: &'static str, claimed: u64, left: usize) -> DecodeError {
        DecodeErrorKind::LengthTooLong {
            offset: self.cursor.end - head.len(),
            what,
            claimed,
            left,
        }
        .into()
    }
}
