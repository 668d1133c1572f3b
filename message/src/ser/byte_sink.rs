//! Finds out whether an element of a sequence is a plain `u8`.

use std::fmt::{self, Display};

use serde::ser::{Impossible, Serialize, Serializer};

/// Takes a `u8` and nothing else.
pub(super) struct ByteSink<'a>(pub(super) &'a mut Vec<u8>);

/// It is something else. That costs nothing: no text, no box.
#[derive(Debug)]
pub(super) struct NotAByte;

impl Display for NotAByte {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a byte")
    }
}

impl std::error::Error for NotAByte {}

impl serde::ser::Error for NotAByte {
    fn custom<T: Display>(_: T) -> Self {
        NotAByte
    }
}

type Never = Impossible<(), NotAByte>;

macro_rules! refuse {
    ($($name:ident($($type:ty),*) -> $ok:ty;)*) => {$(
        #[inline]
        fn $name(self, $(_: $type),*) -> Result<$ok, NotAByte> {
            Err(NotAByte)
        }
    )*};
}

impl Serializer for ByteSink<'_> {
    type Ok = ();
    type Error = NotAByte;
    type SerializeSeq = Never;
    type SerializeTuple = Never;
    type SerializeTupleStruct = Never;
    type SerializeTupleVariant = Never;
    type SerializeMap = Never;
    type SerializeStruct = Never;
    type SerializeStructVariant = Never;

    #[inline]
    fn serialize_u8(self, byte: u8) -> Result<(), NotAByte> {
        self.0.push(byte);
        Ok(())
    }

    /// Not even a newtype of a byte: it could hold a port, which would get a
    /// number here that nobody uses.
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: &T,
    ) -> Result<(), NotAByte> {
        Err(NotAByte)
    }

    refuse! {
        serialize_bool(bool) -> ();
        serialize_i8(i8) -> ();
        serialize_i16(i16) -> ();
        serialize_i32(i32) -> ();
        serialize_i64(i64) -> ();
        serialize_u16(u16) -> ();
        serialize_u32(u32) -> ();
        serialize_u64(u64) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_char(char) -> ();
        serialize_str(&str) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_none() -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_unit_variant(&'static str, u32, &'static str) -> ();
        serialize_seq(Option<usize>) -> Never;
        serialize_tuple(usize) -> Never;
        serialize_tuple_struct(&'static str, usize) -> Never;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Never;
        serialize_map(Option<usize>) -> Never;
        serialize_struct(&'static str, usize) -> Never;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Never;
    }

    fn serialize_i128(self, _: i128) -> Result<(), NotAByte> {
        Err(NotAByte)
    }

    fn serialize_u128(self, _: u128) -> Result<(), NotAByte> {
        Err(NotAByte)
    }

    fn collect_str<T: Display + ?Sized>(self, _: &T) -> Result<(), NotAByte> {
        Err(NotAByte)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<(), NotAByte> {
        Err(NotAByte)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), NotAByte> {
        Err(NotAByte)
    }
}
