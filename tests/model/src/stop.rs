//! What is stopped ends soon, once, and not before its maker has queued it.

use std::sync::Mutex as StdMutex;

use crate::scenario::{Gate, World, check};
use crate::sync::{Arc, spawn_thread};

/// It waits in a queue, and is put among what goes first: one of the two finds it,
/// at any point of a worker's way to it.
#[test]
fn a_queued_isolate_is_stopped() {
    check("queued", 3, || {
        let world = World::new(1);
        let group = World::group(1);
        let [one, two] = [1, 1].map(|messages| world.isolate(&group, messages, |_, _| {}));
        world.start();
        one.send(1);
        two.send(2);
        two.stop();
        world.close();
    });
}

/// It overtakes what waits longer, of whatever group.
#[test]
fn what_is_stopped_goes_first() {
    check("goes first", 2, || {
        let world = World::new(1);
        let (runs, done) = (Gate::new(), Gate::new());
        let order = Arc::new(StdMutex::new(Vec::new()));
        let holder = {
            let (runs, done) = (runs.clone(), done.clone());
            world.isolate(&World::group(1), 1, move |_, _| {
                runs.open();
                done.pass();
            })
        };
        let first = {
            let order = order.clone();
            world.isolate(&World::group_of(2, 1), 1, move |_, _| {
                order.lock().expect("held for a moment").push("first");
            })
        };
        let heavy = World::group_of(3, 1);
        heavy.share().charge(std::time::Duration::from_secs(1));
        let stopped = world.isolate(&heavy, 1, |_, _| panic!("it is stopped"));
        let ended = order.clone();
        stopped.on_end(move || ended.lock().expect("held for a moment").push("stopped"));
        world.start();
        holder.send(1);
        runs.pass();
        first.send(2);
        stopped.send(3);
        stopped.stop();
        done.open();
        world.close();
        assert_eq!(
            *order.lock().expect("held for a moment"),
            ["stopped", "first"]
        );
    });
}

/// The stop meets the turn, from its beginning to its end.
#[test]
fn a_running_isolate_is_stopped() {
    check("running", 2, || {
        let world = World::new(1);
        let isolate = world.isolate(&World::group(1), 2, |turn, message| {
            turn.send_to_self(message);
        });
        world.start();
        isolate.send(1);
        isolate.stop();
        world.close();
    });
}

/// Only its maker queues it the first time, whoever stops it meanwhile.
#[test]
fn an_isolate_is_stopped_while_it_is_made() {
    check("while it is made", 3, || {
        let world = World::new(1);
        let isolate = world.made(&World::group(1), 1, |_, _| {});
        world.start();
        let other = isolate.clone();
        let stopper = spawn_thread("stopper".to_owned(), move || other.stop()).expect("a thread");
        assert!(!isolate.has_ended(), "it ended before it was queued");
        isolate.queue_first();
        stopper.join().expect("the stopper ends");
        world.close();
    });
}
