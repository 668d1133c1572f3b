//! Values become Rust's own types, or an error that says what was found.

use super::{List, Map, Value};
use crate::{DecodeError, DecodeErrorKind, Text};

fn mismatch<P>(expected: &'static str, found: &Value<P>) -> DecodeError {
    DecodeError::wrong_type(expected, found.kind().name())
}

macro_rules! try_into {
    ($($rust:ty, $expected:literal, $pattern:pat => $result:expr;)*) => {$(
        impl<P> TryFrom<Value<P>> for $rust {
            type Error = DecodeError;

            fn try_from(value: Value<P>) -> Result<Self, DecodeError> {
                match value {
                    $pattern => Ok($result),
                    other => Err(mismatch($expected, &other)),
                }
            }
        }
    )*};
}

try_into! {
    (), "null", Value::Null => ();
    bool, "bool", Value::Bool(b) => b;
    i64, "int", Value::Int(n) => n;
    f64, "double", Value::Double(d) => d;
    String, "string", Value::String(s) => s.into();
    Text, "string", Value::String(s) => s;
    Vec<u8>, "bytes", Value::Bytes(b) => b;
    List<P>, "list", Value::List(list) => list;
    Vec<Value<P>>, "list", Value::List(list) => list.into_vec();
    Map<P>, "map", Value::Map(map) => map;
    Vec<(Value<P>, Value<P>)>, "map", Value::Map(map) => map.into_vec();
}

macro_rules! try_into_int {
    ($($rust:ident)*) => {$(
        impl<P> TryFrom<Value<P>> for $rust {
            type Error = DecodeError;

            fn try_from(value: Value<P>) -> Result<Self, DecodeError> {
                let int = i64::try_from(value)?;
                $rust::try_from(int).map_err(|_| {
                    let (value, target) = (int.into(), stringify!($rust));
                    DecodeErrorKind::IntOutOfRange { value, target }.into()
                })
            }
        }
    )*};
}

try_into_int!(i8 i16 i32 u8 u16 u32 u64 usize);
