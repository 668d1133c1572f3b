//! Rust's own types become values.

use super::{List, Map, Value};
use crate::{Port, Text};

macro_rules! from {
    ($($rust:ty, |$given:ident| $value:expr;)*) => {$(
        impl<P> From<$rust> for Value<P> {
            fn from($given: $rust) -> Self {
                $value
            }
        }
    )*};
}

from! {
    (), |_unit| Value::Null;
    bool, |b| Value::Bool(b);
    i8, |n| Value::Int(n.into());
    i16, |n| Value::Int(n.into());
    i32, |n| Value::Int(n.into());
    i64, |n| Value::Int(n);
    u8, |n| Value::Int(n.into());
    u16, |n| Value::Int(n.into());
    u32, |n| Value::Int(n.into());
    f32, |d| Value::Double(crate::reader::single(d.to_bits()));
    f64, |d| Value::Double(d);
    char, |c| Value::String(c.into());
    &str, |s| Value::String(s.into());
    &String, |s| Value::String(s.into());
    String, |s| Value::String(s.into());
    Text, |s| Value::String(s);
    &[u8], |b| Value::Bytes(b.into());
    Vec<u8>, |b| Value::Bytes(b);
    List<P>, |list| Value::List(list);
    Vec<Value<P>>, |list| Value::List(list.into());
    Map<P>, |map| Value::Map(map);
    Vec<(Value<P>, Value<P>)>, |map| Value::Map(map.into());
}

impl<P, const N: usize> From<[Value<P>; N]> for Value<P> {
    fn from(list: [Value<P>; N]) -> Self {
        Value::List(Vec::from(list).into())
    }
}

impl<P, T: Into<Value<P>>> From<Option<T>> for Value<P> {
    fn from(option: Option<T>) -> Self {
        option.map_or(Value::Null, Into::into)
    }
}

macro_rules! from_tuple {
    ($($type:ident $name:ident),*) => {
        impl<P, $($type: Into<Value<P>>),*> From<($($type,)*)> for Value<P> {
            fn from(($($name,)*): ($($type,)*)) -> Self {
                Value::List(vec![$($name.into()),*].into())
            }
        }
    };
}

from_tuple!(A a);
from_tuple!(A a, B b);
from_tuple!(A a, B b, C c);
from_tuple!(A a, B b, C c, D d);

impl<P, T: Into<Value<P>>> FromIterator<T> for Value<P> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        Value::list(elements)
    }
}

impl<P> Value<P> {
    /// A list of these.
    ///
    /// ```
    /// # use insula_message::Value;
    /// let primes: Value = Value::list([2, 3, 5]);
    /// assert_eq!(primes.to_string(), "[2, 3, 5]");
    /// ```
    pub fn list<T: Into<Value<P>>>(elements: impl IntoIterator<Item = T>) -> Self {
        Value::List(elements.into_iter().collect())
    }

    /// A map of these entries.
    ///
    /// ```
    /// # use insula_message::Value;
    /// let ages: Value = Value::map([("Ada", 36), ("Alan", 41)]);
    /// assert_eq!(ages.to_string(), r#"{"Ada": 36, "Alan": 41}"#);
    /// ```
    pub fn map<K: Into<Value<P>>, V: Into<Value<P>>>(
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Value::Map(entries.into_iter().collect())
    }

    /// A send port. (There is no `From`, which would overlap with the others.)
    pub fn send_port(port: P) -> Self
    where
        P: Port,
    {
        Value::SendPort(port)
    }
}
