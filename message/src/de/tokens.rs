//! The deserializers behind the newtypes by which ports and values are known.

use serde::de::value::U64Deserializer;
use serde::de::{Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::Result;
use crate::DecodeError;

/// A port with this number: a newtype, whatever one asks for.
pub(super) struct PortToken(pub(super) u64);

impl<'de> Deserializer<'de> for PortToken {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let number: U64Deserializer<DecodeError> = self.0.into_deserializer();
        visitor.visit_newtype_struct(number)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string
        bytes byte_buf option unit unit_struct newtype_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

/// The bytes of the whole message, for who knows where to read on in them.
pub(super) struct MessageToken<'de>(pub(super) &'de [u8]);

impl<'de> Deserializer<'de> for MessageToken<'de> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_borrowed_bytes(self.0)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string
        bytes byte_buf option unit unit_struct newtype_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}
