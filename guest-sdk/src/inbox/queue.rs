//! Which message goes to whom: the messages that are here, in order of arrival,
//! and those who wait, in the order in which they began to.
//!
//! Each message is offered to those who wait, one after the other, until one takes
//! it. Who takes anything takes the first that it is offered; who is particular
//! may refuse one, and is not offered it again. What all have refused is left over
//! for the handler, or for who comes later.

use std::collections::VecDeque;
use std::task::Waker;

pub struct Queue<M> {
    slots: VecDeque<Slot<M>>,
    waiters: VecDeque<Waiter>,
    next_number: u64,
    next_ticket: u64,
}

struct Slot<M> {
    /// In order of arrival.
    number: u64,
    /// None while somebody looks at it.
    message: Option<M>,
}

struct Waiter {
    /// In the order in which they came.
    ticket: u64,
    waker: Waker,
    particular: bool,
    /// It has refused all messages with numbers below.
    seen: u64,
    /// It was woken for those with numbers below before it was its turn.
    told: u64,
}

/// Goes through those who wait: see [`Queue::next_to_wake`].
pub struct Round {
    next: usize,
    /// The messages with numbers below were refused by all whom it went past.
    bar: u64,
    /// It went past one who takes anything.
    is_over: bool,
}

impl Default for Round {
    fn default() -> Self {
        Self {
            next: 0,
            bar: u64::MAX,
            is_over: false,
        }
    }
}

impl<M> Queue<M> {
    pub fn new() -> Self {
        Self {
            slots: VecDeque::new(),
            waiters: VecDeque::new(),
            next_number: 0,
            next_ticket: 0,
        }
    }

    pub fn push(&mut self, message: M) {
        let number = self.next_number;
        self.next_number += 1;
        let message = Some(message);
        self.slots.push_back(Slot { number, message });
    }

    /// Whether no message is here, and nobody waits for one.
    pub fn is_unused(&self) -> bool {
        self.slots.is_empty() && self.waiters.is_empty()
    }

    /// Whether no message is here.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// A place at the end of the line for who has none yet.
    pub fn line_up(&mut self, ticket: &mut Option<u64>, waker: &Waker, particular: bool) -> u64 {
        if let Some(ticket) = *ticket
            && let Some(place) = self.place_of(ticket)
        {
            self.waiters[place].waker.clone_from(waker);
            return ticket;
        }
        let new = self.next_ticket;
        self.next_ticket += 1;
        *ticket = Some(new);
        self.waiters.push_back(Waiter {
            ticket: new,
            waker: waker.clone(),
            particular,
            seen: 0,
            told: 0,
        });
        new
    }

    /// Whoever has this ticket waits no more.
    pub fn leave(&mut self, ticket: u64) {
        if let Some(place) = self.place_of(ticket) {
            self.waiters.remove(place);
        }
    }

    /// The next message that whoever has this ticket is offered. It is taken out:
    /// [`accept`](Self::accept) or [`refuse`](Self::refuse) is what comes next.
    pub fn offer(&mut self, ticket: u64) -> Option<(u64, M)> {
        let place = self.place_of(ticket)?;
        let earlier = self.waiters.range(..place);
        let bar = earlier.map(|waiter| waiter.seen).min();
        let first = self.slot_from(self.waiters[place].seen);
        let mut slots = self.slots.range_mut(first..);
        // What another one looks at is not to be had just now.
        let slot = slots.find(|slot| slot.message.is_some())?;
        if bar.is_some_and(|bar| slot.number >= bar) {
            return None;
        }
        Some((slot.number, slot.message.take()?))
    }

    /// The message with that number is taken: whoever has this ticket is served.
    pub fn accept(&mut self, ticket: u64, number: u64) {
        if let Some(index) = self.index_of(number) {
            self.slots.remove(index);
        }
        self.leave(ticket);
    }

    /// Puts a message back that whoever has this ticket does not want. It is handed
    /// back where all messages were dropped meanwhile.
    pub fn refuse(&mut self, ticket: u64, number: u64, message: M) -> Option<M> {
        if let Some(place) = self.place_of(ticket) {
            self.waiters[place].seen = number + 1;
        }
        let Some(index) = self.index_of(number) else {
            return Some(message);
        };
        self.slots[index].message = Some(message);
        None
    }

    /// The next one in the round to be woken: who is offered something, and, once
    /// for each message, who will be when those before it have refused it. So all of
    /// them have looked at a message before the next one comes.
    pub fn next_to_wake(&mut self, round: &mut Round) -> Option<Waker> {
        while !round.is_over {
            let (seen, told) = {
                let waiter = self.waiters.get(round.next)?;
                round.is_over = !waiter.particular;
                (waiter.seen, waiter.told)
            };
            let bar = round.bar;
            round.bar = bar.min(seen);
            let place = round.next;
            round.next += 1;
            let offered = self.slots.get(self.slot_from(seen));
            let is_offered = offered.is_some_and(|slot| slot.number < bar);
            let is_next = self.slot_from(seen.max(told)) < self.slots.len();
            if is_offered || is_next {
                let waiter = &mut self.waiters[place];
                waiter.told = self.next_number;
                return Some(waiter.waker.clone());
            }
        }
        None
    }

    /// The first message, if all who wait have refused it.
    pub fn take_left_over(&mut self) -> Option<M> {
        let first = self.slots.front_mut()?;
        let mut waiters = self.waiters.iter();
        if !waiters.all(|waiter| first.number < waiter.seen) {
            return None;
        }
        let message = first.message.take()?;
        self.slots.pop_front();
        Some(message)
    }

    /// Whether somebody waits for whom there is nothing here.
    pub fn wants_more(&self) -> bool {
        let last = self.slots.back().map(|slot| slot.number);
        let mut takers = 0;
        for waiter in &self.waiters {
            if !waiter.particular {
                takers += 1;
            } else if last.is_none_or(|last| last < waiter.seen) {
                return true;
            }
        }
        takers > self.slots.len()
    }

    /// Those who wait.
    pub fn wakers(&self) -> Vec<Waker> {
        let waiters = self.waiters.iter();
        waiters.map(|waiter| waiter.waker.clone()).collect()
    }

    fn place_of(&self, ticket: u64) -> Option<usize> {
        let waiters = &self.waiters;
        let place = waiters.binary_search_by_key(&ticket, |waiter| waiter.ticket);
        place.ok()
    }

    fn index_of(&self, number: u64) -> Option<usize> {
        let slots = &self.slots;
        slots.binary_search_by_key(&number, |slot| slot.number).ok()
    }

    /// Where the messages begin that have this number or a later one.
    fn slot_from(&self, number: u64) -> usize {
        self.slots.partition_point(|slot| slot.number < number)
    }
}

#[cfg(test)]
mod tests;
