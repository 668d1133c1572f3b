//! The work that waits to run: a queue for each permit, and one for work that
//! comes from outside.

use std::collections::VecDeque;

use crate::sync::{Mutex, lock};

/// How many pieces of work a worker takes from its own queue before it looks at
/// the one for work from outside, so that nobody there waits for ever.
const OUTSIDE_EVERY: u32 = 61;

pub(super) struct Queues<T> {
    locals: Box<[Mutex<Local<T>>]>,
    outside: Mutex<VecDeque<T>>,
}

struct Local<T> {
    /// What was woken last: its message is still in the cache. Not stolen by
    /// others, as its owner takes it next.
    newest: Option<T>,
    queue: VecDeque<T>,
    taken: u32,
}

impl<T> Queues<T> {
    pub(super) fn new(permits: usize) -> Self {
        let local = || {
            Mutex::new(Local {
                newest: None,
                queue: VecDeque::new(),
                taken: 0,
            })
        };
        Queues {
            locals: (0..permits).map(|_| local()).collect(),
            outside: Mutex::new(VecDeque::new()),
        }
    }

    pub(super) fn push_outside(&self, work: T) {
        lock(&self.outside).push_back(work);
    }

    /// Queues work that was just woken by what runs on `permit`. True when that
    /// leaves something which another worker could take.
    pub(super) fn push_newest(&self, permit: usize, work: T) -> bool {
        let mut local = lock(&self.locals[permit]);
        match local.newest.replace(work) {
            None => false,
            Some(older) => {
                local.queue.push_back(older);
                true
            }
        }
    }

    /// Queues work behind all that is there. True when that leaves something
    /// which another worker could take beside this one.
    pub(super) fn push_last(&self, permit: usize, work: T) -> bool {
        let mut local = lock(&self.locals[permit]);
        local.queue.push_back(work);
        local.newest.is_some() || local.queue.len() > 1
    }

    /// The next piece of work for the holder of `permit`: its own newest unless
    /// `fresh` asks for something that waited longer, its own queue, work from
    /// outside, other workers' queues.
    pub(super) fn take(&self, permit: usize, fresh: bool) -> Option<T> {
        let own = {
            let mut local = lock(&self.locals[permit]);
            if fresh && let Some(newest) = local.newest.take() {
                local.queue.push_back(newest);
            }
            local.taken = local.taken.wrapping_add(1);
            if local.taken.is_multiple_of(OUTSIDE_EVERY) {
                None
            } else {
                local.newest.take().or_else(|| local.queue.pop_front())
            }
        };
        own.or_else(|| lock(&self.outside).pop_front())
            .or_else(|| self.take_own(permit))
            .or_else(|| self.steal(permit))
    }

    fn take_own(&self, permit: usize) -> Option<T> {
        let mut local = lock(&self.locals[permit]);
        local.newest.take().or_else(|| local.queue.pop_front())
    }

    /// Takes half of another worker's queue, and gives the first of it.
    fn steal(&self, thief: usize) -> Option<T> {
        let others = (1..self.locals.len()).map(|step| (thief + step) % self.locals.len());
        for victim in others {
            let mut stolen: VecDeque<T> = {
                let mut local = lock(&self.locals[victim]);
                let half = local.queue.len().div_ceil(2);
                local.queue.drain(..half).collect()
            };
            if let Some(first) = stolen.pop_front() {
                lock(&self.locals[thief]).queue.append(&mut stolen);
                return Some(first);
            }
        }
        None
    }

    /// Whether the holder of `permit` would find something to take.
    pub(super) fn has_work_for(&self, permit: usize) -> bool {
        !lock(&self.outside).is_empty()
            || lock(&self.locals[permit]).newest.is_some()
            || self
                .locals
                .iter()
                .any(|local| !lock(local).queue.is_empty())
    }

    /// Whether anything waits at all.
    pub(super) fn has_work(&self) -> bool {
        !lock(&self.outside).is_empty()
            || self.locals.iter().any(|local| {
                let local = lock(local);
                local.newest.is_some() || !local.queue.is_empty()
            })
    }
}
