//! What is behind the newtypes by which ports and values are known.

use std::fmt::Display;

use serde::ser::{Impossible, Serialize, Serializer};

use crate::EncodeError;

/// Takes the number of a port, or the unit that stands for "it is written".
pub(super) struct TokenSink;

type Never = Impossible<u64, EncodeError>;

fn misuse() -> EncodeError {
    EncodeError::Custom("a newtype has a name that is reserved for send ports and values".into())
}

macro_rules! refuse {
    ($($name:ident($($type:ty),*) -> $ok:ty;)*) => {$(
        fn $name(self, $(_: $type),*) -> Result<$ok, EncodeError> {
            Err(misuse())
        }
    )*};
}

impl Serializer for TokenSink {
    type Ok = u64;
    type Error = EncodeError;
    type SerializeSeq = Never;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStruct = Never;
    type SerializeStructVariant = Never;

    fn serialize_u64(self, number: u64) -> Result<u64, EncodeError> {
        Ok(number)
    }

    fn serialize_unit(self) -> Result<u64, EncodeError> {
        Ok(0)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: &T,
    ) -> Result<u64, EncodeError> {
        Err(misuse())
    }

    refuse! {
        serialize_bool(bool) -> u64;
        serialize_i8(i8) -> u64;
        serialize_i16(i16) -> u64;
        serialize_i32(i32) -> u64;
        serialize_i64(i64) -> u64;
        serialize_u16(u16) -> u64;
        serialize_u32(u32) -> u64;
        serialize_u8(u8) -> u64;
        serialize_f32(f32) -> u64;
        serialize_f64(f64) -> u64;
        serialize_char(char) -> u64;
        serialize_str(&str) -> u64;
        serialize_bytes(&[u8]) -> u64;
        serialize_none() -> u64;
        serialize_unit_struct(&'static str) -> u64;
        serialize_unit_variant(&'static str, u32, &'static str) -> u64;
        serialize_seq(Option<usize>) -> Never;
        serialize_tuple(usize) -> Never;
        serialize_tuple_struct(&'static str, usize) -> Never;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Never;
        serialize_map(Option<usize>) -> Never;
        serialize_struct(&'static str, usize) -> Never;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Never;
    }

    fn serialize_i128(self, _: i128) -> Result<u64, EncodeError> {
        Err(misuse())
    }

    fn serialize_u128(self, _: u128) -> Result<u64, EncodeError> {
        Err(misuse())
    }

    fn collect_str<T: Display + ?Sized>(self, _: &T) -> Result<u64, EncodeError> {
        Err(misuse())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<u64, EncodeError> {
        Err(misuse())
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<u64, EncodeError> {
        Err(misuse())
    }
}
