//! A tree on the wire, both ways, in constant stack.

use super::{Builder, Step, Value, Walk};
use crate::reader::{After, Item, Reader};
use crate::writer::{self, major};
use crate::{DecodeError, EncodeError, Port, scope};

/// What an integer must fit in, for errors.
const INT: &str = "Value::Int (i64)";

/// Appends a tree. Its ports go to the message that is being written.
pub(crate) fn write_value<P: Port>(value: &Value<P>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    for step in Walk::new(value) {
        match step {
            Step::Leaf(leaf) => write_leaf(leaf, out)?,
            Step::Open(Value::List(list)) => writer::head(out, major::LIST, list.len() as u64),
            Step::Open(Value::Map(map)) => writer::head(out, major::MAP, map.len() as u64),
            Step::Open(_) | Step::Close => {}
        }
    }
    Ok(())
}

#[inline]
fn write_leaf<P: Port>(leaf: &Value<P>, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    match leaf {
        Value::Null => out.push(writer::NULL),
        Value::Bool(b) => writer::bool(out, *b),
        Value::Int(n) => writer::int(out, *n),
        Value::Double(d) => writer::double(out, *d),
        Value::String(s) => writer::text(out, s),
        Value::Bytes(b) => writer::bytes(out, b),
        Value::SendPort(port) => writer::port(out, scope::add_port(port)?),
        Value::List(_) | Value::Map(_) => {}
    }
    Ok(())
}

/// Reads one value. Its ports are those of the message that is being read.
pub(crate) fn read_value<P: Port>(reader: &mut Reader<'_>) -> Result<Value<P>, DecodeError> {
    let mut builder = Builder::new();
    loop {
        if let Some((list, room)) = builder.open_list() {
            let count = read_numbers_and_text(reader, list, room)?;
            builder.added(count);
        }
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

/// Reads ints, doubles and strings straight into a list, as long as nothing else
/// comes: they are what long lists are made of, and this is several times faster
/// than the general way. Says how many it has read.
#[inline]
fn read_numbers_and_text<P>(
    reader: &mut Reader<'_>,
    list: &mut Vec<Value<P>>,
    room: usize,
) -> Result<usize, DecodeError> {
    for count in 0..room {
        let value = match reader.major()? {
            major::UNSIGNED | major::NEGATIVE => Value::Int(reader.int(INT)?),
            major::TEXT => Value::String(reader.text()?.to_string()),
            major::SIMPLE if reader.next_is_double() => Value::Double(reader.double()?),
            _ => return Ok(count),
        };
        list.push(value);
    }
    Ok(room)
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
        Item::Text(s) => Value::String(s.to_string()),
        Item::Bytes(b) => Value::Bytes(b.to_vec()),
        Item::Port(index) => Value::SendPort(scope::get_port(index)?),
        Item::BigInt(_) | Item::NegativeBigInt(_) => {
            return Err(item.beyond_i64(INT));
        }
        _ => Value::Null,
    })
}
