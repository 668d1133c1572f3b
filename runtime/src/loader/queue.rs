//! Whose load is next: the host's own are never behind those of guests, and no
//! group's behind another's.

use std::collections::{HashMap, VecDeque};

/// Who asked for a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    Host,
    /// The group of this number.
    Group(u64),
}

/// How many loads go on at once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// Those of the host, and those of all guests.
    pub(super) at_once: usize,
    /// Those of one group, with those that were given up.
    pub(super) of_group: usize,
    /// Those that were given up and go on while others have their places: so
    /// many of the host's, and so many of the guests'.
    pub(super) given_up: usize,
}

pub(super) struct Queue<T> {
    host: Lane<T>,
    guests: Lane<T>,
}

struct Lane<T> {
    at_once: usize,
    of_owner: usize,
    most_given_up: usize,
    /// What waits, by owner; the owner in front is the next.
    waiting: VecDeque<(Owner, VecDeque<T>)>,
    /// Loads that hold a place.
    active: usize,
    /// Loads that were given up and hold none.
    given_up: usize,
    owners: HashMap<Owner, Share>,
}

/// What an owner has in flight.
#[derive(Default)]
struct Share {
    loads: usize,
    /// Those of them that were given up.
    overdue: usize,
}

/// What a load that was begun takes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A place.
    Active,
    /// It was given up; another has its place.
    GivenUp,
    /// It was given up, and holds its place since too many hold none.
    Overdue,
}

impl<T> Queue<T> {
    pub(super) fn new(bounds: Bounds) -> Self {
        let lane = |of_owner| Lane {
            at_once: bounds.at_once,
            of_owner,
            most_given_up: bounds.given_up,
            waiting: VecDeque::new(),
            active: 0,
            given_up: 0,
            owners: HashMap::new(),
        };
        Queue {
            host: lane(usize::MAX),
            guests: lane(bounds.of_group),
        }
    }

    fn lane(&mut self, owner: Owner) -> &mut Lane<T> {
        match owner {
            Owner::Host => &mut self.host,
            Owner::Group(_) => &mut self.guests,
        }
    }

    /// Puts a load behind the others of its owner; gives it back where nothing
    /// that was given up makes room for it.
    pub(super) fn push(&mut self, owner: Owner, load: T) -> Result<(), T> {
        let lane = self.lane(owner);
        if lane.is_stuck(owner) {
            return Err(load);
        }
        match lane.waiting.iter_mut().find(|(other, _)| *other == owner) {
            Some((_, loads)) => loads.push_back(load),
            None => lane.waiting.push_back((owner, VecDeque::from([load]))),
        }
        Ok(())
    }

    /// The load that is to begin now, if any.
    pub(super) fn next(&mut self) -> Option<(Owner, T)> {
        self.host.next().or_else(|| self.guests.next())
    }

    /// A load takes too long. What waits for it in vain is given back.
    pub(super) fn give_up(&mut self, owner: Owner) -> (Place, Vec<T>) {
        let lane = self.lane(owner);
        lane.owners.entry(owner).or_default().overdue += 1;
        if lane.given_up >= lane.most_given_up {
            return (Place::Overdue, lane.take_stuck());
        }
        lane.active -= 1;
        lane.given_up += 1;
        (Place::GivenUp, lane.take_stuck())
    }

    /// A load has ended.
    pub(super) fn end(&mut self, owner: Owner, place: &Place) {
        let lane = self.lane(owner);
        match place {
            Place::Active | Place::Overdue => lane.active -= 1,
            Place::GivenUp => lane.given_up -= 1,
        }
        let share = lane.owners.entry(owner).or_default();
        share.loads -= 1;
        if *place != Place::Active {
            share.overdue -= 1;
        }
        if share.loads == 0 {
            lane.owners.remove(&owner);
        }
    }

    /// Everything that waits.
    pub(super) fn drain(&mut self) -> Vec<T> {
        let lanes = [&mut self.host, &mut self.guests];
        let waiting = lanes.into_iter().flat_map(|lane| lane.waiting.drain(..));
        waiting.flat_map(|(_, loads)| loads).collect()
    }
}

impl<T> Lane<T> {
    fn next(&mut self) -> Option<(Owner, T)> {
        if self.active >= self.at_once {
            return None;
        }
        let in_flight = |owner| self.owners.get(owner).map_or(0, |share| share.loads);
        let at = self
            .waiting
            .iter()
            .position(|(owner, _)| in_flight(owner) < self.of_owner)?;
        let (owner, mut loads) = self.waiting.remove(at)?;
        let load = loads.pop_front()?;
        if !loads.is_empty() {
            // Behind the other owners.
            self.waiting.push_back((owner, loads));
        }
        self.active += 1;
        self.owners.entry(owner).or_default().loads += 1;
        Some((owner, load))
    }

    /// Whether all that `owner` could wait for was given up.
    fn is_stuck(&self, owner: Owner) -> bool {
        let overdue = |share: &Share| share.overdue;
        let all: usize = self.owners.values().map(overdue).sum();
        let own = self.owners.get(&owner).map_or(0, overdue);
        all - self.given_up >= self.at_once || own >= self.of_owner
    }

    fn take_stuck(&mut self) -> Vec<T> {
        let waiting = std::mem::take(&mut self.waiting);
        let (stuck, others) = waiting
            .into_iter()
            .partition(|(owner, _)| self.is_stuck(*owner));
        self.waiting = others;
        let stuck: VecDeque<(Owner, VecDeque<T>)> = stuck;
        stuck.into_iter().flat_map(|(_, loads)| loads).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        at_once: 2,
        of_group: 1,
        given_up: 1,
    };

    fn queue(loads: &[(Owner, u32)]) -> Queue<u32> {
        let mut queue = Queue::new(BOUNDS);
        for (owner, load) in loads {
            assert_eq!(queue.push(*owner, *load), Ok(()));
        }
        queue
    }

    fn begun(queue: &mut Queue<u32>) -> Vec<u32> {
        std::iter::from_fn(|| queue.next().map(|(_, load)| load)).collect()
    }

    use Owner::{Group, Host};

    #[test]
    fn a_group_does_not_keep_others_waiting() {
        let mut queue = queue(&[
            (Group(1), 11),
            (Group(1), 12),
            (Group(1), 13),
            (Group(2), 21),
            (Host, 1),
            (Host, 2),
            (Host, 3),
        ]);
        assert_eq!(begun(&mut queue), [1, 2, 11, 21]);
        queue.end(Group(2), &Place::Active);
        assert!(begun(&mut queue).is_empty(), "group 1 has what it may");
        assert_eq!(queue.push(Group(3), 31), Ok(()));
        queue.end(Group(1), &Place::Active);
        assert_eq!(begun(&mut queue), [12, 31]);
        queue.end(Host, &Place::Active);
        assert_eq!(begun(&mut queue), [3]);
        assert_eq!(queue.drain(), [13]);
    }

    #[test]
    fn what_is_given_up_leaves_its_place_to_others_and_stays_its_groups() {
        let mut queue = queue(&[
            (Group(1), 11),
            (Group(1), 12),
            (Group(2), 21),
            (Group(3), 31),
        ]);
        assert_eq!(begun(&mut queue), [11, 21]);
        assert_eq!(queue.give_up(Group(1)), (Place::GivenUp, vec![12]));
        assert_eq!(queue.push(Group(1), 13), Err(13), "its own bomb goes on");
        assert_eq!(begun(&mut queue), [31]);
        queue.end(Group(1), &Place::GivenUp);
        assert_eq!(queue.push(Group(1), 13), Ok(()));
        queue.end(Group(2), &Place::Active);
        assert_eq!(begun(&mut queue), [13]);
    }

    #[test]
    fn where_too_much_was_given_up_loads_are_refused_until_it_ends() {
        let mut queue = queue(&[(Host, 1), (Host, 2), (Host, 3), (Host, 4), (Host, 5)]);
        assert_eq!(begun(&mut queue), [1, 2]);
        assert_eq!(queue.give_up(Host), (Place::GivenUp, vec![]));
        assert_eq!(begun(&mut queue), [3]);
        assert_eq!(queue.give_up(Host), (Place::Overdue, vec![]));
        assert!(begun(&mut queue).is_empty());
        assert_eq!(queue.give_up(Host), (Place::Overdue, vec![4, 5]));
        assert_eq!(queue.push(Host, 6), Err(6));
        assert_eq!(queue.push(Group(1), 11), Ok(()), "guests have their own");
        queue.end(Host, &Place::Overdue);
        assert_eq!(queue.push(Host, 6), Ok(()));
        assert_eq!(begun(&mut queue), [6, 11]);
        queue.end(Host, &Place::GivenUp);
        queue.end(Host, &Place::Overdue);
        queue.end(Host, &Place::Active);
        assert!(queue.drain().is_empty());
    }
}
