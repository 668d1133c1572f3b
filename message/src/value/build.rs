//! A tree built without recursion, from a stream of leaves and heads.

use super::{List, Map, Value};

/// Takes leaves and heads in order and answers with the finished tree. Each
/// open container carries a mark `M`, which comes back when it is complete.
pub(crate) struct Builder<P, M> {
    open: Vec<Open<P, M>>,
}

struct Open<P, M> {
    contents: Contents<P>,
    /// How many elements or entries are still missing.
    missing: usize,
    mark: M,
}

enum Contents<P> {
    List(Vec<Value<P>>),
    Map(Vec<(Value<P>, Value<P>)>, Option<Value<P>>),
}

impl<P, M> Builder<P, M> {
    pub(crate) fn new() -> Self {
        Builder { open: Vec::new() }
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
        let contents = Contents::Map(Vec::with_capacity(length), None);
        self.begin(contents, length, mark, closed)
    }

    fn begin(
        &mut self,
        contents: Contents<P>,
        missing: usize,
        mark: M,
        mut closed: impl FnMut(M),
    ) -> Option<Value<P>> {
        if missing > 0 {
            self.open.push(Open {
                contents,
                missing,
                mark,
            });
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
            let Some(top) = self.open.last_mut() else {
                return Some(value);
            };
            top.take(value);
            if top.missing > 0 {
                return None;
            }
            let done = self.open.pop()?;
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
            Contents::Map(entries, key) => match key.take() {
                None => {
                    *key = Some(value);
                    return;
                }
                Some(key) => entries.push((key, value)),
            },
        }
        self.missing -= 1;
    }
}

impl<P> Contents<P> {
    fn into_value(self) -> Value<P> {
        match self {
            Contents::List(elements) => Value::List(List::from(elements)),
            Contents::Map(entries, _) => Value::Map(Map::from(entries)),
        }
    }
}
