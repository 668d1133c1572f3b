//! Numbers, texts and bytes on their way in. What is most frequent comes first, and
//! the rest is kept apart, so that the first is small enough to be inlined.

use serde::de::Visitor;

use super::{Decoder, Result};
use crate::path::Segment;
use crate::reader::Item;
use crate::writer::major;
use crate::{DecodeError, DecodeErrorKind};

impl<'de> Decoder<'de> {
    #[inline]
    pub(super) fn int<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        match self.reader.small_int() {
            Some(n) => visitor.visit_u64(n.into()),
            None => self.other_int(visitor),
        }
    }

    fn other_int<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        match self.reader.major()? {
            major::UNSIGNED => visitor.visit_u64(self.reader.unsigned()?),
            major::NEGATIVE => {
                let n = self.reader.unsigned()?;
                match i64::try_from(n) {
                    Ok(n) => visitor.visit_i64(!n),
                    Err(_) => visitor.visit_i128(!i128::from(n)),
                }
            }
            major::TAG => self.behind_tag("int", |d| d.int(visitor)),
            _ => self.mismatch("int"),
        }
    }

    #[inline]
    pub(super) fn double<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        if self.reader.next_is_double() {
            return visitor.visit_f64(self.reader.double()?);
        }
        self.other_double(visitor)
    }

    fn other_double<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        if self.reader.major()? == major::TAG {
            return self.behind_tag("double", |d| d.double(visitor));
        }
        match self.reader.item()? {
            Item::Double(d) => visitor.visit_f64(d),
            // Other languages send 1.0 as 1. Only if nothing is lost by it.
            Item::Int(n) if (n as f64) as i128 == i128::from(n) => visitor.visit_f64(n as f64),
            Item::Int(n) => {
                let (value, target) = (n.into(), "double without loss");
                Err(DecodeErrorKind::IntOutOfRange { value, target }.into())
            }
            other => Err(DecodeError::wrong_type("double", other.name())),
        }
    }

    pub(super) fn bool<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        if self.reader.major()? == major::TAG {
            return self.behind_tag("bool", |d| d.bool(visitor));
        }
        match self.reader.item()? {
            Item::Bool(b) => visitor.visit_bool(b),
            other => Err(DecodeError::wrong_type("bool", other.name())),
        }
    }

    pub(super) fn null<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        if self.reader.major()? == major::TAG {
            return self.behind_tag("null", |d| d.null(visitor));
        }
        match self.reader.item()? {
            Item::Null => visitor.visit_unit(),
            other => Err(DecodeError::wrong_type("null", other.name())),
        }
    }

    #[inline]
    pub(super) fn string<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        match self.reader.short_text() {
            Some(text) => visitor.visit_borrowed_str(text),
            None => self.other_string(visitor),
        }
    }

    pub(super) fn other_string<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        match self.reader.major()? {
            major::TEXT => visitor.visit_borrowed_str(self.reader.text()?),
            major::TAG => self.behind_tag("string", |d| d.string(visitor)),
            _ => self.mismatch("string"),
        }
    }

    pub(super) fn bytes<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        match self.reader.major()? {
            major::BYTES => visitor.visit_borrowed_bytes(self.reader.string("byte string")?),
            major::LIST => self.bytes_in_list().and_then(|b| visitor.visit_byte_buf(b)),
            major::TAG => self.behind_tag("bytes", |d| d.bytes(visitor)),
            _ => self.mismatch("bytes"),
        }
    }

    /// Other languages may send bytes as a list of integers, and an empty
    /// `Vec<u8>` is an empty list.
    fn bytes_in_list(&mut self) -> Result<Vec<u8>> {
        let length = self.reader.list()?;
        let byte = |index| match self.reader.item()? {
            Item::Int(n) => u8::try_from(n).map_err(|_| {
                let (value, target) = (n.into(), "u8");
                let error = DecodeError::from(DecodeErrorKind::IntOutOfRange { value, target });
                error.below(Segment::Index(index))
            }),
            other => Err(DecodeError::wrong_type(
                "bytes",
                format!("list with {}", other.name()),
            )),
        };
        (0..length).map(byte).collect()
    }
}
