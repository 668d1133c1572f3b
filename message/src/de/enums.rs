//! Enums on their way in: a name, or a map of one entry.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{DeserializeSeed, EnumAccess, VariantAccess, Visitor};

use super::access::at_key;
use super::{Decoder, Result};
use crate::DecodeError;
use crate::path::Segment;
use crate::writer::major;

impl<'de> Decoder<'de> {
    /// A variant without contents is its name, one with contents a map of one
    /// entry.
    pub(super) fn variant<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        match self.reader.major()? {
            major::TEXT => visitor.visit_enum(UnitVariant::new(self.reader.text()?)),
            major::MAP => match self.reader.map()? {
                1 => visitor.visit_enum(VariantEntry::new(self)),
                n => Err(DecodeError::wrong_type(
                    "map of one entry (an enum's variant)",
                    format!("map of {n} entries"),
                )),
            },
            major::TAG => self.behind_tag("string or map", |d| d.variant(visitor)),
            _ => self.mismatch("string or map"),
        }
    }
}

/// A variant that is only its name.
struct UnitVariant<'de>(BorrowedStrDeserializer<'de, DecodeError>);

impl<'de> UnitVariant<'de> {
    fn new(name: &'de str) -> Self {
        UnitVariant(BorrowedStrDeserializer::new(name))
    }
}

impl<'de> EnumAccess<'de> for UnitVariant<'de> {
    type Error = DecodeError;
    type Variant = NoContents;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, NoContents)> {
        Ok((seed.deserialize(self.0)?, NoContents))
    }
}

/// What a variant that is only its name has in it.
pub(super) struct NoContents;

fn contents_missing<T>() -> Result<T> {
    Err(DecodeError::wrong_type(
        "map of one entry (this variant has contents)",
        "string",
    ))
}

impl<'de> VariantAccess<'de> for NoContents {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<()> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _: T) -> Result<T::Value> {
        contents_missing()
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value> {
        contents_missing()
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value> {
        contents_missing()
    }
}

/// A variant with contents.
struct VariantEntry<'d, 'de> {
    decoder: &'d mut Decoder<'de>,
    key: usize,
}

impl<'d, 'de> VariantEntry<'d, 'de> {
    fn new(decoder: &'d mut Decoder<'de>) -> Self {
        let key = decoder.reader.at();
        VariantEntry { decoder, key }
    }

    /// Reads the contents; an error in them gets the variant's name in its path.
    fn contents<T>(self, read: impl FnOnce(&mut Decoder<'de>) -> Result<T>) -> Result<T> {
        let result = read(self.decoder);
        result.map_err(|error| error.below(at_key(&self.decoder.reader, self.key, 0)))
    }
}

impl<'de> EnumAccess<'de> for VariantEntry<'_, 'de> {
    type Error = DecodeError;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self)> {
        match seed.deserialize(&mut *self.decoder) {
            Ok(variant) => Ok((variant, self)),
            Err(error) => Err(error.below(Segment::Key(0))),
        }
    }
}

impl<'de> VariantAccess<'de> for VariantEntry<'_, 'de> {
    type Error = DecodeError;

    fn unit_variant(self) -> Result<()> {
        self.contents(|d| d.null(serde::de::IgnoredAny).map(|_| ()))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        self.contents(|d| d.deeper(|d| d.value(seed)))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        self.contents(|d| d.list(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.contents(|d| d.map(visitor))
    }
}
