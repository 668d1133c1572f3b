//! Who has sent how much to whom, counted while somebody records it.
//!
//! A message is counted for its pair of isolates, and for the pair of entries that these
//! run: so something is told also of a hundred thousand isolates. Both tables are
//! bounded. One of isolates that is full loses its less busy half; a pair of entries for
//! which there is no room counts among the others.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde::Serialize;

use super::metrics::IsolateId;
use super::shown_entry;
use super::tally::Traffic;
use crate::isolate::IsolateCore;
use crate::sync::lock;

/// So many tables, each under a lock of its own: senders rarely meet.
const SHARDS: usize = 16;

/// How many pairs of isolates a table holds.
const PAIRS: usize = 4_096;

/// How many pairs of entries are told apart.
const ENTRY_PAIRS: usize = 1_024;

/// Messages that went from one to another, while they were [recorded](super::Recording).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Flow<P> {
    /// Who has sent them; none where the host did.
    pub from: Option<P>,
    /// Who they went to; none where a port of the host's.
    pub to: Option<P>,
    /// How many, and how many bytes.
    #[serde(flatten)]
    pub traffic: Traffic,
}

/// All isolates of one group that run one entry.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct EntryId {
    /// The group's number.
    pub group: u64,
    /// The entry.
    pub entry: String,
}

/// The busiest flows, the first being the one with most messages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct Flows {
    /// Between isolates.
    pub isolates: Vec<Flow<IsolateId>>,
    /// Between all isolates of one entry and all of another.
    pub entries: Vec<Flow<EntryId>>,
    /// All that was counted.
    pub total: Traffic,
}

#[derive(Default)]
pub(super) struct Table {
    hasher: RandomState,
    shards: [Mutex<HashMap<Pair, Counted>>; SHARDS],
    entries: Mutex<HashMap<EntryPair, Arc<Counter>>>,
    /// Of pairs of entries that found no room.
    others: Arc<Counter>,
}

type Pair = (Option<IsolateId>, Option<IsolateId>);
type EntryPair = (Option<EntryId>, Option<EntryId>);

struct Counted {
    traffic: Traffic,
    of_entries: Arc<Counter>,
}

#[derive(Default)]
struct Counter {
    messages: AtomicU64,
    bytes: AtomicU64,
}

impl Counter {
    fn add(&self, bytes: u64) {
        self.messages.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn read(&self) -> Traffic {
        Traffic {
            messages: self.messages.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }
}

impl Table {
    /// A message went from one to another; none is the host.
    pub(super) fn count(&self, from: Option<&IsolateCore>, to: Option<&IsolateCore>, bytes: u64) {
        let pair = (from.map(IsolateCore::id), to.map(IsolateCore::id));
        let shard = self.hasher.hash_one(pair) as usize % SHARDS;
        let mut shard = lock(&self.shards[shard]);
        if shard.len() >= PAIRS && !shard.contains_key(&pair) {
            make_room(&mut shard);
        }
        let counted = shard.entry(pair).or_insert_with(|| Counted {
            traffic: Traffic::default(),
            of_entries: self.of_entries((entry(from), entry(to))),
        });
        counted.traffic += Traffic { messages: 1, bytes };
        counted.of_entries.add(bytes);
    }

    fn of_entries(&self, pair: EntryPair) -> Arc<Counter> {
        let mut entries = lock(&self.entries);
        if entries.len() >= ENTRY_PAIRS && !entries.contains_key(&pair) {
            return self.others.clone();
        }
        entries.entry(pair).or_default().clone()
    }

    /// The busiest, so many of each kind.
    pub(super) fn busiest(&self, most: usize) -> Flows {
        let mut isolates = Vec::new();
        for shard in &self.shards {
            let shard = lock(shard);
            isolates.extend(shard.iter().map(|((from, to), counted)| Flow {
                from: *from,
                to: *to,
                traffic: counted.traffic,
            }));
            busiest_of(&mut isolates, most);
        }
        let entries = lock(&self.entries);
        let mut total = self.others.read();
        let entries = entries.iter().map(|((from, to), counter)| Flow {
            from: from.clone(),
            to: to.clone(),
            traffic: counter.read(),
        });
        let mut entries: Vec<_> = entries.collect();
        for flow in &entries {
            total += flow.traffic;
        }
        busiest_of(&mut entries, most);
        Flows {
            isolates,
            entries,
            total,
        }
    }

    pub(super) fn clear(&self) {
        for shard in &self.shards {
            *lock(shard) = HashMap::new();
        }
        *lock(&self.entries) = HashMap::new();
    }
}

fn entry(isolate: Option<&IsolateCore>) -> Option<EntryId> {
    isolate.map(|isolate| EntryId {
        group: isolate.group().number(),
        entry: shown_entry(isolate.entry()),
    })
}

/// Keeps the busier half. What is lost is in the sums of the entries.
fn make_room(shard: &mut HashMap<Pair, Counted>) {
    let mut counts: Vec<_> = shard.values().map(|one| one.traffic.messages).collect();
    let middle = counts.len() / 2;
    let (_, least, _) = counts.select_nth_unstable(middle);
    let least = *least;
    // All with less go, and of those with as much so many that half is left.
    let less = counts.iter().filter(|count| **count < least).count();
    let mut room = middle - less;
    shard.retain(|_, counted| {
        let equal = counted.traffic.messages == least;
        let goes = counted.traffic.messages < least || (equal && room > 0);
        room -= usize::from(goes && equal);
        !goes
    });
}

/// Sorted by messages; what has as many, by who it is, so that a page shows it in one
/// place.
fn busiest_of<P: Ord>(flows: &mut Vec<Flow<P>>, most: usize) {
    flows.sort_unstable_by(|one, other| {
        let by_messages = other.traffic.messages.cmp(&one.traffic.messages);
        by_messages.then_with(|| (&one.from, &one.to).cmp(&(&other.from, &other.to)))
    });
    flows.truncate(most);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(isolate: u64) -> Option<IsolateId> {
        Some(IsolateId { group: 1, isolate })
    }

    #[test]
    fn a_full_table_keeps_the_busier_half() {
        let mut shard = HashMap::new();
        for number in 0..PAIRS as u64 {
            let counted = Counted {
                traffic: Traffic {
                    messages: number % 10,
                    bytes: 0,
                },
                of_entries: Arc::default(),
            };
            shard.insert((id(number), None), counted);
        }
        make_room(&mut shard);
        assert_eq!(shard.len(), PAIRS / 2);
        // 2,046 have sent five or more, and of the 410 with four the rest is kept.
        let kept = |messages| {
            let kept = shard.values().map(|one| one.traffic.messages);
            kept.filter(|count| messages == *count).count()
        };
        assert_eq!((kept(3), kept(4)), (0, 2));
    }

    #[test]
    fn pairs_of_entries_without_room_are_counted_together() {
        let table = Table::default();
        let pair = |number: usize| {
            let entry = EntryId {
                group: 1,
                entry: number.to_string(),
            };
            (Some(entry), None)
        };
        for number in 0..ENTRY_PAIRS + 3 {
            table.of_entries(pair(number)).add(5);
        }
        table.of_entries(pair(0)).add(5);
        let flows = table.busiest(4);
        assert_eq!(flows.total.messages, ENTRY_PAIRS as u64 + 4);
        assert_eq!(flows.total.bytes, 5 * flows.total.messages);
        assert_eq!(flows.entries.len(), 4);
        assert_eq!(flows.entries[0].traffic.messages, 2);
    }
}
