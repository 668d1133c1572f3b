//! A group that holds as many preempted turns as it may gets no new ones, and
//! gets them all once one has ended.

use crate::scenario::{Gate, Seen, World, check};

/// The long turn ends by itself, at any point of the others' way to the door.
#[test]
fn held_work_is_let_in_when_the_turn_ends() {
    static HELD: Seen = Seen::never();
    check("held work", 2, || {
        let world = World::new(1);
        let group = World::group(1);
        let (runs, ended) = (Gate::new(), Gate::new());
        let long = {
            let (runs, ended) = (runs.clone(), ended.clone());
            world.isolate(&group, 1, move |_, _| {
                runs.open();
                ended.pass();
            })
        };
        let short = world.isolate(&group, 1, |_, _| {});
        world.start();
        long.send(1);
        runs.pass();
        short.send(2);
        world.outlive_a_slice();
        if !group.is_open(false) {
            HELD.note();
        }
        ended.open();
        world.close();
    });
    HELD.assert();
}

/// Several wait at the door: the only turn that could let them in lets in all.
#[test]
fn all_held_work_is_let_in() {
    check("all held work", 1, || {
        let world = World::new(1);
        let group = World::group(1);
        let (runs, seen) = (Gate::new(), Gate::new());
        let long = {
            let (runs, seen) = (runs.clone(), seen.clone());
            world.isolate(&group, 1, move |turn, _| {
                runs.open();
                seen.pass();
                turn.checkpoint(|| {});
            })
        };
        let others = [3, 4].map(|_| world.isolate(&group, 1, |_, _| {}));
        // Comes last, from another group, so that both are at the door before
        // the long turn goes on.
        let last = world.isolate(&World::group(1), 1, move |_, _| seen.open());
        world.start();
        long.send(1);
        runs.pass();
        for other in &others {
            other.send(2);
        }
        last.send(5);
        world.outlive_a_slice();
        world.close();
    });
}

/// What is stopped passes the door, held or on its way there: a turn that hangs
/// in a host call keeps nobody else alive.
#[test]
fn a_group_is_ended_while_work_is_held() {
    check("ended while held", 2, || {
        let world = World::new(1);
        let group = World::group(1);
        let (runs, ended) = (Gate::new(), Gate::new());
        let long = {
            let (runs, ended) = (runs.clone(), ended.clone());
            world.isolate(&group, 1, move |_, _| {
                runs.open();
                // A call that no stop can cut short.
                ended.pass();
            })
        };
        let short = world.isolate(&group, 1, |_, _| {});
        world.start();
        long.send(1);
        runs.pass();
        short.send(2);
        world.outlive_a_slice();
        // As `GroupCore::end_all` does it.
        long.stop();
        short.stop();
        world.wait_for_ends(1);
        ended.open();
        world.close();
    });
}
