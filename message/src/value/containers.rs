//! The payloads of lists and maps: a `Vec` each, dropped in bounded stack.
//!
//! They drop themselves instead of `Value` doing it, because one cannot move
//! parts out of a type that implements `Drop`.

use std::cell::Cell;
use std::mem;
use std::ops::{Deref, DerefMut};

use super::Value;

/// The elements of a [`Value::List`]; derefs to `Vec<Value<P>>`.
#[derive(Clone, PartialEq)]
pub struct List<P>(Vec<Value<P>>);

/// The entries of a [`Value::Map`] in their order; derefs to
/// `Vec<(Value<P>, Value<P>)>`.
///
/// Nothing keeps a key from being there twice; [`get`](Map::get) finds the
/// first, and [`insert`](Map::insert) replaces it.
#[derive(Clone, PartialEq)]
pub struct Map<P>(Vec<(Value<P>, Value<P>)>);

impl<P> Map<P> {
    /// The value at the first key that is this string.
    pub fn get(&self, key: &str) -> Option<&Value<P>> {
        self.position(key).map(|i| &self.0[i].1)
    }

    /// The value at the first key that is this string.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value<P>> {
        let i = self.position(key)?;
        Some(&mut self.0[i].1)
    }

    fn position(&self, key: &str) -> Option<usize> {
        let is_key = |(k, _): &(Value<P>, Value<P>)| matches!(k, Value::String(s) if s == key);
        self.0.iter().position(is_key)
    }

    /// Sets the value at this key and returns the one that was there.
    pub fn insert(
        &mut self,
        key: impl Into<Value<P>>,
        value: impl Into<Value<P>>,
    ) -> Option<Value<P>>
    where
        P: PartialEq,
    {
        let (key, value) = (key.into(), value.into());
        if let Some((_, old)) = self.0.iter_mut().find(|(known, _)| *known == key) {
            return Some(mem::replace(old, value));
        }
        self.0.push((key, value));
        None
    }
}

/// So many levels of containers drop one another by calls, as is usual; what is
/// deeper is emptied without recursion, which costs several times as much.
const RECURSION: usize = 6;

thread_local! {
    /// How many containers are being dropped, each inside of the one before.
    static DROPPING: Cell<usize> = const { Cell::new(0) };
}

/// Is inside of one container more, until it is dropped.
struct Level(usize);

impl Level {
    /// None where it would be one too many.
    #[inline(always)]
    fn enter() -> Option<Self> {
        let level = DROPPING.get();
        (level < RECURSION).then(|| {
            DROPPING.set(level + 1);
            Level(level)
        })
    }
}

impl Drop for Level {
    #[inline(always)]
    fn drop(&mut self) {
        DROPPING.set(self.0);
    }
}

/// Drops a value. Most have nothing to be dropped, and to see that is faster than to
/// look up what has to be done.
#[inline]
fn drop_value<P>(value: Value<P>) {
    let has_nothing = match &value {
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Double(_) => true,
        Value::String(text) => text.is_short(),
        _ => false,
    };
    if has_nothing {
        mem::forget(value);
    }
}

impl<P> Drop for List<P> {
    fn drop(&mut self) {
        match Level::enter() {
            Some(_level) => self.0.drain(..).for_each(drop_value),
            None if self.0.iter().any(holds_something) => {
                drop_iteratively(Contents::List(mem::take(&mut self.0)));
            }
            None => {}
        }
    }
}

impl<P> Drop for Map<P> {
    fn drop(&mut self) {
        let nested = |(key, value): &(_, _)| holds_something(key) || holds_something(value);
        match Level::enter() {
            Some(_level) => self.0.drain(..).for_each(|(key, value)| {
                drop_value(key);
                drop_value(value);
            }),
            None if self.0.iter().any(nested) => {
                drop_iteratively(Contents::Map(mem::take(&mut self.0)));
            }
            None => {}
        }
    }
}

fn holds_something<P>(value: &Value<P>) -> bool {
    match value {
        Value::List(list) => !list.0.is_empty(),
        Value::Map(map) => !map.0.is_empty(),
        _ => false,
    }
}

enum Contents<P> {
    List(Vec<Value<P>>),
    Map(Vec<(Value<P>, Value<P>)>),
}

/// Empties every container before it is dropped, so that none drops another.
fn drop_iteratively<P>(contents: Contents<P>) {
    let mut todo = vec![contents];
    while let Some(contents) = todo.pop() {
        match contents {
            Contents::List(elements) => elements.into_iter().for_each(|v| unload(v, &mut todo)),
            Contents::Map(entries) => entries.into_iter().for_each(|(key, value)| {
                unload(key, &mut todo);
                unload(value, &mut todo);
            }),
        }
    }
}

fn unload<P>(value: Value<P>, todo: &mut Vec<Contents<P>>) {
    match value {
        Value::List(mut list) if !list.0.is_empty() => {
            todo.push(Contents::List(mem::take(&mut list.0)));
        }
        Value::Map(mut map) if !map.0.is_empty() => {
            todo.push(Contents::Map(mem::take(&mut map.0)));
        }
        _ => {}
    }
}

/// What both containers have in common.
macro_rules! container {
    ($name:ident, $item:ty) => {
        impl<P> $name<P> {
            /// An empty one.
            pub const fn new() -> Self {
                $name(Vec::new())
            }

            /// The `Vec` inside.
            pub fn into_vec(mut self) -> Vec<$item> {
                mem::take(&mut self.0)
            }
        }

        impl<P> Default for $name<P> {
            fn default() -> Self {
                $name::new()
            }
        }

        impl<P> Deref for $name<P> {
            type Target = Vec<$item>;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        impl<P> DerefMut for $name<P> {
            fn deref_mut(&mut self) -> &mut Self::Target {
                &mut self.0
            }
        }

        impl<P> From<Vec<$item>> for $name<P> {
            fn from(items: Vec<$item>) -> Self {
                $name(items)
            }
        }

        impl<P> From<$name<P>> for Vec<$item> {
            fn from(container: $name<P>) -> Self {
                container.into_vec()
            }
        }

        impl<P> IntoIterator for $name<P> {
            type Item = $item;
            type IntoIter = std::vec::IntoIter<$item>;

            fn into_iter(self) -> Self::IntoIter {
                self.into_vec().into_iter()
            }
        }

        impl<'a, P> IntoIterator for &'a $name<P> {
            type Item = &'a $item;
            type IntoIter = std::slice::Iter<'a, $item>;

            fn into_iter(self) -> Self::IntoIter {
                self.0.iter()
            }
        }

        impl<'a, P> IntoIterator for &'a mut $name<P> {
            type Item = &'a mut $item;
            type IntoIter = std::slice::IterMut<'a, $item>;

            fn into_iter(self) -> Self::IntoIter {
                self.0.iter_mut()
            }
        }

        impl<P: std::fmt::Debug> std::fmt::Debug for $name<P> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                super::print::$name(f, &self.0)
            }
        }
    };
}

container!(List, Value<P>);
container!(Map, (Value<P>, Value<P>));

impl<P, T: Into<Value<P>>> FromIterator<T> for List<P> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        List(elements.into_iter().map(Into::into).collect())
    }
}

impl<P, K: Into<Value<P>>, V: Into<Value<P>>> FromIterator<(K, V)> for Map<P> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let entries = entries.into_iter();
        Map(entries.map(|(k, v)| (k.into(), v.into())).collect())
    }
}

impl<P, T: Into<Value<P>>> Extend<T> for List<P> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, elements: I) {
        self.0.extend(elements.into_iter().map(Into::into));
    }
}

impl<P, K: Into<Value<P>>, V: Into<Value<P>>> Extend<(K, V)> for Map<P> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, entries: I) {
        let entries = entries.into_iter();
        self.0.extend(entries.map(|(k, v)| (k.into(), v.into())));
    }
}
