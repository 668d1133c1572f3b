//! A line: what waits at a mailbox, first come, first served.

use std::collections::{BTreeMap, BTreeSet};

/// What waits, each for one port of a mailbox. Whoever waits can leave from
/// anywhere in the line, and a port that closes finds those who wait for it,
/// both without a look at the others.
pub(crate) struct Line<T> {
    waiting: BTreeMap<u64, (usize, T)>,
    by_port: BTreeSet<(usize, u64)>,
    joined: u64,
}

impl<T> Line<T> {
    pub(crate) fn new() -> Self {
        Line {
            waiting: BTreeMap::new(),
            by_port: BTreeSet::new(),
            joined: 0,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Joins at the end. The number is good for leaving, and is not used again.
    pub(crate) fn join(&mut self, port: usize, waiting: T) -> u64 {
        self.joined += 1;
        self.waiting.insert(self.joined, (port, waiting));
        self.by_port.insert((port, self.joined));
        self.joined
    }

    /// Who is first, and for which port.
    pub(crate) fn first(&self) -> Option<(usize, &T)> {
        let (port, waiting) = self.waiting.first_key_value()?.1;
        Some((*port, waiting))
    }

    pub(crate) fn take_first(&mut self) -> Option<T> {
        let (number, (port, waiting)) = self.waiting.pop_first()?;
        self.by_port.remove(&(port, number));
        Some(waiting)
    }

    /// Leaves; none where that was too late.
    pub(crate) fn leave(&mut self, number: u64) -> Option<T> {
        let (port, waiting) = self.waiting.remove(&number)?;
        self.by_port.remove(&(port, number));
        Some(waiting)
    }

    /// Takes out all that waits for `port`, in order.
    pub(crate) fn close(&mut self, port: usize) -> Vec<T> {
        let numbers: Vec<_> = self
            .by_port
            .range((port, 0)..=(port, u64::MAX))
            .map(|(_, number)| *number)
            .collect();
        numbers
            .into_iter()
            .filter_map(|number| self.leave(number))
            .collect()
    }

    /// Takes out everything, in order.
    pub(crate) fn close_all(&mut self) -> Vec<T> {
        self.by_port = BTreeSet::new();
        std::mem::take(&mut self.waiting)
            .into_values()
            .map(|(_, waiting)| waiting)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serves_in_order_of_arrival_whatever_the_port() {
        let mut line = Line::new();
        line.join(5, 'a');
        line.join(1, 'b');
        line.join(5, 'c');
        assert_eq!(line.first(), Some((5, &'a')));
        let served: Vec<_> = std::iter::from_fn(|| line.take_first()).collect();
        assert_eq!(served, ['a', 'b', 'c']);
        assert!(line.is_empty());
    }

    #[test]
    fn who_leaves_is_gone_once_and_the_others_move_up() {
        let mut line = Line::new();
        let first = line.join(0, 'a');
        let second = line.join(0, 'b');
        line.join(0, 'c');
        assert_eq!(line.leave(second), Some('b'));
        assert_eq!(line.leave(second), None);
        assert_eq!(line.leave(first), Some('a'));
        assert_eq!(line.take_first(), Some('c'));
        assert_eq!(line.leave(first), None);
    }

    #[test]
    fn a_port_that_closes_takes_only_its_own() {
        let mut line = Line::new();
        for (port, name) in [(1, 'a'), (2, 'b'), (1, 'c'), (3, 'd')] {
            line.join(port, name);
        }
        assert_eq!(line.close(1), ['a', 'c']);
        assert!(line.close(1).is_empty());
        assert_eq!(line.first(), Some((2, &'b')));
        assert_eq!(line.close_all(), ['b', 'd']);
        assert!(line.is_empty());
        assert!(line.close(2).is_empty());
    }

    #[test]
    fn a_number_is_not_used_again() {
        let mut line = Line::new();
        let old = line.join(0, 'a');
        line.close_all();
        let new = line.join(0, 'b');
        assert_ne!(old, new);
        assert_eq!(line.leave(old), None);
        assert_eq!(line.leave(new), Some('b'));
    }
}
