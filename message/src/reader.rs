//! CBOR, incoming: one item after the other, none of it trusted.
//!
//! Nothing here recurses, and nothing allocates but for the table of shared
//! values. Whoever builds something from the items may reserve room for as many
//! elements as a list says it has: [`Reader`] has checked that the rest of the
//! message can hold them, next to all the elements that outer lists still wait
//! for.

use crate::limits::{REFERENCE_TAG, SEND_PORT_TAG, SHAREABLE_TAG, unfold_budget};
use crate::writer::{FALSE, NULL, TRUE, major};
use crate::{DecodeError, DecodeErrorKind};

/// One item, without what is in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Item<'de> {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer of CBOR that is none of i64's.
    BigInt(i128),
    Double(f64),
    Text(&'de str),
    Bytes(&'de [u8]),
    /// That many elements follow.
    List(usize),
    /// That many pairs follow.
    Map(usize),
    Port(u64),
    /// The next item can be referred to.
    Shareable,
    /// A reference to the shared value with this number.
    Reference(usize),
}

impl Item<'_> {
    /// Its name in error messages.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Item::Null => "null",
            Item::Bool(_) => "bool",
            Item::Int(_) | Item::BigInt(_) => "int",
            Item::Double(_) => "double",
            Item::Text(_) => "string",
            Item::Bytes(_) => "bytes",
            Item::List(_) => "list",
            Item::Map(_) => "map",
            Item::Port(_) => "send port",
            Item::Shareable | Item::Reference(_) => "shared value",
        }
    }
}

/// Where a shared value is in the message.
#[derive(Debug, Clone, Copy)]
struct Shared {
    start: usize,
    /// Where it ends; its start, until that was reached once.
    end: usize,
    /// It is being read: a reference to it now would be a cycle.
    open: bool,
}

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

/// What to do after a shared value or a reference was read.
#[derive(Debug)]
pub(crate) enum After {
    Nothing,
    /// The shared value with this number is complete.
    Close(usize),
    /// So is the one referred to, and reading goes on behind the reference.
    /// (In a box, since there are many of these and few references.)
    Return(Box<Return>),
}

#[derive(Debug)]
pub(crate) struct Return {
    /// The number of the shared value.
    index: usize,
    at: usize,
    end: usize,
    pending: usize,
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

    /// Reads the next item, whatever it is.
    #[inline]
    pub(crate) fn item(&mut self) -> Result<Item<'de>> {
        match self.major()? {
            major::UNSIGNED => {
                let n = self.unsigned()?;
                Ok(i64::try_from(n).map_or(Item::BigInt(n.into()), Item::Int))
            }
            major::NEGATIVE => {
                let n = self.unsigned()?;
                Ok(i64::try_from(n).map_or(Item::BigInt(!i128::from(n)), |n| Item::Int(!n)))
            }
            major::BYTES => self.string("byte string").map(Item::Bytes),
            major::TEXT => self.text().map(Item::Text),
            major::LIST => self.list().map(Item::List),
            major::MAP => self.map().map(Item::Map),
            major::TAG => self.tag(),
            _ => self.simple(),
        }
    }

    fn tag(&mut self) -> Result<Item<'de>> {
        let offset = self.cursor.at;
        match self.number()? {
            SHAREABLE_TAG => self.not_shared_twice().map(|()| Item::Shareable),
            REFERENCE_TAG => {
                let index = self.tag_content(REFERENCE_TAG, "an unsigned integer")?;
                self.known(offset, index).map(Item::Reference)
            }
            SEND_PORT_TAG => {
                let index = self.tag_content(SEND_PORT_TAG, "an unsigned integer")?;
                Ok(Item::Port(index))
            }
            tag => Err(DecodeErrorKind::UnknownTag { offset, tag }.into()),
        }
    }

    fn tag_content(&mut self, tag: u64, expected: &'static str) -> Result<u64> {
        if self.major()? == major::UNSIGNED {
            return self.unsigned();
        }
        let offset = self.cursor.at;
        Err(DecodeErrorKind::TagContent {
            offset,
            tag,
            expected,
        }
        .into())
    }

    fn known(&self, offset: usize, index: u64) -> Result<usize> {
        let known = self.cursor.shared.len();
        if index < known as u64 {
            return Ok(index as usize);
        }
        Err(DecodeErrorKind::DanglingReference {
            offset,
            index,
            known,
        }
        .into())
    }

    /// Tag 28 right around a tag 28 or 29 would give one value two numbers.
    fn not_shared_twice(&mut self) -> Result<()> {
        if self.major()? != major::TAG {
            return Ok(());
        }
        if !self.next_is_sharing()? {
            return Ok(());
        }
        let offset = self.cursor.at;
        Err(DecodeErrorKind::TagContent {
            offset,
            tag: SHAREABLE_TAG,
            expected: "a value, not a shared value or a reference",
        }
        .into())
    }

    fn simple(&mut self) -> Result<Item<'de>> {
        let offset = self.cursor.at;
        let byte = self.first()?;
        let (item, length) = match byte {
            FALSE => (Item::Bool(false), 1),
            TRUE => (Item::Bool(true), 1),
            NULL => (Item::Null, 1),
            0xf9 => (Item::Double(half(self.fixed()?)), 3),
            0xfa => (Item::Double(single(u32::from_be_bytes(self.fixed()?))), 5),
            0xfb => (Item::Double(f64::from_be_bytes(self.fixed()?)), 9),
            0xf8 => {
                let [value] = self.fixed()?;
                return Err(DecodeErrorKind::SimpleValue { offset, value }.into());
            }
            0xe0..=0xf7 => {
                let value = byte & 31;
                return Err(DecodeErrorKind::SimpleValue { offset, value }.into());
            }
            _ => return Err(self.reserved()),
        };
        self.count_item();
        self.cursor.at += length;
        Ok(item)
    }

    /// The bytes behind the first of the current item.
    fn fixed<const N: usize>(&self) -> Result<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.slice(1, N)?);
        Ok(array)
    }

    /// Passes one value without a look at what it says; it must be well formed.
    pub(crate) fn skip(&mut self) -> Result<()> {
        let goal = self.cursor.pending - 1;
        let mut open = Vec::new();
        loop {
            if self.item()? == Item::Shareable {
                // It is complete when all but the items after it are read.
                let complete = self.cursor.pending - 1;
                open.push((complete, self.open_shared()));
                continue;
            }
            let pending = self.cursor.pending;
            while let Some((_, index)) = open.pop_if(|(complete, _)| *complete == pending) {
                self.after(After::Close(index));
            }
            if pending == goal {
                return Ok(());
            }
        }
    }

    /// The content of a tag 28 is next. Says its number.
    pub(crate) fn open_shared(&mut self) -> usize {
        let start = self.cursor.at;
        let shared = &mut self.cursor.shared;
        let index = match shared.last() {
            // It is being read again, through a reference to what is around it.
            Some(last) if last.start >= start => shared.partition_point(|s| s.start < start),
            _ => {
                shared.push(Shared {
                    start,
                    end: start,
                    open: false,
                });
                shared.len() - 1
            }
        };
        shared[index].open = true;
        index
    }

    /// Goes to the shared value with this number, which must be known.
    pub(crate) fn follow(&mut self, index: usize) -> Result<After> {
        let target = self.cursor.shared[index];
        if target.open {
            return Err(DecodeErrorKind::Cyclic.into());
        }
        let length = target.end - target.start;
        let Some(budget) = self.cursor.budget.checked_sub(length) else {
            let budget = unfold_budget(self.bytes.len());
            return Err(DecodeErrorKind::UnfoldsTooLarge { budget }.into());
        };
        let cursor = &mut self.cursor;
        cursor.budget = budget;
        cursor.shared[index].open = true;
        Ok(After::Return(Box::new(Return {
            index,
            at: std::mem::replace(&mut cursor.at, target.start),
            end: std::mem::replace(&mut cursor.end, target.end),
            pending: std::mem::replace(&mut cursor.pending, 1),
        })))
    }

    /// A value is complete; goes on with what comes after it.
    #[inline]
    pub(crate) fn after(&mut self, after: After) {
        match after {
            After::Nothing => {}
            After::Close(index) => self.close_shared(index),
            After::Return(back) => {
                self.close_shared(back.index);
                self.cursor.at = back.at;
                self.cursor.end = back.end;
                self.cursor.pending = back.pending;
            }
        }
    }

    fn close_shared(&mut self, index: usize) {
        let shared = &mut self.cursor.shared[index];
        shared.open = false;
        shared.end = self.cursor.at;
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

/// A 32-bit float as a double. The conversion by hardware would make a
/// signalling NaN quiet; here its payload stays as it is.
pub(crate) fn single(bits: u32) -> f64 {
    let float = f32::from_bits(bits);
    if !float.is_nan() {
        return float.into();
    }
    let sign = u64::from(bits >> 31) << 63;
    let payload = u64::from(bits & 0x007f_ffff) << 29;
    f64::from_bits(sign | 0x7ff0_0000_0000_0000 | payload)
}

/// A 16-bit float as a double.
fn half(bytes: [u8; 2]) -> f64 {
    let bits = u16::from_be_bytes(bytes);
    let sign = u64::from(bits >> 15) << 63;
    let exponent = bits >> 10 & 31;
    let fraction = u64::from(bits & 0x3ff);
    let magnitude = match exponent {
        // Subnormal: the fraction counts steps of 2^-24.
        0 => (fraction as f64 / 16_777_216.0).to_bits(),
        31 => 0x7ff0_0000_0000_0000 | fraction << 42,
        _ => (u64::from(exponent) + 1008) << 52 | fraction << 42,
    };
    f64::from_bits(sign | magnitude)
}
