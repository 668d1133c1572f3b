//! A tree on the wire, both ways, in bounded stack.

use std::mem;

use super::{Builder, Step, Value, Walk};
use crate::reader::{After, Item, Reader};
use crate::writer::{self, major};
use crate::{DecodeError, EncodeError, Port, Text, scope};

/// What an integer must fit in, for errors.
const INT: &str = "Value::Int (i64)";

/// So many levels are read and written by functions that call themselves, which is
/// several times faster; what is deeper goes without recursion. Small, so that the
/// stack of a guest in debug has room for it behind all that a serde type takes.
const RECURSION: usize = 6;

/// Appends a tree. Its ports go to the message that is being written.
pub(crate) fn write_value<P: Port>(value: &Value<P>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let mut tree = Tree { out, error: None };
    tree.write(value, RECURSION);
    tree.error.map_or(Ok(()), Err)
}

/// A tree that is being written. Nothing but ports can fail, and the first error is
/// kept here: it costs every step a third to answer with one.
struct Tree<'a> {
    out: &'a mut Vec<u8>,
    error: Option<EncodeError>,
}

impl Tree<'_> {
    fn write<P: Port>(&mut self, value: &Value<P>, levels: usize) {
        match value {
            Value::List(_) | Value::Map(_) if levels == 0 => self.write_deep(value),
            Value::List(list) => {
                self.head(major::LIST, list.len());
                for element in list {
                    self.inner(element, levels);
                }
            }
            Value::Map(map) => {
                self.head(major::MAP, map.len());
                for (key, value) in map {
                    self.inner(key, levels);
                    self.inner(value, levels);
                }
            }
            leaf => self.leaf(leaf),
        }
    }

    /// Writes what is in a list or map: what there is most of without a call.
    #[inline(always)]
    fn inner<P: Port>(&mut self, value: &Value<P>, levels: usize) {
        match value {
            Value::String(text) => self.text(text),
            Value::Int(n) => writer::int(self.out, *n),
            value => self.write(value, levels - 1),
        }
    }

    #[cold]
    fn write_deep<P: Port>(&mut self, value: &Value<P>) {
        for step in Walk::new(value) {
            match step {
                Step::Leaf(leaf) => self.leaf(leaf),
                Step::Open(Value::List(list)) => self.head(major::LIST, list.len()),
                Step::Open(Value::Map(map)) => self.head(major::MAP, map.len()),
                Step::Open(_) | Step::Close => {}
            }
        }
    }

    #[inline]
    fn head(&mut self, major: u8, length: usize) {
        writer::head(self.out, major, length as u64);
    }

    #[inline]
    fn leaf<P: Port>(&mut self, leaf: &Value<P>) {
        match leaf {
            Value::Null => self.out.push(writer::NULL),
            Value::Bool(b) => writer::bool(self.out, *b),
            Value::Int(n) => writer::int(self.out, *n),
            Value::Double(d) => writer::double(self.out, *d),
            Value::String(text) => self.text(text),
            Value::Bytes(b) => writer::bytes(self.out, b),
            Value::SendPort(port) => self.port(port),
            Value::List(_) | Value::Map(_) => {}
        }
    }

    #[inline(always)]
    fn text(&mut self, text: &Text) {
        match text.short_bytes() {
            Some((bytes, length)) => writer::short_text(self.out, bytes, length),
            None => writer::text(self.out, text),
        }
    }

    fn port<P: Port>(&mut self, port: &P) {
        match scope::add_port(port) {
            Ok(index) => writer::port(self.out, index),
            Err(error) => {
                self.error.get_or_insert(error);
            }
        }
    }
}

/// Reads one value. Its ports are those of the message that is being read.
pub(crate) fn read_value<P: Port>(reader: &mut Reader<'_>) -> Result<Value<P>, DecodeError> {
    let mut value = Value::Null;
    read_levels(reader, RECURSION, &mut value)?;
    Ok(value)
}

/// Reads one value into a place where null is: handed from call to call, it would be
/// copied at each level.
fn read_levels<P: Port>(
    reader: &mut Reader<'_>,
    levels: usize,
    place: &mut Value<P>,
) -> Result<(), DecodeError> {
    if read_small(reader, place) {
        return Ok(());
    }
    match reader.major()? {
        major::UNSIGNED | major::NEGATIVE => put(place, Value::Int(reader.int(INT)?)),
        major::TEXT => put(place, Value::String(reader.text()?.into())),
        major::LIST if levels > 0 => {
            let length = reader.list()?;
            let mut list = Vec::with_capacity(length);
            list.resize_with(length, || Value::Null);
            for place in &mut list {
                if !read_small(reader, place) {
                    read_levels(reader, levels - 1, place)?;
                }
            }
            put(place, Value::List(list.into()));
        }
        major::MAP if levels > 0 => {
            let length = reader.map()?;
            let mut map = Vec::with_capacity(length);
            map.resize_with(length, || (Value::Null, Value::Null));
            for (key, value) in &mut map {
                match reader.short_text() {
                    Some(text) => put(key, Value::String(Text::new(text))),
                    None => read_levels(reader, levels - 1, key)?,
                }
                if !read_small(reader, value) {
                    read_levels(reader, levels - 1, value)?;
                }
            }
            put(place, Value::Map(map.into()));
        }
        major::LIST | major::MAP | major::TAG => put(place, read_deep(reader)?),
        _ => put(place, read_leaf(reader.item()?)?),
    }
    Ok(())
}

/// Puts a value where null is, which needs not be dropped.
#[inline(always)]
fn put<P>(place: &mut Value<P>, value: Value<P>) {
    mem::forget(mem::replace(place, value));
}

/// Reads what there is most of, if it is next: short texts, small ints and doubles.
#[inline(always)]
fn read_small<P>(reader: &mut Reader<'_>, place: &mut Value<P>) -> bool {
    if let Some(text) = reader.short_text() {
        put(place, Value::String(Text::new(text)));
        return true;
    }
    if let Some(n) = reader.small_int() {
        put(place, Value::Int(n.into()));
        return true;
    }
    if reader.next_is_double()
        && let Ok(double) = reader.double()
    {
        put(place, Value::Double(double));
        return true;
    }
    false
}

/// Reads one value of any depth, and what is shared.
#[cold]
fn read_deep<P: Port>(reader: &mut Reader<'_>) -> Result<Value<P>, DecodeError> {
    let mut builder = Builder::new();
    loop {
        let (item, after) = resolved_item(reader)?;
        let mut closed = |after| reader.after(after);
        let whole = match item {
            Item::List(length) => builder.list(length, after, closed),
            Item::Map(length) => builder.map(length, after, closed),
            leaf => {
                let leaf = read_leaf(leaf)?;
                closed(after);
                builder.add(leaf, closed)
            }
        };
        if let Some(whole) = whole {
            return Ok(whole);
        }
    }
}

/// The next item that is a value; goes through references to what they mean.
#[inline]
fn resolved_item<'de>(reader: &mut Reader<'de>) -> Result<(Item<'de>, After), DecodeError> {
    let after = match reader.item()? {
        Item::Shareable => After::Close(reader.open_shared()),
        Item::Reference(index) => reader.follow(index)?,
        item => return Ok((item, After::Nothing)),
    };
    // What is shared is no tag 28 or 29 itself: the reader has checked.
    Ok((reader.item()?, after))
}

#[inline]
fn read_leaf<P: Port>(item: Item<'_>) -> Result<Value<P>, DecodeError> {
    Ok(match item {
        Item::Bool(b) => Value::Bool(b),
        Item::Int(n) => Value::Int(n),
        Item::Double(d) => Value::Double(d),
        Item::Text(s) => Value::String(s.into()),
        Item::Bytes(b) => Value::Bytes(b.to_vec()),
        Item::Port(index) => Value::SendPort(scope::get_port(index)?),
        Item::BigInt(_) | Item::NegativeBigInt(_) => {
            return Err(item.beyond_i64(INT));
        }
        _ => Value::Null,
    })
}
