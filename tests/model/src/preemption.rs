//! A turn that outlives its slice loses its permit, and gets one back.

use std::sync::atomic::Ordering::Relaxed;

use crate::isolate::Isolate;
use crate::scenario::{Gate, Seen, World, check};
use crate::sync::Arc;

/// The whole way, with certainty: the long turn is over its slice while other
/// work waits.
#[test]
fn a_preempted_turn_gets_a_permit_back() {
    static WAITED: Seen = Seen::never();
    check("gets a permit back", 2, || {
        let world = World::new(1);
        let (runs, preempted, back) = (Gate::new(), Gate::new(), Gate::new());
        let long = {
            let (runs, preempted, back) = (runs.clone(), preempted.clone(), back.clone());
            world.isolate(&World::group(2), 1, move |turn, _| {
                runs.open();
                preempted.pass();
                assert!(turn.checkpoint(|| WAITED.note()));
                back.open();
                // Without a tick since, the permit stays.
                assert!(turn.checkpoint(|| panic!("the permit is gone")));
            })
        };
        let short = world.isolate(&World::group(1), 1, |_, _| {});
        let other = world.isolate(&World::group(1), 1, |_, _| {});
        world.start();
        long.send(1);
        runs.pass();
        short.send(2);
        world.outlive_a_slice();
        assert_eq!(world.scheduler.preempted(), 1);
        preempted.open();
        back.pass();
        other.send(3);
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
        world.outlive_a_slice();
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
        world.outlive_a_slice();
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
        world.outlive_a_slice();
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
        world.outlive_a_slice();
        preempted.open();
        world.close();
    });
}

/// A turn wakes an isolate just when its permit goes to a thread that has other
/// work and rests after that.
#[test]
fn a_turn_wakes_another_while_it_is_preempted() {
    check("wakes meanwhile", 2, || {
        let world = World::new(1);
        let runs = Gate::new();
        let callee = world.isolate(&World::group(1), 1, |_, _| {});
        let long = {
            let runs = runs.clone();
            world.isolate(&World::group(2), 1, move |turn, message| {
                runs.open();
                turn.send(&callee, message);
            })
        };
        let short = world.isolate(&World::group(1), 1, |_, _| {});
        world.start();
        long.send(1);
        runs.pass();
        short.send(2);
        world.outlive_a_slice();
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
        world.outlive_a_slice();
        world.close();
    });
}

/// The permit that comes back is not taken again before its thread has woken.
#[test]
fn a_permit_that_came_back_is_not_lost() {
    static WAITED: Seen = Seen::never();
    check("came back", 1, || {
        let world = World::new(1);
        let (runs, preempted, freed) = (Gate::new(), Gate::new(), Gate::new());
        let long = {
            let (runs, preempted) = (runs.clone(), preempted.clone());
            world.isolate(&World::group(2), 1, move |turn, _| {
                runs.open();
                preempted.pass();
                assert!(turn.checkpoint(|| WAITED.note()));
            })
        };
        let short = {
            let freed = freed.clone();
            world.isolate(&World::group(1), 1, move |_, _| freed.open())
        };
        let other = world.isolate(&World::group(1), 1, |_, _| {});
        world.start();
        long.send(1);
        runs.pass();
        short.send(2);
        world.outlive_a_slice();
        preempted.open();
        freed.pass();
        other.send(3);
        world.outlive_a_slice();
        world.close();
    });
    WAITED.assert();
}

/// The turn ends just when its permit is to go to a spare thread.
#[test]
fn a_turn_ends_while_its_permit_is_taken() {
    check("taken at the end", 3, || {
        let world = World::new(1);
        let (runs, ends) = (Gate::new(), Gate::new());
        let long = {
            let (runs, ends) = (runs.clone(), ends.clone());
            world.isolate(&World::group(1), 1, move |_, _| {
                runs.open();
                ends.pass();
            })
        };
        let short = [(); 2].map(|()| world.isolate(&World::group(1), 1, |_, _| {}));
        world.start();
        long.send(1);
        runs.pass();
        short.iter().for_each(|short| short.send(2));
        world.tick();
        ends.open();
        world.tick();
        world.close();
    });
}

/// The same with a turn that waits for that permit.
#[test]
fn a_turn_ends_while_another_waits() {
    check("another waits", 1, || {
        let world = World::new(1);
        let (runs, preempted, in_line) = (Gate::new(), Gate::new(), Gate::new());
        let waits = {
            let (runs, preempted, in_line) = (runs.clone(), preempted.clone(), in_line.clone());
            world.isolate(&World::group(1), 1, move |turn, _| {
                runs.open();
                preempted.pass();
                assert!(turn.checkpoint(|| in_line.open()));
            })
        };
        let (other_runs, ends) = (Gate::new(), Gate::new());
        let other = {
            let (runs, ends) = (other_runs.clone(), ends.clone());
            world.isolate(&World::group(1), 1, move |_, _| {
                runs.open();
                ends.pass();
            })
        };
        world.start();
        waits.send(1);
        runs.pass();
        other.send(2);
        world.outlive_a_slice();
        other_runs.pass();
        preempted.open();
        in_line.pass();
        world.tick();
        ends.open();
        world.tick();
        world.close();
    });
}

/// A preempted turn gets its share although there is always work that was just
/// woken. Both go on for as long as they are let, so no switch is forced: it is
/// looked at in one order only.
#[test]
fn a_preempted_turn_gets_its_share() {
    check("share", 0, || {
        let world = World::new(1);
        let (runs, preempted) = (Gate::new(), Gate::new());
        let ended = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let long = {
            let (runs, preempted, ended) = (runs.clone(), preempted.clone(), ended.clone());
            world.isolate(&World::group(1), 1, move |turn, _| {
                runs.open();
                preempted.pass();
                assert!(turn.checkpoint(|| {}));
                ended.store(true, Relaxed);
            })
        };
        let busy = {
            let ended = ended.clone();
            world.isolate(&World::group(1), u32::MAX, move |turn, message| {
                if ended.load(Relaxed) {
                    turn.end();
                } else {
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
        while !ended.load(Relaxed) {
            world.tick();
            loom::thread::yield_now();
        }
        world.close();
    });
}
