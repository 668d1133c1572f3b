//! The group that has had least of the CPU is next, and nobody waits for ever.

use std::sync::Mutex as StdMutex;
use std::time::Duration;

use crate::scenario::{Gate, Seen, World, check};
use crate::sched::{SLICE, UNSEEN};
use crate::sync::Arc;

const MUCH: Duration = Duration::from_secs(1);

/// Work of two groups waits, and comes from several places.
#[test]
fn the_group_that_had_less_goes_first() {
    check("less goes first", 2, || {
        let world = World::new(1);
        let (runs, done) = (Gate::new(), Gate::new());
        let order = Arc::new(StdMutex::new(Vec::new()));
        let [much, little] = [2, 3].map(|number| World::group_of(number, 1));
        much.share().charge(MUCH);
        let note = |group, name: char| {
            let order = order.clone();
            world.isolate(group, 1, move |_, _| {
                order.lock().expect("held for a moment").push(name);
            })
        };
        let (first, second) = (note(&much, 'm'), note(&little, 'l'));
        let holder = {
            let (runs, done, first) = (runs.clone(), done.clone(), first.clone());
            world.isolate(&World::group(1), 1, move |turn, message| {
                // In the queue of the permit's own.
                turn.send(&first, message);
                runs.open();
                done.pass();
                turn.end();
            })
        };
        world.start();
        holder.send(1);
        runs.pass();
        second.send(2);
        world.outlive_a_slice();
        done.open();
        world.close();
        let order = order.lock().expect("held for a moment");
        assert_eq!(order.iter().collect::<String>(), "lm");
    });
}

/// A turn of a group that has had less than all that wait keeps its permit, until
/// it has had more.
#[test]
fn a_turn_that_is_behind_keeps_its_permit() {
    check("keeps its permit", 2, || {
        let world = World::new(1);
        let [runs, looked, kept, charged] = [(); 4].map(|()| Gate::new());
        let [behind, ahead] = [2, 3].map(|number| World::group_of(number, 1));
        ahead.share().charge(MUCH);
        let long = {
            let [runs, looked, kept, charged] = [&runs, &looked, &kept, &charged].map(Arc::clone);
            world.isolate(&behind, 1, move |turn, _| {
                runs.open();
                looked.pass();
                assert!(turn.checkpoint(|| panic!("the permit is gone")));
                kept.open();
                charged.pass();
            })
        };
        let short = world.isolate(&ahead, 1, |_, _| {});
        world.start();
        long.send(1);
        runs.pass();
        short.send(2);
        world.outlive_a_slice();
        assert_eq!(world.scheduler.preempted(), 0);
        looked.open();
        kept.pass();
        behind.share().charge(2 * MUCH);
        world.outlive_a_slice();
        assert_eq!(world.scheduler.preempted(), 1);
        charged.open();
        world.close();
    });
}

/// It has to compute for that: one that hangs in a host call does not keep the
/// others from the permit.
#[test]
fn a_turn_that_hangs_keeps_no_permit() {
    check("hangs", 2, || {
        let world = World::new(1);
        let (runs, done) = (Gate::new(), Gate::new());
        let [behind, ahead] = [2, 3].map(|number| World::group_of(number, 1));
        ahead.share().charge(MUCH);
        let long = {
            let (runs, done) = (runs.clone(), done.clone());
            world.isolate(&behind, 1, move |_, _| {
                runs.open();
                done.pass();
            })
        };
        // The long turn ends only when this one has run.
        let short = world.isolate(&ahead, 1, move |_, _| done.open());
        world.start();
        long.send(1);
        runs.pass();
        short.send(2);
        for _ in 0..=UNSEEN {
            world.tick();
        }
        world.close();
    });
}

/// A preempted turn of a group that has had less goes before what was woken in
/// another. Both go on for as long as they are let, so no switch is forced.
#[test]
fn a_preempted_turn_goes_before_what_another_group_wakes() {
    static BACK: Seen = Seen::never();
    check("before what is woken", 0, || {
        let world = World::new(1);
        let (runs, preempted) = (Gate::new(), Gate::new());
        let ended = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let [little, much] = [2, 3].map(|number| World::group_of(number, 1));
        let long = {
            let (runs, preempted, ended) = (runs.clone(), preempted.clone(), ended.clone());
            world.isolate(&little, 1, move |turn, _| {
                runs.open();
                preempted.pass();
                assert!(turn.checkpoint(|| {}));
                BACK.note();
                ended.store(true, std::sync::atomic::Ordering::Relaxed);
            })
        };
        let busy = {
            let (ended, share) = (ended.clone(), much.share().clone());
            world.isolate(&much, u32::MAX, move |turn, message| {
                if ended.load(std::sync::atomic::Ordering::Relaxed) {
                    turn.end();
                } else {
                    share.charge(MUCH);
                    turn.send_to_self(message);
                    loom::thread::yield_now();
                }
            })
        };
        world.start();
        long.send(1);
        runs.pass();
        busy.send(2);
        world.outlive_a_slice();
        preempted.open();
        let mut slices = 0;
        while !ended.load(std::sync::atomic::Ordering::Relaxed) {
            world.tick();
            loom::thread::yield_now();
            slices += 1;
            assert!(slices <= 8 * SLICE, "it waits for more than its turn");
        }
        world.close();
    });
    BACK.assert();
}
