//! No message stays in a mailbox, and no isolate is run twice at once.

use crate::scenario::{Seen, World, check};
use crate::sync::{Arc, Mutex, lock, spawn_thread};

/// Senders race for the wake-up, and with the turn that handles what they sent.
#[test]
fn two_senders_to_one_isolate() {
    check("two senders", 2, || {
        let world = World::new(1);
        let isolate = world.isolate(&World::group(1), 2, |_, _| {});
        world.start();
        let other = isolate.clone();
        let sender = spawn_thread("sender".to_owned(), move || other.send(1)).expect("a thread");
        isolate.send(2);
        sender.join().expect("the sender ends");
        world.close();
    });
}

/// The worker gives its permit up while the next message comes.
#[test]
fn a_message_comes_while_the_worker_goes_to_rest() {
    check("going to rest", 3, || {
        let world = World::new(1);
        let isolate = world.isolate(&World::group(1), 2, |_, _| {});
        world.start();
        isolate.send(1);
        isolate.send(2);
        world.close();
    });
}

/// The same with isolates, and permits, that have nothing to do with each other.
#[test]
fn work_comes_while_another_worker_goes_to_rest() {
    check("two at rest", 2, || {
        let world = World::new(2);
        let group = World::group(1);
        let first = world.isolate(&group, 1, |_, _| {});
        let second = world.isolate(&group, 1, |_, _| {});
        world.start();
        first.send(1);
        second.send(2);
        world.close();
    });
}

/// An isolate wakes another from inside its turn while somebody else does so
/// from outside.
#[test]
fn an_isolate_wakes_another() {
    check("one wakes another", 2, || {
        let world = World::new(2);
        let group = World::group(1);
        let callee = world.isolate(&group, 2, |_, _| {});
        let other = callee.clone();
        let caller = world.isolate(&group, 1, move |turn, message| turn.send(&other, message));
        world.start();
        caller.send(1);
        callee.send(2);
        world.close();
    });
}

/// What was woken first makes place for what was woken last, and the second
/// worker is told that it may take it.
#[test]
fn an_isolate_wakes_two() {
    static AT_ONCE: Seen = Seen::never();
    check("one wakes two", 2, || {
        let world = World::new(2);
        let group = World::group(1);
        let together = Together::new();
        let [one, two] = [(); 2].map(|()| {
            let together = together.clone();
            world.isolate(&group, 1, move |_, _| together.come_and_go(&AT_ONCE))
        });
        let caller = world.isolate(&group, 1, move |turn, message| {
            turn.send(&one, message);
            turn.send(&two, message);
        });
        world.start();
        caller.send(1);
        world.close();
    });
    AT_ONCE.assert();
}

/// More is woken than one worker takes from another at once.
#[test]
fn an_isolate_wakes_four() {
    check("one wakes four", 1, || {
        let world = World::new(2);
        let group = World::group(1);
        let callees = [(); 4].map(|()| world.isolate(&group, 1, |_, _| {}));
        let caller = world.isolate(&group, 1, move |turn, message| {
            for callee in &callees {
                turn.send(callee, message);
            }
        });
        world.start();
        caller.send(1);
        world.close();
    });
}

/// An isolate that has more to do goes behind what it woke, where the second
/// worker may take it.
#[test]
fn an_isolate_goes_on_beside_the_one_it_woke() {
    static AT_ONCE: Seen = Seen::never();
    check("goes on", 2, || {
        let world = World::new(2);
        let group = World::group(1);
        let together = Together::new();
        let callee = {
            let together = together.clone();
            world.isolate(&group, 1, move |_, _| together.come_and_go(&AT_ONCE))
        };
        let caller = world.isolate(&group, 2, move |turn, message| {
            if message == 1 {
                turn.send_to_self(2);
                turn.send(&callee, message);
            } else {
                together.come_and_go(&AT_ONCE);
            }
        });
        world.start();
        caller.send(1);
        world.close();
    });
    AT_ONCE.assert();
}

/// How many turns are at the same place.
struct Together(Mutex<usize>);

impl Together {
    fn new() -> Arc<Self> {
        Arc::new(Together(Mutex::new(0)))
    }

    fn come_and_go(&self, at_once: &Seen) {
        *lock(&self.0) += 1;
        let mut here = lock(&self.0);
        if *here == 2 {
            at_once.note();
        }
        *here -= 1;
    }
}
