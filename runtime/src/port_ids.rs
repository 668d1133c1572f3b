//! The numbers of ports: told apart all over the process, and shown to guests.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Where the ports of a runtime get their numbers from.
pub(crate) enum PortIds {
    /// Those of the whole process.
    Process,
    /// A block of its own, so that a run gets the same ones each time.
    Block { number: u64, made: AtomicU64 },
}

/// More ports than a process makes, and enough bits for more runtimes than it
/// starts.
const BLOCK_BITS: u32 = 44;

static MADE: AtomicU64 = AtomicU64::new(0);

impl PortIds {
    pub(crate) fn block() -> Self {
        static BLOCKS: AtomicU64 = AtomicU64::new(0);
        PortIds::Block {
            number: BLOCKS.fetch_add(1, Ordering::Relaxed) + 1,
            made: AtomicU64::new(0),
        }
    }

    /// The first of so many new ones.
    pub(crate) fn take(&self, count: u64) -> u64 {
        match self {
            PortIds::Process => MADE.fetch_add(count, Ordering::Relaxed),
            PortIds::Block { number, made } => {
                (number << BLOCK_BITS) + made.fetch_add(count, Ordering::Relaxed)
            }
        }
    }

    /// What a guest is shown of a port's number: equal for equal ports, and no two
    /// others.
    pub(crate) fn identity(&self, id: u64) -> u64 {
        match self {
            PortIds::Process => identity(id),
            // Blocks change places: its own gets the numbers that are the same each
            // time, and those of the process get its own.
            PortIds::Block { number, .. } => match id >> BLOCK_BITS {
                0 => id | number << BLOCK_BITS,
                other if other == *number => id - (number << BLOCK_BITS),
                _ => id,
            },
        }
    }
}

/// A number that is equal for equal ports and tells nothing else. Port numbers count
/// up over all groups, which is nobody's business: so a keyed permutation of them, a
/// Feistel network of four rounds (Luby and Rackoff, "How to construct pseudorandom
/// permutations", 1988).
pub(crate) fn identity(id: u64) -> u64 {
    static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    let (mut left, mut right) = ((id >> 32) as u32, id as u32);
    for round in 0..4u8 {
        (left, right) = (right, left ^ KEY.hash_one((round, right)) as u32);
    }
    u64::from(left) << 32 | u64::from(right)
}
