//! Lists, maps and structs on their way out.

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant,
};

use super::byte_sink::ByteSink;
use super::{Encoder, Result};
use crate::EncodeError;
use crate::writer::{self, head_len, major};

/// A list, map or byte string whose head is written.
pub(super) struct Open {
    /// Where its head is.
    pub(super) start: usize,
    pub(super) major: u8,
    /// The length that the head says.
    pub(super) claimed: usize,
    /// The length so far.
    pub(super) written: usize,
}

/// A tuple, map or struct.
pub(crate) struct Fields<'e, 'a> {
    encoder: &'e mut Encoder<'a>,
    open: Open,
}

impl<'e, 'a> Fields<'e, 'a> {
    #[inline]
    pub(super) fn begin(encoder: &'e mut Encoder<'a>, major: u8, length: usize) -> Result<Self> {
        let open = encoder.begin(major, length)?;
        Ok(Fields { encoder, open })
    }

    #[inline]
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.open.written += 1;
        self.encoder.value(value)
    }

    #[inline]
    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
        writer::text(self.encoder.out, name);
        self.element(value)
    }

    #[inline]
    fn finish(self) -> Result<()> {
        self.encoder.end(self.open);
        Ok(())
    }
}

/// A sequence: a byte string as long as its elements are `u8`, else a list.
///
/// serde does not tell a `Vec<u8>` from other sequences before its elements
/// come, so the first one decides, and a later one can change it.
pub(crate) struct Sequence<'e, 'a> {
    encoder: &'e mut Encoder<'a>,
    open: Open,
}

impl<'e, 'a> Sequence<'e, 'a> {
    #[inline]
    pub(super) fn begin(encoder: &'e mut Encoder<'a>, length: usize) -> Result<Self> {
        let open = encoder.begin(major::LIST, length)?;
        Ok(Sequence { encoder, open })
    }

    /// Tries the first element as a byte.
    #[inline]
    fn first<T: Serialize + ?Sized>(&mut self, value: &T) -> bool {
        let is_byte = value.serialize(ByteSink(self.encoder.out)).is_ok();
        if is_byte {
            // A byte string's head is as long as a list's.
            self.open.major = major::BYTES;
            self.encoder.out[self.open.start] ^= (major::LIST ^ major::BYTES) << 5;
        }
        is_byte
    }

    /// Writes the bytes so far once more, as a list of integers.
    #[cold]
    fn become_list(&mut self) {
        let out = &mut *self.encoder.out;
        let bytes = out.split_off(self.open.start + head_len(self.open.claimed as u64));
        out.truncate(self.open.start);
        self.open.major = major::LIST;
        writer::head(out, major::LIST, self.open.claimed as u64);
        bytes
            .iter()
            .for_each(|byte| writer::int(out, (*byte).into()));
    }
}

impl SerializeSeq for Sequence<'_, '_> {
    type Ok = ();
    type Error = EncodeError;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let is_first = self.open.written == 0;
        self.open.written += 1;
        if is_first && self.first(value) {
            return Ok(());
        }
        if self.open.major == major::BYTES {
            if value.serialize(ByteSink(self.encoder.out)).is_ok() {
                return Ok(());
            }
            self.become_list();
        }
        self.encoder.value(value)
    }

    #[inline]
    fn end(self) -> Result<()> {
        self.encoder.end(self.open);
        Ok(())
    }
}

macro_rules! elements {
    ($($trait:ident $method:ident;)*) => {$(
        impl $trait for Fields<'_, '_> {
            type Ok = ();
            type Error = EncodeError;

            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                self.element(value)
            }

            #[inline]
    fn end(self) -> Result<()> {
                self.finish()
            }
        }
    )*};
}

elements! {
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

macro_rules! fields {
    ($($trait:ident;)*) => {$(
        impl $trait for Fields<'_, '_> {
            type Ok = ();
            type Error = EncodeError;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<()> {
                self.field(name, value)
            }

            #[inline]
    fn end(self) -> Result<()> {
                self.finish()
            }
        }
    )*};
}

fields! {
    SerializeStruct;
    SerializeStructVariant;
}

impl SerializeMap for Fields<'_, '_> {
    type Ok = ();
    type Error = EncodeError;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        key.serialize(&mut *self.encoder)
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.element(value)
    }

    #[inline]
    fn end(self) -> Result<()> {
        self.finish()
    }
}
