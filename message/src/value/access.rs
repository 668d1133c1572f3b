//! Looking into a value.

use std::ops::{Index, IndexMut};

use super::{Kind, List, Map, Value};

macro_rules! accessors {
    ($($(#[$doc:meta])* $name:ident -> $type:ty, $pattern:pat => $result:expr;)*) => {$(
        $(#[$doc])*
        pub fn $name(&self) -> Option<$type> {
            match self {
                $pattern => Some($result),
                _ => None,
            }
        }
    )*};
}

impl<P> Value<P> {
    /// What kind of value it is.
    pub fn kind(&self) -> Kind {
        match self {
            Value::Null => Kind::Null,
            Value::Bool(_) => Kind::Bool,
            Value::Int(_) => Kind::Int,
            Value::Double(_) => Kind::Double,
            Value::String(_) => Kind::String,
            Value::Bytes(_) => Kind::Bytes,
            Value::List(_) => Kind::List,
            Value::Map(_) => Kind::Map,
            Value::SendPort(_) => Kind::SendPort,
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    accessors! {
        /// The bool, if it is one.
        as_bool -> bool, Value::Bool(b) => *b;
        /// The integer, if it is one.
        as_int -> i64, Value::Int(n) => *n;
        /// The double, if it is one. An integer is none.
        as_double -> f64, Value::Double(d) => *d;
        /// The text, if it is a string.
        as_str -> &str, Value::String(s) => s;
        /// The bytes, if it is bytes.
        as_bytes -> &[u8], Value::Bytes(b) => b;
        /// The elements, if it is a list.
        as_list -> &List<P>, Value::List(list) => list;
        /// The entries, if it is a map.
        as_map -> &Map<P>, Value::Map(map) => map;
        /// The port, if it is one.
        as_send_port -> &P, Value::SendPort(port) => port;
    }

    /// The elements, if it is a list.
    pub fn as_list_mut(&mut self) -> Option<&mut List<P>> {
        match self {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    /// The entries, if it is a map.
    pub fn as_map_mut(&mut self) -> Option<&mut Map<P>> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// A list's element (by `usize`) or a map's value (by `&str`, or by
    /// `&Value` for keys that are no strings).
    ///
    /// ```
    /// # use insula_message::Value;
    /// let value: Value = Value::map([("sizes", Value::list([1, 2]))]);
    /// assert_eq!(value.get("sizes").and_then(|sizes| sizes.get(1)), Some(&2.into()));
    /// assert_eq!(value.get("colour"), None);
    /// ```
    pub fn get<I: ValueIndex<P>>(&self, index: I) -> Option<&Value<P>> {
        index.find(self)
    }

    /// As [`get`](Value::get), to change it.
    pub fn get_mut<I: ValueIndex<P>>(&mut self, index: I) -> Option<&mut Value<P>> {
        index.find_mut(self)
    }

    /// Takes the value and leaves null.
    pub fn take(&mut self) -> Value<P> {
        std::mem::take(self)
    }
}

/// What a [`Value`] can be indexed with: `usize`, `&str` and `&Value`.
pub trait ValueIndex<P>: sealed::Sealed {
    #[doc(hidden)]
    fn find<'v>(&self, value: &'v Value<P>) -> Option<&'v Value<P>>;
    #[doc(hidden)]
    fn find_mut<'v>(&self, value: &'v mut Value<P>) -> Option<&'v mut Value<P>>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for usize {}
    impl Sealed for &str {}
    impl<P> Sealed for &super::Value<P> {}
}

impl<P> ValueIndex<P> for usize {
    fn find<'v>(&self, value: &'v Value<P>) -> Option<&'v Value<P>> {
        value.as_list()?.get(*self)
    }

    fn find_mut<'v>(&self, value: &'v mut Value<P>) -> Option<&'v mut Value<P>> {
        value.as_list_mut()?.get_mut(*self)
    }
}

impl<P> ValueIndex<P> for &str {
    fn find<'v>(&self, value: &'v Value<P>) -> Option<&'v Value<P>> {
        value.as_map()?.get(self)
    }

    fn find_mut<'v>(&self, value: &'v mut Value<P>) -> Option<&'v mut Value<P>> {
        value.as_map_mut()?.get_mut(self)
    }
}

impl<P: PartialEq> ValueIndex<P> for &Value<P> {
    fn find<'v>(&self, value: &'v Value<P>) -> Option<&'v Value<P>> {
        let mut entries = value.as_map()?.iter();
        entries.find(|(key, _)| key == *self).map(|(_, v)| v)
    }

    fn find_mut<'v>(&self, value: &'v mut Value<P>) -> Option<&'v mut Value<P>> {
        let mut entries = value.as_map_mut()?.iter_mut();
        entries.find(|(key, _)| key == *self).map(|(_, v)| v)
    }
}

impl<P: 'static> Value<P> {
    const ABSENT: &'static Value<P> = &Value::Null;
}

/// What is not there reads as null, as with serde_json.
impl<P: 'static, I: ValueIndex<P>> Index<I> for Value<P> {
    type Output = Value<P>;

    fn index(&self, index: I) -> &Value<P> {
        self.get(index).unwrap_or(Self::ABSENT)
    }
}

/// Panics if there is no such element or key.
impl<P: 'static, I: ValueIndex<P>> IndexMut<I> for Value<P> {
    fn index_mut(&mut self, index: I) -> &mut Value<P> {
        let kind = self.kind();
        match self.get_mut(index) {
            Some(value) => value,
            None => panic!("this {kind} has no such element; see get_mut and Map::insert"),
        }
    }
}
