//! Lists and maps on their way in, and the path of what fails in them.

use serde::de::value::U8Deserializer;
use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess};

use super::{Decoder, Result};
use crate::DecodeError;
use crate::path::Segment;
use crate::reader::{Item, Reader};

/// The elements of a list.
pub(super) struct Elements<'d, 'de> {
    decoder: &'d mut Decoder<'de>,
    length: usize,
    left: usize,
}

impl<'d, 'de> Elements<'d, 'de> {
    pub(super) fn new(decoder: &'d mut Decoder<'de>, length: usize) -> Self {
        Elements {
            decoder,
            length,
            left: length,
        }
    }

    /// The type must have taken all elements.
    #[inline(always)]
    pub(super) fn finish(self) -> Result<()> {
        all_taken("list", self.length, self.left)
    }
}

#[inline]
fn all_taken(what: &'static str, length: usize, left: usize) -> Result<()> {
    if left == 0 {
        return Ok(());
    }
    Err(not_all_taken(what, length, left))
}

#[cold]
#[inline(never)]
fn not_all_taken(what: &'static str, length: usize, left: usize) -> DecodeError {
    DecodeError::wrong_type(
        format!("{what} of length {}", length - left),
        format!("{what} of length {length}"),
    )
}

impl<'de> SeqAccess<'de> for &mut Elements<'_, 'de> {
    type Error = DecodeError;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        match self.decoder.value(seed) {
            Ok(element) => Ok(Some(element)),
            Err(error) => Err(error.below(Segment::Index(self.length - self.left - 1))),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// The entries of a map.
pub(super) struct Entries<'d, 'de> {
    decoder: &'d mut Decoder<'de>,
    length: usize,
    left: usize,
    /// Where the last key is, for the path of an error in its value.
    key: usize,
}

impl<'d, 'de> Entries<'d, 'de> {
    pub(super) fn new(decoder: &'d mut Decoder<'de>, length: usize) -> Self {
        Entries {
            decoder,
            length,
            left: length,
            key: 0,
        }
    }

    /// The type must have taken all entries.
    #[inline(always)]
    pub(super) fn finish(self) -> Result<()> {
        all_taken("map", self.length, self.left)
    }
}

impl<'de> MapAccess<'de> for &mut Entries<'_, 'de> {
    type Error = DecodeError;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        self.key = self.decoder.reader.at();
        match seed.deserialize(&mut *self.decoder) {
            Ok(key) => Ok(Some(key)),
            Err(error) => Err(error.below(Segment::Key(self.length - self.left - 1))),
        }
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        match self.decoder.value(seed) {
            Ok(value) => Ok(value),
            Err(error) => {
                let entry = self.length - self.left - 1;
                Err(error.below(at_key(&self.decoder.reader, self.key, entry)))
            }
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// The key that stands at `offset`, as part of a path.
#[cold]
pub(super) fn at_key(reader: &Reader<'_>, offset: usize, entry: usize) -> Segment {
    let bytes = reader.bytes().get(offset..).unwrap_or_default();
    match Reader::new(bytes).item() {
        Ok(Item::Text(name)) => Segment::Field(name.to_string()),
        Ok(Item::Int(n)) => Segment::At(n.to_string()),
        Ok(Item::Bool(b)) => Segment::At(b.to_string()),
        Ok(Item::Double(d)) => Segment::At(format!("{d:?}")),
        Ok(Item::Null) => Segment::At("null".to_string()),
        _ => Segment::At(format!("entry {entry}")),
    }
}

/// A byte string that is read as a sequence of `u8`.
pub(super) struct ByteElements<'de> {
    bytes: std::slice::Iter<'de, u8>,
    length: usize,
}

impl<'de> ByteElements<'de> {
    pub(super) fn new(bytes: &'de [u8]) -> Self {
        ByteElements {
            bytes: bytes.iter(),
            length: bytes.len(),
        }
    }

    /// The type must have taken all bytes.
    pub(super) fn finish(self) -> Result<()> {
        all_taken("bytes", self.length, self.bytes.len())
    }
}

impl<'de> SeqAccess<'de> for &mut ByteElements<'de> {
    type Error = DecodeError;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        let Some(byte) = self.bytes.next() else {
            return Ok(None);
        };
        let byte: U8Deserializer<DecodeError> = byte.into_deserializer();
        match seed.deserialize(byte) {
            Ok(element) => Ok(Some(element)),
            Err(error) => Err(error.below(Segment::Index(self.length - self.bytes.len() - 1))),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.bytes.len())
    }
}
