//! Values as text: JSON's form where JSON has one, CBOR's diagnostic notation
//! (RFC 8949, section 8) for bytes.

use std::fmt::{self, Debug, Display, Formatter};

use super::{Step, Value, Walk};

/// `{"name": "Ada", "raw": h'00ff', "to": <port>}`
impl<P: Debug> Display for Value<P> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut open: Vec<Punctuation> = Vec::new();
        for step in Walk::new(self) {
            if let Step::Close = step {
                f.write_str(open.pop().map_or("", |p| p.close))?;
                continue;
            }
            f.write_str(open.last_mut().map_or("", Punctuation::next))?;
            match step {
                Step::Open(Value::Map(_)) => open.push(Punctuation::begin(f, "{", "}", ": ")?),
                Step::Open(_) => open.push(Punctuation::begin(f, "[", "]", ", ")?),
                Step::Leaf(leaf) => print_leaf(leaf, f)?,
                Step::Close => {}
            }
        }
        Ok(())
    }
}

/// The same as [`Display`].
impl<P: Debug> Debug for Value<P> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

/// What stands between the parts of an open list or map.
struct Punctuation {
    printed: usize,
    /// After an odd number of parts: after a key.
    after_key: &'static str,
    close: &'static str,
}

impl Punctuation {
    fn begin(
        f: &mut Formatter<'_>,
        open: &str,
        close: &'static str,
        after_key: &'static str,
    ) -> Result<Self, fmt::Error> {
        f.write_str(open)?;
        Ok(Punctuation {
            printed: 0,
            after_key,
            close,
        })
    }

    fn next(&mut self) -> &'static str {
        let separator = match self.printed {
            0 => "",
            n if n % 2 == 1 => self.after_key,
            _ => ", ",
        };
        self.printed += 1;
        separator
    }
}

fn print_leaf<P: Debug>(leaf: &Value<P>, f: &mut Formatter<'_>) -> fmt::Result {
    match leaf {
        Value::Null => f.write_str("null"),
        Value::Bool(b) => Display::fmt(b, f),
        Value::Int(n) => Display::fmt(n, f),
        // Debug keeps the point: 1.0, not 1.
        Value::Double(d) => Debug::fmt(d, f),
        Value::String(s) => Debug::fmt(s, f),
        Value::Bytes(b) => print_bytes(b, f),
        Value::SendPort(port) => write!(f, "<{port:?}>"),
        Value::List(_) | Value::Map(_) => Ok(()),
    }
}

pub(crate) fn print_bytes(bytes: &[u8], f: &mut Formatter<'_>) -> fmt::Result {
    f.write_str("h'")?;
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
    f.write_str("'")
}

/// The elements of a list. (Named as the type, for the macro that asks for it.)
#[allow(non_snake_case)]
pub(super) fn List<P: Debug>(f: &mut Formatter<'_>, elements: &[Value<P>]) -> fmt::Result {
    f.debug_list().entries(elements).finish()
}

/// The entries of a map.
#[allow(non_snake_case)]
pub(super) fn Map<P: Debug>(
    f: &mut Formatter<'_>,
    entries: &[(Value<P>, Value<P>)],
) -> fmt::Result {
    f.debug_map()
        .entries(entries.iter().map(|(k, v)| (k, v)))
        .finish()
}
