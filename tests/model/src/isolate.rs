//! A stand-in for `runtime/src/isolate.rs`: the same steps in the same order in
//! `wake`, `stop`, `run` and `end`, with a plain function for a guest.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Mutex as StdMutex;
use std::sync::atomic::{AtomicBool as Seen, Ordering::Relaxed};

use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicBool, fence};

use crate::scenario::{Moment, World};
use crate::sched::{Admission, RunState, Seat, Share, Work};
use crate::sync::{Arc, Mutex, Ordering, lock};

pub(crate) struct Isolate {
    world: Arc<World>,
    group: Arc<Admission<Task>>,
    run: RunState,
    mailbox: Mutex<VecDeque<u32>>,
    body: Body,
    stopped: AtomicBool,
    waiting: Mutex<Option<Arc<Seat<Task>>>>,
    /// When the worker asked for the group, just before the turn: it has a permit
    /// then. Known to no other thread while the isolate is not in a queue.
    asked: StdMutex<Moment>,
    at_end: StdMutex<Option<Box<dyn FnOnce() + Send>>>,
    /// Seen from outside: loom knows nothing of it.
    ended: Seen,
}

type Handle = Box<dyn Fn(&Turn<'_>, u32) + Send + Sync>;

/// Touched by the worker that runs the isolate, and by nobody else. There is no
/// lock: loom fails when two turns overlap, and also when one could miss what
/// the turn before it wrote.
struct Body {
    left: UnsafeCell<u32>,
    handle: Handle,
}

// SAFETY: every access goes through loom's cell, which watches what is claimed.
unsafe impl Sync for Body {}

#[derive(Clone)]
pub(crate) struct Task(pub(crate) Arc<Isolate>);

impl Work for Task {
    fn admission(&self) -> &Arc<Admission<Self>> {
        *self.0.asked.lock().expect("held for a moment") = self.0.world.permits.now();
        &self.0.group
    }

    fn share(&self) -> &Arc<Share> {
        self.0.group.share()
    }

    fn is_stopped(&self) -> bool {
        self.0.is_stopped()
    }

    fn hangs(&self) -> bool {
        false
    }

    fn thread_waited() {}

    fn run(&self, seat: &Arc<Seat<Self>>) -> bool {
        self.0.run(seat)
    }
}

enum TurnEnd {
    Idle,
    More,
    Ended,
}

impl Isolate {
    /// As its maker has it before it is queued.
    pub(crate) fn made(
        world: &Arc<World>,
        group: &Arc<Admission<Task>>,
        messages: u32,
        handle: Handle,
    ) -> Arc<Self> {
        Arc::new(Isolate {
            world: world.clone(),
            group: group.clone(),
            run: RunState::made(),
            mailbox: Mutex::new(VecDeque::new()),
            body: Body {
                left: UnsafeCell::new(messages),
                handle,
            },
            stopped: AtomicBool::new(false),
            waiting: Mutex::new(None),
            asked: StdMutex::new(world.permits.now()),
            at_end: StdMutex::new(None),
            ended: Seen::new(false),
        })
    }

    /// As it is after its first turn.
    pub(crate) fn rest(&self) {
        assert!(self.run.first() && self.run.start() && self.run.rest());
    }

    /// Is called when it has ended.
    pub(crate) fn on_end(&self, told: impl FnOnce() + Send + 'static) {
        *self.at_end.lock().expect("held for a moment") = Some(Box::new(told));
    }

    pub(crate) fn queue_first(self: &Arc<Self>) {
        if self.run.first() {
            self.queue(None);
        }
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.ended.load(Relaxed)
    }

    /// A send from a thread that is no worker.
    pub(crate) fn send(self: &Arc<Self>, message: u32) {
        self.send_from(None, message);
    }

    fn send_from(self: &Arc<Self>, from: Option<&Seat<Task>>, message: u32) {
        lock(&self.mailbox).push_back(message);
        self.wake(from);
    }

    fn wake(self: &Arc<Self>, from: Option<&Seat<Task>>) {
        if self.run.wake() {
            self.queue(from);
        }
    }

    fn queue(self: &Arc<Self>, from: Option<&Seat<Task>>) {
        let scheduler = &self.world.scheduler;
        match from {
            Some(seat) => scheduler.queue_from(seat, Task(self.clone())),
            None => scheduler.queue(Task(self.clone())),
        }
    }

    pub(crate) fn stop(self: &Arc<Self>) {
        if self.stopped.swap(true, Ordering::SeqCst) {
            return;
        }
        // loom takes sequentially consistent accesses for weaker ones, but not
        // fences.
        fence(Ordering::SeqCst);
        if let Some(seat) = lock(&self.waiting).as_ref() {
            seat.nudge();
        }
        self.wake(None);
        if self.run.is_queued() {
            self.queue(None);
        }
    }

    pub(crate) fn is_stopped(&self) -> bool {
        fence(Ordering::SeqCst);
        self.stopped.load(Ordering::SeqCst)
    }

    fn waiting_on(&self, seat: &Arc<Seat<Task>>, wait: impl FnOnce()) {
        *lock(&self.waiting) = Some(seat.clone());
        wait();
        *lock(&self.waiting) = None;
    }

    fn run(self: &Arc<Self>, seat: &Arc<Seat<Task>>) -> bool {
        if !self.run.start() {
            // It is in one queue at most, until it is stopped.
            assert!(
                self.is_stopped(),
                "taken out of a queue in which it was not"
            );
            return false;
        }
        let permits = &self.world.permits;
        let asked = *self.asked.lock().expect("held for a moment");
        let turn = Turn {
            isolate: self,
            seat,
            held: Cell::new(permits.hold(asked)),
            ends: Cell::new(false),
        };
        let end = turn.run();
        permits.let_go(turn.held.get());
        match end {
            TurnEnd::More => {
                let _ = self.run.wake();
            }
            TurnEnd::Idle => {}
            TurnEnd::Ended => {
                self.end();
                return false;
            }
        }
        !self.run.rest()
    }

    fn end(&self) {
        self.run.end();
        lock(&self.mailbox).clear();
        self.ended.store(true, Relaxed);
        let told = self.at_end.lock().expect("held for a moment").take();
        if let Some(told) = told {
            told();
        }
        self.world.leave();
    }
}

/// What a guest can do in its turn.
pub(crate) struct Turn<'a> {
    isolate: &'a Arc<Isolate>,
    seat: &'a Arc<Seat<Task>>,
    held: Cell<Option<Moment>>,
    ends: Cell<bool>,
}

impl Turn<'_> {
    /// Handles one message, where there is one.
    fn run(&self) -> TurnEnd {
        let isolate = self.isolate;
        if isolate.is_stopped() {
            return TurnEnd::Ended;
        }
        let left = isolate.body.left.get_mut();
        let message = lock(&isolate.mailbox).pop_front();
        if let Some(message) = message {
            (isolate.body.handle)(self, message);
            // SAFETY: the cell watches that nobody else is at it.
            unsafe { *left.deref() -= 1 };
        }
        // SAFETY: likewise.
        if isolate.is_stopped() || self.ends.get() || unsafe { *left.deref() } == 0 {
            TurnEnd::Ended
        } else if lock(&isolate.mailbox).is_empty() {
            TurnEnd::Idle
        } else {
            TurnEnd::More
        }
    }

    pub(crate) fn send(&self, to: &Arc<Isolate>, message: u32) {
        to.send_from(Some(self.seat), message);
    }

    pub(crate) fn send_to_self(&self, message: u32) {
        self.send(self.isolate, message);
    }

    /// Lets the isolate end with this turn.
    pub(crate) fn end(&self) {
        self.ends.set(true);
    }

    /// Sleeps until it is resumed. Its seat is told before.
    pub(crate) fn sleep(&self, tell: impl FnOnce(&Arc<Seat<Task>>)) {
        let world = &self.isolate.world;
        world.permits.let_go(self.held.take());
        tell(self.seat);
        world.scheduler.park(self.seat);
        self.held.set(world.permits.hold(world.permits.now()));
    }

    /// Where a turn waits when it lost its permit. False when it is to end.
    pub(crate) fn checkpoint(&self, waits: impl Fn()) -> bool {
        let isolate = self.isolate;
        let permits = &isolate.world.permits;
        if isolate.is_stopped() {
            return false;
        }
        permits.let_go(self.held.take());
        let before = permits.now();
        isolate.waiting_on(self.seat, || {
            isolate.world.scheduler.checkpoint(self.seat, || {
                waits();
                isolate.is_stopped()
            });
        });
        if isolate.is_stopped() {
            return false;
        }
        self.held.set(permits.hold(before));
        true
    }
}
