//! A turn that sleeps gives its permit up, and has one again when it goes on.

use std::sync::Mutex as StdMutex;

use crate::isolate::{Isolate, Task};
use crate::scenario::{Gate, World, check};
use crate::sched::Seat;
use crate::sync::Arc;

/// Where a sleeper leaves its seat, for whoever ends its sleep.
#[derive(Default)]
struct Bed(StdMutex<Option<Arc<Seat<Task>>>>);

impl Bed {
    fn seat(&self) -> Arc<Seat<Task>> {
        let seat = self.0.lock().expect("held for a moment");
        seat.clone().expect("somebody sleeps")
    }
}

fn sleeper(world: &Arc<World>, bed: &Arc<Bed>, asleep: &Arc<Gate>) -> Arc<Isolate> {
    let (bed, asleep) = (bed.clone(), asleep.clone());
    world.isolate(&World::group(2), 1, move |turn, _| {
        turn.sleep(|seat| {
            *bed.0.lock().expect("held for a moment") = Some(seat.clone());
            asleep.open();
        });
    })
}

/// From a thread that is no worker: before the turn has given its permit up, after
/// that, and while another one has it.
#[test]
fn a_sleep_ends_at_any_time() {
    check("a sleep ends at any time", 2, || {
        let world = World::new(1);
        let (bed, asleep) = (Arc::new(Bed::default()), Gate::new());
        let sleeper = sleeper(&world, &bed, &asleep);
        let other = world.isolate(&World::group(1), 1, |_, _| {});
        world.start();
        sleeper.send(1);
        asleep.pass();
        other.send(2);
        world.scheduler.resume(&bed.seat());
        world.close();
    });
}

/// By a turn that can only run once the sleeper has given the one permit up.
#[test]
fn another_turn_ends_a_sleep() {
    check("another turn ends a sleep", 2, || {
        let world = World::new(1);
        let (bed, asleep) = (Arc::new(Bed::default()), Gate::new());
        let sleeper = sleeper(&world, &bed, &asleep);
        let waker = {
            let (scheduler, bed) = (world.scheduler.clone(), bed.clone());
            world.isolate(&World::group(1), 1, move |_, _| {
                scheduler.resume(&bed.seat())
            })
        };
        world.start();
        sleeper.send(1);
        asleep.pass();
        waker.send(2);
        world.close();
    });
}
