//! `Value` inside serde types.
//!
//! In a message it takes a path of its own, which does not recurse: it meets
//! this crate's serializer behind a newtype of a name that only the two know.
//! With any other serializer (serde_json, or one of serde's buffers) it says
//! its structure, as any type would.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error, Serialize, SerializeMap, SerializeSeq, Serializer};

use super::wire::{read_value, write_value};
use super::{List, Map, Value};
use crate::port::IncomingIndex;
use crate::reader::Reader;
use crate::{DEPTH_LIMIT, EncodeError, Port, scope, serialize_port};

/// The newtype that this crate's serializer knows a `Value` by.
pub(crate) const VALUE_NAME: &str = "$insula::Value";
/// The one in it, behind which the `Value` finds the message's buffer.
pub(crate) const WHOLE_VALUE_NAME: &str = "$insula::WholeValue";

impl<P: Port> Serialize for Value<P> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_newtype_struct(VALUE_NAME, &Announced(self))
    }
}

struct Announced<'a, P>(&'a Value<P>);

impl<P: Port> Serialize for Announced<'_, P> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if scope::value_was_announced() {
            return s.serialize_newtype_struct(WHOLE_VALUE_NAME, &Whole(self.0));
        }
        let structure = Structure {
            value: self.0,
            depth: 0,
        };
        structure.serialize(s)
    }
}

/// Writes to the lent buffer, and nothing to the serializer.
struct Whole<'a, P>(&'a Value<P>);

impl<P: Port> Serialize for Whole<'_, P> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let mut buffer = scope::take_buffer().unwrap_or_default();
        let result = write_value(self.0, &mut buffer);
        scope::lend_buffer(buffer);
        result.map_err(scope::pass_encode_error)?;
        s.serialize_unit()
    }
}

struct Structure<'a, P> {
    value: &'a Value<P>,
    depth: usize,
}

impl<P: Port> Serialize for Structure<'_, P> {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        if self.depth > DEPTH_LIMIT {
            let limit = DEPTH_LIMIT;
            return Err(S::Error::custom(EncodeError::TooDeep { limit }));
        }
        match self.value {
            Value::Null => s.serialize_unit(),
            Value::Bool(b) => s.serialize_bool(*b),
            Value::Int(n) => s.serialize_i64(*n),
            Value::Double(d) => s.serialize_f64(*d),
            Value::String(text) => s.serialize_str(text),
            Value::Bytes(bytes) => s.serialize_bytes(bytes),
            Value::SendPort(port) => serialize_port(port, s),
            Value::List(list) => self.serialize_list(list, s),
            Value::Map(map) => self.serialize_map(map, s),
        }
    }
}

impl<P: Port> Structure<'_, P> {
    fn serialize_list<S: Serializer>(&self, list: &List<P>, s: S) -> Result<S::Ok, S::Error> {
        let mut seq = s.serialize_seq(Some(list.len()))?;
        for element in list {
            seq.serialize_element(&self.inner(element))?;
        }
        seq.end()
    }

    fn serialize_map<S: Serializer>(&self, map: &Map<P>, s: S) -> Result<S::Ok, S::Error> {
        let mut out = s.serialize_map(Some(map.len()))?;
        for (key, value) in map {
            out.serialize_entry(&self.inner(key), &self.inner(value))?;
        }
        out.end()
    }

    fn inner<'b>(&self, value: &'b Value<P>) -> Structure<'b, P> {
        Structure {
            value,
            depth: self.depth + 1,
        }
    }
}

impl<'de, P: Port> Deserialize<'de> for Value<P> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_newtype_struct(VALUE_NAME, Newtype(PhantomData))
    }
}

struct Newtype<P>(PhantomData<P>);

impl<'de, P: Port> Visitor<'de> for Newtype<P> {
    type Value = Value<P>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, d: D) -> Result<Value<P>, D::Error> {
        match scope::take_cursor() {
            Some(cursor) => d.deserialize_bytes(WholeMessage(cursor, PhantomData)),
            None => d.deserialize_any(Anything(PhantomData)),
        }
    }
}

/// Gets the bytes of the whole message, and reads the value at the cursor.
struct WholeMessage<P>(crate::reader::Cursor, PhantomData<P>);

impl<'de, P: Port> Visitor<'de> for WholeMessage<P> {
    type Value = Value<P>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_borrowed_bytes<E: de::Error>(self, bytes: &'de [u8]) -> Result<Value<P>, E> {
        let mut reader = Reader::resume(bytes, self.0);
        let result = read_value(&mut reader);
        scope::lend_cursor(reader.into_cursor());
        result.map_err(scope::pass_decode_error)
    }
}

/// Builds a value from what another deserializer says.
struct Anything<P>(PhantomData<P>);

impl<'de, P: Port> Visitor<'de> for Anything<P> {
    type Value = Value<P>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("null, bool, int, double, string, bytes, list, map or send port")
    }

    fn visit_unit<E>(self) -> Result<Value<P>, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value<P>, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, d: D) -> Result<Value<P>, D::Error> {
        Value::deserialize(d)
    }

    fn visit_bool<E>(self, b: bool) -> Result<Value<P>, E> {
        Ok(Value::Bool(b))
    }

    fn visit_i64<E>(self, n: i64) -> Result<Value<P>, E> {
        Ok(Value::Int(n))
    }

    fn visit_u64<E: de::Error>(self, n: u64) -> Result<Value<P>, E> {
        self.visit_i128(n.into())
    }

    fn visit_i128<E: de::Error>(self, n: i128) -> Result<Value<P>, E> {
        let out_of_range = |_| E::custom(format_args!("the integer {n} does not fit in i64"));
        i64::try_from(n).map(Value::Int).map_err(out_of_range)
    }

    fn visit_u128<E: de::Error>(self, n: u128) -> Result<Value<P>, E> {
        let out_of_range = |_| E::custom(format_args!("the integer {n} does not fit in i64"));
        i64::try_from(n).map(Value::Int).map_err(out_of_range)
    }

    fn visit_f64<E>(self, d: f64) -> Result<Value<P>, E> {
        Ok(Value::Double(d))
    }

    fn visit_str<E>(self, s: &str) -> Result<Value<P>, E> {
        Ok(Value::String(s.into()))
    }

    fn visit_string<E>(self, s: String) -> Result<Value<P>, E> {
        Ok(Value::String(s.into()))
    }

    fn visit_bytes<E>(self, b: &[u8]) -> Result<Value<P>, E> {
        Ok(Value::Bytes(b.to_vec()))
    }

    fn visit_byte_buf<E>(self, b: Vec<u8>) -> Result<Value<P>, E> {
        Ok(Value::Bytes(b))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value<P>, A::Error> {
        let mut list = List::new();
        while let Some(element) = seq.next_element::<Value<P>>()? {
            list.push(element);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value<P>, A::Error> {
        let mut map = Map::new();
        while let Some(entry) = entries.next_entry::<Value<P>, Value<P>>()? {
            map.push(entry);
        }
        Ok(Value::Map(map))
    }

    /// A port that waited in one of serde's buffers.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, d: D) -> Result<Value<P>, D::Error> {
        let port = IncomingIndex(PhantomData).visit_newtype_struct(d);
        port.map(Value::SendPort)
    }
}
