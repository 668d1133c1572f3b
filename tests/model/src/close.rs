//! `close` ends and joins every thread, whatever it is at when the last isolate
//! has ended.

use crate::scenario::{Gate, World, check};
use crate::sched::SLICE;
use crate::sync::spawn_thread;

#[test]
fn nothing_was_ever_run() {
    check("nothing run", 3, || {
        let world = World::new(2);
        world.start();
        world.close();
    });
}

/// With a monitor that ticks on, as it does until it is told.
#[test]
fn a_tick_comes_meanwhile() {
    check("close and tick", 2, || {
        let world = World::new(1);
        let isolate = world.isolate(&World::group(1), 1, |_, _| {});
        world.start();
        let monitor = {
            let world = world.clone();
            spawn_thread("monitor".to_owned(), move || {
                for _ in 0..SLICE {
                    world.tick();
                }
            })
            .expect("a thread")
        };
        isolate.send(1);
        world.close();
        monitor.join().expect("the monitor ends");
    });
}

/// A thread without permit comes home from its turn, and has to leave the rest
/// of the isolate's work to others.
#[test]
fn a_thread_ends_that_lost_its_permit() {
    check("close and lost permit", 2, || {
        let world = World::new(1);
        let (runs, done) = (Gate::new(), Gate::new());
        let long = {
            let (runs, done) = (runs.clone(), done.clone());
            world.isolate(&World::group(1), 2, move |_, _| {
                runs.open();
                done.pass();
            })
        };
        let short = world.isolate(&World::group(1), 1, move |_, _| done.open());
        world.start();
        long.send(1);
        long.send(2);
        runs.pass();
        short.send(3);
        world.outlive_a_slice();
        world.close();
    });
}
