//! What waits for something, in a row for each group: the group is served that has
//! had least of the CPU, and within a group who came first.

use std::cmp::Reverse;
use std::collections::binary_heap::{BinaryHeap, PeekMut};
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

use crate::sync::Arc;

use super::share::{Floor, Share};

pub(super) struct FairQueue<I> {
    /// The rows by their groups. No row is empty, but for one that
    /// [`remove`](FairQueue::remove) has emptied, until it is come by.
    rows: HashMap<u64, Row<I>, BuildHasherDefault<GroupHasher>>,
    /// Each row's group once, by its virtual time as it was when it was looked at
    /// last. It may have gone on since, never back: so who is first here with a
    /// time that is still true is first.
    order: BinaryHeap<Reverse<(u64, u64)>>,
    length: usize,
    /// The room of a row that got empty, for the next one.
    spare: VecDeque<I>,
}

struct Row<I> {
    share: Arc<Share>,
    items: VecDeque<I>,
}

/// A group that wants to run.
#[derive(Clone)]
pub(super) struct Claim {
    pub(super) share: Arc<Share>,
    pub(super) time: u64,
}

impl Claim {
    pub(super) fn of(share: &Arc<Share>) -> Self {
        Claim {
            share: share.clone(),
            time: share.time(),
        }
    }

    pub(super) fn is_of(&self, share: &Share) -> bool {
        self.share.group() == share.group()
    }

    /// The one that has had less, the first where they have had the same.
    pub(super) fn least(first: Option<Claim>, second: Option<Claim>) -> Option<Claim> {
        match (first, second) {
            (Some(first), Some(second)) if second.time < first.time => Some(second),
            (first, second) => first.or(second),
        }
    }
}

impl<I> FairQueue<I> {
    pub(super) fn new() -> Self {
        FairQueue {
            rows: HashMap::default(),
            order: BinaryHeap::new(),
            length: 0,
            spare: VecDeque::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.length
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Puts `item` at the end of its group's row.
    pub(super) fn push(&mut self, share: &Arc<Share>, floor: &Floor, item: I) {
        self.row(share, floor).push_back(item);
        self.length += 1;
    }

    /// Puts `item` back to where it was taken from.
    pub(super) fn push_front(&mut self, share: &Arc<Share>, floor: &Floor, item: I) {
        self.row(share, floor).push_front(item);
        self.length += 1;
    }

    fn row(&mut self, share: &Arc<Share>, floor: &Floor) -> &mut VecDeque<I> {
        let row = self.rows.entry(share.group()).or_insert_with(|| {
            floor.admit(share);
            self.order.push(Reverse((share.time(), share.group())));
            Row {
                share: share.clone(),
                items: std::mem::take(&mut self.spare),
            }
        });
        &mut row.items
    }

    /// The group that is served next.
    pub(super) fn least(&mut self) -> Option<Claim> {
        let group = self.first()?;
        self.rows.get(&group).map(|row| Claim::of(&row.share))
    }

    pub(super) fn pop(&mut self) -> Option<I> {
        let group = self.first()?;
        let row = self.rows.get_mut(&group)?;
        let item = row.items.pop_front()?;
        self.length -= 1;
        if row.items.is_empty() {
            self.order.pop();
            if let Some(row) = self.rows.remove(&group) {
                self.spare = row.items;
            }
        }
        Some(item)
    }

    /// Brings the group to the top that is served next.
    fn first(&mut self) -> Option<u64> {
        loop {
            let is_alone = self.order.len() == 1;
            let mut top = self.order.peek_mut()?;
            let Reverse((then, group)) = *top;
            let row = self.rows.get(&group).filter(|row| !row.items.is_empty());
            let Some(row) = row else {
                PeekMut::pop(top);
                self.rows.remove(&group);
                continue;
            };
            if is_alone {
                return Some(group);
            }
            let now = row.share.time();
            if now <= then {
                return Some(group);
            }
            *top = Reverse((now, group));
        }
    }

    /// Takes out the item for which `is` holds, from wherever it stands.
    pub(super) fn remove(&mut self, share: &Share, is: impl FnMut(&I) -> bool) -> Option<I> {
        let items = &mut self.rows.get_mut(&share.group())?.items;
        let place = items.iter().position(is)?;
        self.length -= 1;
        items.remove(place)
    }
}

/// Groups count up and nobody chooses their numbers, so that a multiplication
/// spreads them well enough.
#[derive(Default)]
struct GroupHasher(u64);

impl Hasher for GroupHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        // 2^64 divided by the golden ratio.
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
