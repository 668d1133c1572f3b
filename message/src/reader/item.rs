//! Items: what kinds there are, and how the next one is read.

use super::floats::{half, single};
use super::{Reader, Result};
use crate::limits::{REFERENCE_TAG, SEND_PORT_TAG, SHAREABLE_TAG};
use crate::writer::{DOUBLE, FALSE, NULL, TRUE, major};
use crate::{DecodeError, DecodeErrorKind};

/// One item, without what is in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Item<'de> {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer beyond `i64::MAX`.
    BigInt(u64),
    /// The integer -1 - n, which is below `i64::MIN`. (No `i128` here: its
    /// alignment would make every item half as large again.)
    NegativeBigInt(u64),
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
    /// The error for an item that is no `i64`, but for being one.
    #[cold]
    pub(crate) fn beyond_i64(&self, target: &'static str) -> DecodeError {
        let value = match *self {
            Item::BigInt(n) => n.into(),
            Item::NegativeBigInt(n) => !i128::from(n),
            _ => return DecodeError::wrong_type("int", self.name()),
        };
        DecodeErrorKind::IntOutOfRange { value, target }.into()
    }

    /// Its name in error messages.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Item::Null => "null",
            Item::Bool(_) => "bool",
            Item::Int(_) | Item::BigInt(_) | Item::NegativeBigInt(_) => "int",
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

impl<'de> Reader<'de> {
    /// Reads the next item, whatever it is.
    #[inline]
    pub(crate) fn item(&mut self) -> Result<Item<'de>> {
        match self.major()? {
            major::UNSIGNED => {
                let n = self.unsigned()?;
                Ok(i64::try_from(n).map_or(Item::BigInt(n), Item::Int))
            }
            major::NEGATIVE => {
                let n = self.unsigned()?;
                Ok(i64::try_from(n).map_or(Item::NegativeBigInt(n), |n| Item::Int(!n)))
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
        let offset = self.at();
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
        let offset = self.at();
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
        let offset = self.at();
        Err(DecodeErrorKind::TagContent {
            offset,
            tag: SHAREABLE_TAG,
            expected: "a value, not a shared value or a reference",
        }
        .into())
    }

    fn simple(&mut self) -> Result<Item<'de>> {
        let offset = self.at();
        let byte = self.first()?;
        if byte == DOUBLE {
            return self.double().map(Item::Double);
        }
        let (item, length) = match byte {
            FALSE => (Item::Bool(false), 1),
            TRUE => (Item::Bool(true), 1),
            NULL => (Item::Null, 1),
            0xf9 => (Item::Double(half(self.fixed()?)), 3),
            0xfa => (Item::Double(single(u32::from_be_bytes(self.fixed()?))), 5),
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
        self.rest = self.rest.get(length..).unwrap_or_default();
        Ok(item)
    }

    /// The bytes behind the first of the current item.
    #[inline]
    pub(super) fn fixed<const N: usize>(&self) -> Result<[u8; N]> {
        let behind = self.rest.get(1..).and_then(|rest| rest.first_chunk());
        behind.copied().ok_or_else(|| self.truncated())
    }
}
