//! From the bytes of a message to any serde type.
//!
//! On a mismatch the error says what was expected and found; the accesses in
//! `access.rs` put the path in front of it while it bubbles up.

mod access;
mod enums;
mod leaves;
mod numbers;
mod tokens;

use serde::de::{DeserializeSeed, Deserializer, Visitor};

use crate::limits::DEPTH_LIMIT;
use crate::port::PORT_NAME;
use crate::reader::{After, Item, Reader};
use crate::value::VALUE_NAME;
use crate::writer::major;
use crate::{DecodeError, DecodeErrorKind, same_type, scope};
use access::{ByteElements, Elements, Entries};
use tokens::{MessageToken, PortToken};

/// Reads one serde value from a message.
pub(crate) struct Decoder<'de> {
    reader: Reader<'de>,
    depth: usize,
}

type Result<T> = std::result::Result<T, DecodeError>;

impl<'de> Decoder<'de> {
    pub(crate) fn new(bytes: &'de [u8]) -> Self {
        let reader = Reader::new(bytes);
        Decoder { reader, depth: 0 }
    }

    pub(crate) fn finish(&self) -> Result<()> {
        self.reader.finish()
    }

    /// Reads what `seed` stands for: at once where serde would ask for one byte after
    /// the other.
    #[inline]
    pub(crate) fn value<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        if same_type::is_seed_of::<S, Vec<u8>>() && self.reader.major()? == major::BYTES {
            let mut value = None;
            if let Some(value) = same_type::slot(&mut value) {
                *value = Some(self.reader.string("byte string")?.to_vec());
            }
            if let Some(value) = value {
                return Ok(value);
            }
        }
        if let Some(numbers) = self.numbers::<S, S::Value>() {
            return Ok(numbers);
        }
        seed.deserialize(self)
    }

    /// Runs `f` one level deeper.
    #[inline]
    fn deeper<T>(&mut self, f: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth == DEPTH_LIMIT {
            let limit = DEPTH_LIMIT;
            return Err(DecodeErrorKind::TooDeep { limit }.into());
        }
        self.depth += 1;
        let result = f(self);
        self.depth -= 1;
        result
    }

    /// The next item is a tag, and no tagged thing can be read as it stands:
    /// runs `f` on the value that is shared or referred to.
    #[cold]
    #[inline(never)]
    fn behind_tag<T>(
        &mut self,
        expected: &'static str,
        f: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let after = match self.reader.item()? {
            Item::Shareable => After::Close(self.reader.open_shared()),
            Item::Reference(index) => self.reader.follow(index)?,
            other => return Err(DecodeError::wrong_type(expected, other.name())),
        };
        let result = f(self)?;
        self.reader.after(after);
        Ok(result)
    }

    #[cold]
    fn mismatch<T>(&mut self, expected: &'static str) -> Result<T> {
        let found = self.reader.item()?.name();
        Err(DecodeError::wrong_type(expected, found))
    }

    #[inline]
    fn list<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        match self.reader.major()? {
            major::LIST => {
                let length = self.reader.list()?;
                self.elements(length, visitor)
            }
            major::BYTES => {
                let mut bytes = ByteElements::new(self.reader.string("byte string")?);
                let value = visitor.visit_seq(&mut bytes)?;
                bytes.finish()?;
                Ok(value)
            }
            major::TAG => self.behind_tag("list", |d| d.list(visitor)),
            _ => self.mismatch("list"),
        }
    }

    #[inline]
    fn elements<V: Visitor<'de>>(&mut self, length: usize, visitor: V) -> Result<V::Value> {
        self.deeper(|d| {
            let mut elements = Elements::new(d, length);
            let value = visitor.visit_seq(&mut elements)?;
            elements.finish()?;
            Ok(value)
        })
    }

    #[inline]
    fn map<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        match self.reader.major()? {
            major::MAP => {
                let length = self.reader.map()?;
                self.entries(length, visitor)
            }
            major::TAG => self.behind_tag("map", |d| d.map(visitor)),
            _ => self.mismatch("map"),
        }
    }

    #[inline]
    fn entries<V: Visitor<'de>>(&mut self, length: usize, visitor: V) -> Result<V::Value> {
        self.deeper(|d| {
            let mut entries = Entries::new(d, length);
            let value = visitor.visit_map(&mut entries)?;
            entries.finish()?;
            Ok(value)
        })
    }

    fn option<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        if self.reader.next_is_null()? {
            self.reader.item()?;
            return visitor.visit_none();
        }
        match self.reader.major()? {
            // A shared null, or a port: the value in the option decides.
            major::TAG if self.reader.next_is_sharing()? => {
                self.behind_tag("option", |d| d.option(visitor))
            }
            _ => self.deeper(|d| visitor.visit_some(d)),
        }
    }

    fn send_port<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        match self.reader.item()? {
            Item::Port(index) => {
                scope::recover_decode_error(|| visitor.visit_newtype_struct(PortToken(index)))
            }
            Item::Shareable => {
                let index = self.reader.open_shared();
                let port = self.send_port(visitor)?;
                self.reader.after(After::Close(index));
                Ok(port)
            }
            Item::Reference(index) => {
                let after = self.reader.follow(index)?;
                let port = self.send_port(visitor)?;
                self.reader.after(after);
                Ok(port)
            }
            other => Err(DecodeError::wrong_type("send port", other.name())),
        }
    }

    /// Lends the message to a [`Value`](crate::Value), which reads its part.
    fn whole_value<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        scope::lend_cursor(self.reader.take_cursor());
        let token = MessageToken(self.reader.bytes());
        let result = scope::recover_decode_error(|| visitor.visit_newtype_struct(token));
        self.reader
            .set_cursor(scope::take_cursor().unwrap_or_default());
        result
    }

    fn any<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        match self.reader.item()? {
            Item::Null => visitor.visit_unit(),
            Item::Bool(b) => visitor.visit_bool(b),
            Item::Int(n @ 0..) => visitor.visit_u64(n as u64),
            Item::Int(n) => visitor.visit_i64(n),
            Item::BigInt(n) => visitor.visit_u64(n),
            Item::NegativeBigInt(n) => visitor.visit_i128(!i128::from(n)),
            Item::Double(d) => visitor.visit_f64(d),
            Item::Text(s) => visitor.visit_borrowed_str(s),
            Item::Bytes(b) => visitor.visit_borrowed_bytes(b),
            Item::List(length) => self.elements(length, visitor),
            Item::Map(length) => self.entries(length, visitor),
            // The outer of two newtypes; see `deserialize_port`.
            Item::Port(index) => visitor.visit_newtype_struct(PortToken(index)),
            Item::Shareable => {
                let index = self.reader.open_shared();
                let value = self.any(visitor)?;
                self.reader.after(After::Close(index));
                Ok(value)
            }
            Item::Reference(index) => {
                let after = self.reader.follow(index)?;
                let value = self.any(visitor)?;
                self.reader.after(after);
                Ok(value)
            }
        }
    }
}

macro_rules! deserialize_as {
    ($($name:ident => $method:ident;)*) => {$(
        #[inline]
        fn $name<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.$method(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for &mut Decoder<'de> {
    type Error = DecodeError;

    deserialize_as! {
        deserialize_any => any;
        deserialize_bool => bool;
        deserialize_i8 => int;
        deserialize_i16 => int;
        deserialize_i32 => int;
        deserialize_i64 => int;
        deserialize_i128 => int;
        deserialize_u8 => int;
        deserialize_u16 => int;
        deserialize_u32 => int;
        deserialize_u64 => int;
        deserialize_u128 => int;
        deserialize_f32 => double;
        deserialize_f64 => double;
        deserialize_char => string;
        deserialize_str => string;
        deserialize_string => string;
        deserialize_bytes => bytes;
        deserialize_byte_buf => bytes;
        deserialize_option => option;
        deserialize_unit => null;
        deserialize_seq => list;
        deserialize_map => map;
    }

    /// Names of fields are read in place: there is one such call for a type.
    #[inline(always)]
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.reader.short_text() {
            Some(text) => visitor.visit_borrowed_str(text),
            None => self.other_string(visitor),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        self.null(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        match name {
            PORT_NAME => self.send_port(visitor),
            VALUE_NAME => self.whole_value(visitor),
            _ => self.deeper(|d| visitor.visit_newtype_struct(d)),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        self.list(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.list(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.variant(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.reader.skip()?;
        visitor.visit_unit()
    }
}
