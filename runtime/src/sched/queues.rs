//! The work that waits to run: a queue for each permit, and one for work that
//! comes from outside.
//!
//! Each queue serves the group first that has had least of the CPU. At the end of
//! a slice the queues are compared with one another too; in between a worker keeps
//! to its own, where the cache is warm and nobody else is at the lock.

use std::collections::VecDeque;

use crate::sync::{Mutex, lock};

use super::Work;
use super::fair::{Claim, FairQueue};
use super::lots::{Draw, Lots};
use super::share::Floor;

/// How many pieces of work a worker takes from its own queue before it looks at
/// the one for work from outside, so that nobody there waits for ever.
const OUTSIDE_EVERY: u32 = 61;

/// How much less than a group in its own queue a group in another worker's has to
/// have had before a worker fetches its work from there, in virtual time: what a
/// slice costs a group of the usual weight.
const FAR_LESS: u64 = super::SLICE * 1_000_000;

pub(super) struct Queues<T> {
    locals: Box<[Mutex<Local<T>>]>,
    outside: Mutex<Outside<T>>,
    /// Where lots are drawn: all the work but what is being ended.
    lots: Option<Mutex<Lots<T>>>,
    pub(super) floor: Floor,
}

struct Local<T> {
    /// What was woken last: its message is still in the cache. Not stolen by
    /// others, as its owner takes it next.
    newest: Option<T>,
    queue: FairQueue<T>,
    taken: u32,
}

struct Outside<T> {
    /// What is being ended: it goes first, whoever it belongs to.
    stopped: VecDeque<T>,
    queue: FairQueue<T>,
}

/// One of the queues.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Local(usize),
    Outside,
}

impl<T: Work> Queues<T> {
    pub(super) fn new(permits: usize) -> Self {
        let local = || {
            Mutex::new(Local {
                newest: None,
                queue: FairQueue::new(),
                taken: 0,
            })
        };
        Queues {
            locals: (0..permits).map(|_| local()).collect(),
            outside: Mutex::new(Outside {
                stopped: VecDeque::new(),
                queue: FairQueue::new(),
            }),
            lots: None,
            floor: Floor::default(),
        }
    }

    pub(super) fn draw_lots(&mut self, draw: Draw) {
        self.lots = Some(Mutex::new(Lots::new(draw)));
    }

    pub(super) fn are_drawn(&self) -> bool {
        self.lots.is_some()
    }

    fn push(&self, queue: &mut FairQueue<T>, work: T) {
        let share = work.share().clone();
        queue.push(&share, &self.floor, work);
    }

    pub(super) fn push_outside(&self, work: T) {
        let mut outside = lock(&self.outside);
        match &self.lots {
            _ if work.is_stopped() => outside.stopped.push_back(work),
            Some(lots) => lock(lots).push(work),
            None => self.push(&mut outside.queue, work),
        }
    }

    /// Queues work that was just woken by what runs on `permit`. True when that
    /// leaves something which another worker could take.
    pub(super) fn push_newest(&self, permit: usize, work: T) -> bool {
        if self.are_drawn() {
            self.push_outside(work);
            return true;
        }
        let mut local = lock(&self.locals[permit]);
        match local.newest.replace(work) {
            None => false,
            Some(older) => {
                self.push(&mut local.queue, older);
                true
            }
        }
    }

    /// Lets others take what was woken last by what ran on `permit`.
    pub(super) fn share_newest(&self, permit: usize) {
        let mut local = lock(&self.locals[permit]);
        if let Some(newest) = local.newest.take() {
            self.push(&mut local.queue, newest);
        }
    }

    /// Queues work behind all that is there of its group. True when that leaves
    /// something which another worker could take beside this one.
    pub(super) fn push_last(&self, permit: usize, work: T) -> bool {
        if self.are_drawn() {
            self.push_outside(work);
            return true;
        }
        let mut local = lock(&self.locals[permit]);
        self.push(&mut local.queue, work);
        local.newest.is_some() || local.queue.len() > 1
    }

    /// The next piece of work for the holder of `permit`: its own newest, its own
    /// queue, work from outside, other workers' queues.
    pub(super) fn take(&self, permit: usize) -> Option<T> {
        if let Some(lots) = &self.lots {
            let stopped = lock(&self.outside).stopped.pop_front();
            return stopped.or_else(|| lock(lots).take());
        }
        let own = {
            let mut local = lock(&self.locals[permit]);
            local.taken = local.taken.wrapping_add(1);
            if local.taken.is_multiple_of(OUTSIDE_EVERY) {
                None
            } else {
                local.take()
            }
        };
        own.or_else(|| lock(&self.outside).take())
            .or_else(|| lock(&self.locals[permit]).take())
            .or_else(|| self.steal(permit))
    }

    /// The same at the end of a slice: what was woken last goes behind what waited
    /// longer, and the group with the least virtual time is next, wherever its work
    /// is.
    pub(super) fn take_fairly(&self, permit: usize) -> Option<T> {
        if self.are_drawn() {
            return self.take(permit);
        }
        {
            let mut local = lock(&self.locals[permit]);
            if let Some(newest) = local.newest.take() {
                self.push(&mut local.queue, newest);
            }
        }
        if let Some(stopped) = lock(&self.outside).stopped.pop_front() {
            return Some(stopped);
        }
        let fetched = match self.least_of(permit) {
            Some((Place::Local(other), _)) => lock(&self.locals[other]).queue.pop(),
            Some((Place::Outside, _)) => lock(&self.outside).queue.pop(),
            None => None,
        };
        // Somebody else may have taken it meanwhile.
        fetched.or_else(|| self.take(permit))
    }

    /// The queue that the holder of `permit` takes from next at the end of a slice.
    fn least_of(&self, permit: usize) -> Option<(Place, Claim)> {
        let here = |place, claim: Option<Claim>| claim.map(|claim| (place, claim));
        let own = lock(&self.locals[permit]).queue.least();
        let outside = lock(&self.outside).queue.least();
        let mut least = less(
            here(Place::Local(permit), own),
            here(Place::Outside, outside),
            0,
        );
        for other in 0..self.locals.len() {
            if other != permit {
                let claim = lock(&self.locals[other]).queue.least();
                least = less(least, here(Place::Local(other), claim), FAR_LESS);
            }
        }
        least
    }

    /// Takes half of another worker's queue, and gives the first of it.
    fn steal(&self, thief: usize) -> Option<T> {
        let others = (1..self.locals.len()).map(|step| (thief + step) % self.locals.len());
        for victim in others {
            let mut stolen: VecDeque<T> = {
                let mut local = lock(&self.locals[victim]);
                let half = local.queue.len().div_ceil(2);
                (0..half).map_while(|_| local.queue.pop()).collect()
            };
            if let Some(first) = stolen.pop_front() {
                let mut local = lock(&self.locals[thief]);
                for work in stolen {
                    self.push(&mut local.queue, work);
                }
                return Some(first);
            }
        }
        None
    }

    /// The group with the least virtual time that has work for the holder of
    /// `permit`.
    pub(super) fn least_for(&self, permit: usize) -> Option<Claim> {
        self.least_with_newest(|other| other == permit)
    }

    /// The group with the least virtual time that has work here.
    pub(super) fn least(&self) -> Option<Claim> {
        self.least_with_newest(|_| true)
    }

    fn least_with_newest(&self, of: impl Fn(usize) -> bool) -> Option<Claim> {
        if let Some(lots) = &self.lots {
            return lock(lots).claim();
        }
        let mut least = lock(&self.outside).queue.least();
        for (permit, local) in self.locals.iter().enumerate() {
            let mut local = lock(local);
            let newest = local.newest.as_ref().filter(|_| of(permit));
            let newest = newest.map(|work| Claim::of(work.share()));
            least = Claim::least(least, newest);
            least = Claim::least(least, local.queue.least());
        }
        least
    }

    /// Whether anything here is being ended.
    pub(super) fn has_stopped(&self) -> bool {
        !lock(&self.outside).stopped.is_empty()
    }

    fn has_lots(&self) -> bool {
        let lots = self.lots.as_ref();
        lots.is_some_and(|lots| !lock(lots).is_empty())
    }

    /// Whether the holder of `permit` would find something to take.
    pub(super) fn has_work_for(&self, permit: usize) -> bool {
        lock(&self.outside).has_work()
            || self.has_lots()
            || lock(&self.locals[permit]).newest.is_some()
            || self
                .locals
                .iter()
                .any(|local| !lock(local).queue.is_empty())
    }

    /// Whether anything waits at all.
    pub(super) fn has_work(&self) -> bool {
        lock(&self.outside).has_work()
            || self.has_lots()
            || self.locals.iter().any(|local| {
                let local = lock(local);
                local.newest.is_some() || !local.queue.is_empty()
            })
    }
}

impl<T> Local<T> {
    fn take(&mut self) -> Option<T> {
        self.newest.take().or_else(|| self.queue.pop())
    }
}

impl<T> Outside<T> {
    fn take(&mut self) -> Option<T> {
        self.stopped.pop_front().or_else(|| self.queue.pop())
    }

    fn has_work(&self) -> bool {
        !self.stopped.is_empty() || !self.queue.is_empty()
    }
}

/// The second one, where it is less than the first by more than `far`.
fn less(
    first: Option<(Place, Claim)>,
    second: Option<(Place, Claim)>,
    far: u64,
) -> Option<(Place, Claim)> {
    match (first, second) {
        (Some(first), Some(second)) if second.1.time.saturating_add(far) < first.1.time => {
            Some(second)
        }
        (first, second) => first.or(second),
    }
}
