//! A tour of a tree without recursion.

use std::slice;

use super::Value;

/// One step of the tour. Keys and values of a map come in turn.
pub(crate) enum Step<'a, P> {
    /// Neither list nor map.
    Leaf(&'a Value<P>),
    /// A list or a map begins.
    Open(&'a Value<P>),
    /// The innermost list or map is over.
    Close,
}

enum Frame<'a, P> {
    List(slice::Iter<'a, Value<P>>),
    Map {
        entries: slice::Iter<'a, (Value<P>, Value<P>)>,
        value: Option<&'a Value<P>>,
    },
}

pub(crate) struct Walk<'a, P> {
    root: Option<&'a Value<P>>,
    /// The innermost container, apart from the rest: nearly every step uses it.
    top: Option<Frame<'a, P>>,
    outer: Vec<Frame<'a, P>>,
}

impl<'a, P> Walk<'a, P> {
    pub(crate) fn new(root: &'a Value<P>) -> Self {
        Walk {
            root: Some(root),
            top: None,
            outer: Vec::new(),
        }
    }

    fn enter(&mut self, value: &'a Value<P>) -> Step<'a, P> {
        let frame = match value {
            Value::List(list) => Frame::List(list.iter()),
            Value::Map(map) => Frame::Map {
                entries: map.iter(),
                value: None,
            },
            _ => return Step::Leaf(value),
        };
        self.outer.extend(self.top.replace(frame));
        Step::Open(value)
    }
}

impl<'a, P> Iterator for Walk<'a, P> {
    type Item = Step<'a, P>;

    #[inline]
    fn next(&mut self) -> Option<Step<'a, P>> {
        let next = match &mut self.top {
            Some(Frame::List(elements)) => elements.next(),
            Some(Frame::Map { entries, value }) => value.take().or_else(|| {
                let (key, of_key) = entries.next()?;
                *value = Some(of_key);
                Some(key)
            }),
            None => return self.root.take().map(|root| self.enter(root)),
        };
        match next {
            Some(value) => Some(self.enter(value)),
            None => {
                self.top = self.outer.pop();
                Some(Step::Close)
            }
        }
    }
}
