//! Cloning and comparing, without recursion.

use super::{Builder, Step, Value, Walk};

impl<P: Clone> Clone for Value<P> {
    fn clone(&self) -> Self {
        match self {
            Value::Null => Value::Null,
            Value::Bool(b) => Value::Bool(*b),
            Value::Int(n) => Value::Int(*n),
            Value::Double(d) => Value::Double(*d),
            Value::String(s) => Value::String(s.clone()),
            Value::Bytes(b) => Value::Bytes(b.clone()),
            Value::SendPort(port) => Value::SendPort(port.clone()),
            Value::List(_) | Value::Map(_) => clone_tree(self),
        }
    }
}

fn clone_tree<P: Clone>(tree: &Value<P>) -> Value<P> {
    let mut builder = Builder::new();
    let mut whole = None;
    for step in Walk::new(tree) {
        let done = match step {
            Step::Leaf(leaf) => builder.add(leaf.clone(), drop),
            Step::Open(Value::List(list)) => builder.list(list.len(), (), drop),
            Step::Open(Value::Map(map)) => builder.map(map.len(), (), drop),
            Step::Open(_) | Step::Close => None,
        };
        whole = whole.or(done);
    }
    whole.unwrap_or_default()
}

/// Equality is total: doubles are compared by their bits.
impl<P: PartialEq> PartialEq for Value<P> {
    fn eq(&self, other: &Self) -> bool {
        let mut todo = Vec::new();
        let mut next = Some((self, other));
        while let Some((a, b)) = next {
            if !same_contents(a, b, &mut todo) {
                return false;
            }
            next = todo.pop();
        }
        true
    }
}

impl<P: Eq> Eq for Value<P> {}

/// Compares two values; containers in containers are left to be done.
fn same_contents<'a, P: PartialEq>(
    a: &'a Value<P>,
    b: &'a Value<P>,
    todo: &mut Vec<(&'a Value<P>, &'a Value<P>)>,
) -> bool {
    let mut same = |a: &'a Value<P>, b: &'a Value<P>| match (a, b) {
        (Value::List(_), Value::List(_)) | (Value::Map(_), Value::Map(_)) => {
            todo.push((a, b));
            true
        }
        _ => same_leaf(a, b),
    };
    match (a, b) {
        (Value::List(a), Value::List(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b))
        }
        (Value::Map(a), Value::Map(b)) => {
            let mut entries = a.iter().zip(b.iter());
            a.len() == b.len() && entries.all(|(a, b)| same(&a.0, &b.0) && same(&a.1, &b.1))
        }
        _ => same_leaf(a, b),
    }
}

fn same_leaf<P: PartialEq>(a: &Value<P>, b: &Value<P>) -> bool {
    match (a, b) {
        (Value::Null, Value::Null) => true,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Int(a), Value::Int(b)) => a == b,
        (Value::Double(a), Value::Double(b)) => a.to_bits() == b.to_bits(),
        (Value::String(a), Value::String(b)) => a == b,
        (Value::Bytes(a), Value::Bytes(b)) => a == b,
        (Value::SendPort(a), Value::SendPort(b)) => a == b,
        _ => false,
    }
}

/// Comparison with Rust's own types: `value == 5`.
macro_rules! compare_with {
    ($($rust:ty, |$other:ident| $pattern:pat => $same:expr;)*) => {$(
        impl<P> PartialEq<$rust> for Value<P> {
            fn eq(&self, $other: &$rust) -> bool {
                match self {
                    $pattern => $same,
                    _ => false,
                }
            }
        }
    )*};
}

compare_with! {
    bool, |other| Value::Bool(b) => b == other;
    i64, |other| Value::Int(n) => n == other;
    i32, |other| Value::Int(n) => *n == i64::from(*other);
    f64, |other| Value::Double(d) => d.to_bits() == other.to_bits();
    str, |other| Value::String(s) => s == other;
    &str, |other| Value::String(s) => s == other;
    String, |other| Value::String(s) => s == other;
}
