//! A tree built without recursion, from a stream of leaves and heads.

use super::{List, Map, Value};

/// Takes leaves and heads in order and answers with the finished tree. Each
/// open container carries a mark `M`, which comes back when it is complete.
pub(crate) struct Builder<P, M> {
    /// The innermost container, apart from the rest: nearly every step uses
    /// it, and most messages have no other.
    top: Option<Open<P, M>>,
    outer: Vec<Open<P, M>>,
}

struct Open<P, M> {
    contents: Contents<P>,
    /// How many values are still missing; a key is one, too.
    missing: usize,
    mark: M,
}

enum Contents<P> {
    List(Vec<Value<P>>),
    /// The last entry has null as its value until that comes.
    Map(Vec<(Value<P>, Value<P>)>),
}

impl<P, M> Builder<P, M> {
    pub(crate) fn new() -> Self {
        Builder {
            top: None,
            outer: Vec::new(),
        }
    }

    /// A list begins. The caller has made sure that `length` can be trusted.
    pub(crate) fn list(
        &mut self,
        length: usize,
        mark: M,
        closed: impl FnMut(M),
    ) -> Option<Value<P>> {
        self.begin(
            Contents::List(Vec::with_capacity(length)),
            length,
            mark,
            closed,
        )
    }

    /// A map begins. The caller has made sure that `length` can be trusted.
    pub(crate) fn map(
        &mut self,
        length: usize,
        mark: M,
        closed: impl FnMut(M),
    ) -> Option<Value<P>> {
        let contents = Contents::Map(Vec::with_capacity(length));
        self.begin(contents, 2 * length, mark, closed)
    }

    fn begin(
        &mut self,
        contents: Contents<P>,
        missing: usize,
        mark: M,
        mut closed: impl FnMut(M),
    ) -> Option<Value<P>> {
        if missing > 0 {
            let open = Open {
                contents,
                missing,
                mark,
            };
            self.outer.extend(self.top.replace(open));
            return None;
        }
        closed(mark);
        self.add(contents.into_value(), closed)
    }

    /// The next value is complete. Says the whole tree when it is, and calls
    /// `closed` for each container that is complete by this.
    #[inline]
    pub(crate) fn add(
        &mut self,
        mut value: Value<P>,
        mut closed: impl FnMut(M),
    ) -> Option<Value<P>> {
        loop {
            let Some(top) = &mut self.top else {
                return Some(value);
            };
            top.take(value);
            if top.missing > 0 {
                return None;
            }
            let done = std::mem::replace(&mut self.top, self.outer.pop())?;
            closed(done.mark);
            value = done.contents.into_value();
        }
    }
}

impl<P, M> Open<P, M> {
    #[inline]
    fn take(&mut self, value: Value<P>) {
        match &mut self.contents {
            Contents::List(elements) => elements.push(value),
            Contents::Map(entries) if self.missing.is_multiple_of(2) => {
                entries.push((value, Value::Null));
            }
            Contents::Map(entries) => {
                if let Some((_, null)) = entries.last_mut() {
                    *null = value;
                }
            }
        }
        self.missing -= 1;
    }
}

impl<P> Contents<P> {
    fn into_value(self) -> Value<P> {
        match self {
            Contents::List(elements) => Value::List(List::from(elements)),
            Contents::Map(entries) => Value::Map(Map::from(entries)),
        }
    }
}
