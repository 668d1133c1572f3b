//! From any serde type to the bytes of a message.

mod byte_sink;
mod compound;
mod token;

use serde::ser::{Serialize, Serializer};

use crate::limits::DEPTH_LIMIT;
use crate::port::PORT_NAME;
use crate::value::{VALUE_NAME, WHOLE_VALUE_NAME};
use crate::writer::{self, head_len, major};
use crate::{EncodeError, same_type, scope};
use compound::{Fields, Open, Sequence};
use token::TokenSink;

/// Appends one serde value to a buffer.
pub(crate) struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    depth: usize,
}

type Result<T> = std::result::Result<T, EncodeError>;

impl<'a> Encoder<'a> {
    pub(crate) fn new(out: &'a mut Vec<u8>) -> Self {
        Encoder { out, depth: 0 }
    }

    /// Writes a value: at once where it is bytes that serde would hand out one by one.
    #[inline]
    pub(crate) fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        match same_type::bytes_in(value) {
            // None of them are an empty list, as any other sequence.
            Some(bytes) if !bytes.is_empty() => {
                self.down()?;
                writer::bytes(self.out, bytes);
                self.up();
                Ok(())
            }
            _ => value.serialize(self),
        }
    }

    #[inline]
    fn down(&mut self) -> Result<()> {
        if self.depth == DEPTH_LIMIT {
            let limit = DEPTH_LIMIT;
            return Err(EncodeError::TooDeep { limit });
        }
        self.depth += 1;
        Ok(())
    }

    #[inline]
    fn up(&mut self) {
        self.depth -= 1;
    }

    /// Begins a list or map.
    #[inline]
    fn begin(&mut self, major: u8, length: usize) -> Result<Open> {
        self.down()?;
        let start = self.out.len();
        writer::head(self.out, major, length as u64);
        Ok(Open {
            start,
            major,
            claimed: length,
            written: 0,
        })
    }

    /// Ends it: if it said a wrong length, or none, the head is corrected.
    #[inline]
    fn end(&mut self, open: Open) {
        self.up();
        if open.claimed != open.written {
            self.correct(open);
        }
    }

    #[cold]
    fn correct(&mut self, open: Open) {
        let mut head = Vec::with_capacity(9);
        writer::head(&mut head, open.major, open.written as u64);
        let old = open.start..open.start + head_len(open.claimed as u64);
        self.out.splice(old, head);
    }

    /// An enum's variant that holds something is a map of one entry.
    fn variant(&mut self, name: &'static str) {
        writer::head(self.out, major::MAP, 1);
        writer::text(self.out, name);
    }

    fn send_port<T: Serialize + ?Sized>(&mut self, port: &T) -> Result<()> {
        let index = scope::recover_encode_error(|| port.serialize(TokenSink))?;
        writer::port(self.out, index);
        Ok(())
    }

    fn whole_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        scope::lend_buffer(std::mem::take(self.out));
        let result = scope::recover_encode_error(|| value.serialize(TokenSink));
        *self.out = scope::take_buffer().unwrap_or_default();
        result.map(|_| ())
    }

    fn announced_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        scope::announce_value(true);
        let result = value.serialize(&mut *self);
        scope::announce_value(false);
        result
    }
}

macro_rules! ints {
    ($($name:ident $rust:ident;)*) => {$(
        #[inline]
        fn $name(self, n: $rust) -> Result<()> {
            writer::int(self.out, n.into());
            Ok(())
        }
    )*};
}

impl<'e, 'a> Serializer for &'e mut Encoder<'a> {
    type Ok = ();
    type Error = EncodeError;
    type SerializeSeq = Sequence<'e, 'a>;
    type SerializeTuple = Fields<'e, 'a>;
    type SerializeTupleStruct = Fields<'e, 'a>;
    type SerializeTupleVariant = Fields<'e, 'a>;
    type SerializeMap = Fields<'e, 'a>;
    type SerializeStruct = Fields<'e, 'a>;
    type SerializeStructVariant = Fields<'e, 'a>;

    ints! {
        serialize_i8 i8;
        serialize_i16 i16;
        serialize_i32 i32;
        serialize_i64 i64;
        serialize_u8 u8;
        serialize_u16 u16;
        serialize_u32 u32;
    }

    #[inline]
    fn serialize_u64(self, n: u64) -> Result<()> {
        writer::head(self.out, major::UNSIGNED, n);
        Ok(())
    }

    fn serialize_i128(self, n: i128) -> Result<()> {
        let (major, number) = if n < 0 {
            (major::NEGATIVE, !n)
        } else {
            (major::UNSIGNED, n)
        };
        let number = u64::try_from(number).map_err(|_| too_big(n))?;
        writer::head(self.out, major, number);
        Ok(())
    }

    fn serialize_u128(self, n: u128) -> Result<()> {
        let number = u64::try_from(n).map_err(|_| too_big(n))?;
        self.serialize_u64(number)
    }

    #[inline]
    fn serialize_bool(self, b: bool) -> Result<()> {
        writer::bool(self.out, b);
        Ok(())
    }

    fn serialize_f32(self, d: f32) -> Result<()> {
        self.serialize_f64(crate::reader::single(d.to_bits()))
    }

    #[inline]
    fn serialize_f64(self, d: f64) -> Result<()> {
        writer::double(self.out, d);
        Ok(())
    }

    fn serialize_char(self, c: char) -> Result<()> {
        self.serialize_str(c.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(self, s: &str) -> Result<()> {
        writer::text(self.out, s);
        Ok(())
    }

    fn serialize_bytes(self, b: &[u8]) -> Result<()> {
        writer::bytes(self.out, b);
        Ok(())
    }

    #[inline]
    fn serialize_none(self) -> Result<()> {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        self.down()?;
        self.value(value)?;
        self.up();
        Ok(())
    }

    #[inline]
    fn serialize_unit(self) -> Result<()> {
        self.out.push(writer::NULL);
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<()> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<()> {
        match name {
            PORT_NAME => self.send_port(value),
            VALUE_NAME => self.announced_value(value),
            WHOLE_VALUE_NAME => self.whole_value(value),
            _ => self.serialize_some(value),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        self.variant(variant);
        self.serialize_some(value)
    }

    #[inline]
    fn serialize_seq(self, length: Option<usize>) -> Result<Sequence<'e, 'a>> {
        Sequence::begin(self, length.unwrap_or(0))
    }

    #[inline]
    fn serialize_tuple(self, length: usize) -> Result<Fields<'e, 'a>> {
        Fields::begin(self, major::LIST, length)
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Fields<'e, 'a>> {
        self.serialize_tuple(length)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Fields<'e, 'a>> {
        self.variant(variant);
        self.serialize_tuple(length)
    }

    #[inline]
    fn serialize_map(self, length: Option<usize>) -> Result<Fields<'e, 'a>> {
        Fields::begin(self, major::MAP, length.unwrap_or(0))
    }

    #[inline]
    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Fields<'e, 'a>> {
        self.serialize_map(Some(length))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Fields<'e, 'a>> {
        self.variant(variant);
        self.serialize_map(Some(length))
    }
}

fn too_big(n: impl ToString) -> EncodeError {
    let value = n.to_string();
    EncodeError::IntTooBig { value }
}
