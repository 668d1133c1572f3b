//! Threads are made when they are needed, end when there are enough, and are
//! done without where the system has none. The monitor is one that sleeps.

use crate::scenario::{Gate, Seen, World, check};
use crate::sync::{allow_threads, spawn_thread};

/// Two long turns and a short one, each on a thread of its own, end in any
/// order; one thread is then more than enough.
#[test]
fn threads_that_are_not_needed_end() {
    static ENOUGH: Seen = Seen::never();
    check("enough threads", 1, || {
        let world = World::new(1);
        let ended = Gate::new();
        world.start();
        for _ in 0..2 {
            let runs = Gate::new();
            let long = {
                let (runs, ended) = (runs.clone(), ended.clone());
                world.isolate(&World::group(1), 1, move |_, _| {
                    runs.open();
                    ended.pass();
                })
            };
            long.send(1);
            runs.pass();
            let next = world.isolate(&World::group(1), 1, |_, _| {});
            next.send(2);
            world.outlive_a_slice();
        }
        ended.open();
        world.wait_for_ends(0);
        if world.scheduler.threads() < 3 {
            ENOUGH.note();
        }
        world.close();
    });
    ENOUGH.assert();
}

/// The system refuses a thread for the hand-over: the turn keeps its permit, and
/// what waits runs after it.
#[test]
fn no_thread_is_to_be_had() {
    check("no thread", 2, || {
        allow_threads(1);
        let world = World::new(1);
        let (runs, ticked) = (Gate::new(), Gate::new());
        let long = {
            let (runs, ticked) = (runs.clone(), ticked.clone());
            world.isolate(&World::group(1), 1, move |turn, _| {
                runs.open();
                ticked.pass();
                assert!(turn.checkpoint(|| panic!("the permit is gone")));
            })
        };
        let short = world.isolate(&World::group(1), 1, |_, _| {});
        world.start();
        long.send(1);
        runs.pass();
        short.send(2);
        world.outlive_a_slice();
        ticked.open();
        world.close();
    });
}

/// The system refuses the only thread: the monitor tries again.
#[test]
fn a_thread_is_to_be_had_again() {
    check("thread again", 3, || {
        allow_threads(0);
        let world = World::new(1);
        let isolate = world.isolate(&World::group(1), 1, |_, _| {});
        isolate.send(1);
        allow_threads(1);
        world.tick();
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
