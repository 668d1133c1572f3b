//! A turn that outlives its slice loses its permit, and gets one back.

use crate::isolate::Isolate;
use crate::scenario::{Gate, Seen, World, check};
use crate::sched::SLICE;
use crate::sync::{Arc, spawn_thread};

/// Ticks until a turn that is running now has outlived its slice.
fn outlive_a_slice(world: &World) {
    for _ in 0..SLICE {
        world.tick();
    }
}

/// The whole way, with certainty: the long turn is over its slice while other
/// work waits.
#[test]
fn a_preempted_turn_gets_a_permit_back() {
    static WAITED: Seen = Seen::never();
    check("gets a permit back", 2, || {
        let world = World::new(1);
        let (runs, preempted) = (Gate::new(), Gate::new());
        let long = {
            let (runs, preempted) = (runs.clone(), preempted.clone());
            world.isolate(&World::group(2), 1, move |turn, _| {
                runs.open();
                preempted.pass();
                assert!(turn.checkpoint(|| WAITED.note()));
                // Without a tick since, the permit stays.
                assert!(turn.checkpoint(|| panic!("the permit is gone")));
            })
        };
        let short = world.isolate(&World::group(1), 1, |_, _| {});
        world.start();
        long.send(1);
        runs.pass();
        short.send(2);
        outlive_a_slice(&world);
        assert_eq!(world.scheduler.preempted(), 1);
        preempted.open();
        world.close();
    });
    WAITED.assert();
}

/// The ticks come at any point of two turns that look for their permit now and
/// then.
#[test]
fn ticks_come_at_any_time() {
    static PREEMPTED: Seen = Seen::never();
    check("ticks at any time", 2, || {
        let world = World::new(1);
        let make = |messages| {
            world.isolate(&World::group(1), messages, |turn, _| {
                assert!(turn.checkpoint(|| PREEMPTED.note()));
            })
        };
        let (one, two) = (make(1), make(1));
        world.start();
        one.send(1);
        two.send(2);
        outlive_a_slice(&world);
        world.tick();
        world.close();
    });
    PREEMPTED.assert();
}

/// A preempted turn that is stopped ends without a permit: the one who has it
/// keeps it until then.
#[test]
fn a_preempted_turn_is_stopped() {
    static WAITED: Seen = Seen::never();
    check("is stopped", 2, || {
        let world = World::new(1);
        let (runs, stopped) = (Gate::new(), Gate::new());
        let long = {
            let (runs, stopped) = (runs.clone(), stopped.clone());
            world.isolate(&World::group(2), 1, move |turn, _| {
                runs.open();
                while turn.checkpoint(|| WAITED.note()) {
                    loom::thread::yield_now();
                }
                stopped.open();
            })
        };
        let short = world.isolate(&World::group(1), 1, move |_, _| stopped.pass());
        world.start();
        long.send(1);
        runs.pass();
        short.send(2);
        outlive_a_slice(&world);
        long.stop();
        world.close();
    });
    WAITED.assert();
}

/// The stop and the permit come at the same time.
#[test]
fn a_stop_meets_the_permit_that_comes_back() {
    check("stop meets permit", 2, || {
        let world = World::new(1);
        let (runs, preempted) = (Gate::new(), Gate::new());
        let long = {
            let (runs, preempted) = (runs.clone(), preempted.clone());
            world.isolate(&World::group(2), 1, move |turn, _| {
                runs.open();
                preempted.pass();
                turn.checkpoint(|| {});
            })
        };
        let short = world.isolate(&World::group(1), 1, |_, _| {});
        world.start();
        long.send(1);
        runs.pass();
        short.send(2);
        outlive_a_slice(&world);
        preempted.open();
        long.stop();
        world.close();
    });
}

/// A turn that lost its permit wakes an isolate: nobody else may be left to run
/// that but the one who finds it among the work from outside.
#[test]
fn a_preempted_turn_wakes_another() {
    check("preempted wakes", 2, || {
        let world = World::new(1);
        let (runs, preempted) = (Gate::new(), Gate::new());
        let short: Arc<Isolate> = world.isolate(&World::group(1), 2, |_, _| {});
        let long = {
            let (runs, preempted, short) = (runs.clone(), preempted.clone(), short.clone());
            world.isolate(&World::group(2), 1, move |turn, _| {
                runs.open();
                preempted.pass();
                turn.send(&short, 3);
            })
        };
        world.start();
        long.send(1);
        runs.pass();
        short.send(2);
        outlive_a_slice(&world);
        preempted.open();
        world.close();
    });
}

/// What a turn left to be run next on its permit is run by who gets the permit.
#[test]
fn the_newest_work_goes_with_the_permit() {
    check("newest work", 2, || {
        let world = World::new(1);
        let (sent, done) = (Gate::new(), Gate::new());
        let short = {
            let done = done.clone();
            world.isolate(&World::group(1), 1, move |_, _| done.open())
        };
        let long = {
            let sent = sent.clone();
            world.isolate(&World::group(2), 1, move |turn, _| {
                turn.send(&short, 2);
                sent.open();
                done.pass();
            })
        };
        world.start();
        long.send(1);
        sent.pass();
        outlive_a_slice(&world);
        world.close();
    });
}

/// The monitor sleeps while no permit is in use, and is woken when one is.
#[test]
fn the_monitor_is_woken() {
    check("the monitor", 2, || {
        let world = World::new(1);
        let ticked = Gate::new();
        let isolate = {
            let ticked = ticked.clone();
            world.isolate(&World::group(1), 1, move |_, _| ticked.pass())
        };
        world.start();
        let monitor = {
            let world = world.clone();
            spawn_thread("monitor".to_owned(), move || {
                while world.scheduler.wait_until_used() {
                    world.tick();
                    ticked.open();
                    loom::thread::yield_now();
                }
            })
            .expect("a thread")
        };
        isolate.send(1);
        world.close();
        monitor.join().expect("the monitor ends");
    });
}
