//! What every scenario starts from and is held to: isolates in a group, a
//! scheduler, and a close at the end that must find everything back in place.

use std::sync::atomic::{AtomicUsize as Count, Ordering::Relaxed};

use crate::isolate::{Isolate, Task, Turn};
use crate::sched::{Admission, SLICE, Scheduler, Share, USUAL_WEIGHT};
use crate::sync::{Arc, Condvar, Mutex, allow_threads, lock, wait};

/// Runs `scenario` in every interleaving with at most `switches` forced switches
/// between threads.
pub(crate) fn check(name: &str, switches: usize, scenario: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    // The environment may ask for more, but not where there is to be no switch.
    let asked = model.preemption_bound.filter(|_| switches > 0);
    model.preemption_bound = asked.or(Some(switches));
    // Steps of one run, to notice a run that goes in circles.
    model.max_branches = 5_000;
    let runs = Arc::new(Count::new(0));
    let counted = runs.clone();
    model.check(move || {
        counted.fetch_add(1, Relaxed);
        // What loom itself allows, the main thread taken off.
        allow_threads(loom::MAX_THREADS - 1);
        scenario();
    });
    println!("{name}: {} interleavings", runs.load(Relaxed));
}

/// Something that has to come about in some interleaving: a scenario that never
/// gets to what it is about shows nothing.
pub(crate) struct Seen(Count);

impl Seen {
    pub(crate) const fn never() -> Self {
        Seen(Count::new(0))
    }

    pub(crate) fn note(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    pub(crate) fn assert(&self) {
        assert!(
            self.0.load(Relaxed) > 0,
            "no interleaving came to the point"
        );
    }
}

/// The runtime: its scheduler, and the isolates that are alive.
pub(crate) struct World {
    pub(crate) scheduler: Arc<Scheduler<Task>>,
    pub(crate) permits: Permits,
    alive: Mutex<usize>,
    left: Condvar,
}

impl World {
    pub(crate) fn new(permits: usize) -> Arc<Self> {
        Arc::new(World {
            scheduler: Arc::new(Scheduler::new(permits, 0)),
            permits: Permits {
                number: permits,
                sure: Mutex::new(0),
                ticks: Count::new(0),
            },
            alive: Mutex::new(0),
            left: Condvar::new(),
        })
    }

    /// A door that lets `limit` preempted turns through.
    pub(crate) fn group(limit: usize) -> Arc<Admission<Task>> {
        World::group_of(1, limit)
    }

    /// The same for one of several groups, by its number.
    pub(crate) fn group_of(number: u64, limit: usize) -> Arc<Admission<Task>> {
        let share = Arc::new(Share::new(number, USUAL_WEIGHT));
        Arc::new(Admission::new(limit, share))
    }

    /// An isolate at rest that ends after `messages`, each handled by `handle`.
    pub(crate) fn isolate(
        self: &Arc<Self>,
        group: &Arc<Admission<Task>>,
        messages: u32,
        handle: impl Fn(&Turn<'_>, u32) + Send + Sync + 'static,
    ) -> Arc<Isolate> {
        let isolate = self.made(group, messages, handle);
        isolate.rest();
        isolate
    }

    /// The same before its maker has queued it.
    pub(crate) fn made(
        self: &Arc<Self>,
        group: &Arc<Admission<Task>>,
        messages: u32,
        handle: impl Fn(&Turn<'_>, u32) + Send + Sync + 'static,
    ) -> Arc<Isolate> {
        *lock(&self.alive) += 1;
        Isolate::made(self, group, messages, Box::new(handle))
    }

    pub(crate) fn start(&self) {
        self.scheduler.start().expect("loom has threads");
    }

    pub(crate) fn tick(&self) -> bool {
        self.permits.around_tick(|| self.scheduler.tick())
    }

    /// Ticks until a turn that is running now has outlived its slice.
    pub(crate) fn outlive_a_slice(&self) {
        for _ in 0..SLICE {
            self.tick();
        }
    }

    pub(crate) fn leave(&self) {
        *lock(&self.alive) -= 1;
        self.left.notify_all();
    }

    /// Waits until no more than `number` isolates are alive.
    pub(crate) fn wait_for_ends(&self, number: usize) {
        let mut alive = lock(&self.alive);
        while *alive > number {
            alive = wait(&self.left, alive);
        }
    }

    /// As a runtime is closed: once no isolate is left, whatever the threads are
    /// at then.
    pub(crate) fn close(&self) {
        self.wait_for_ends(0);
        self.scheduler.close();
        assert_eq!(self.scheduler.threads(), 0, "a thread was not joined");
        assert!(
            !self.scheduler.tick(),
            "a permit or a preempted turn was not given back"
        );
    }
}

/// Watches that no more turns hold a permit than there are permits.
pub(crate) struct Permits {
    number: usize,
    /// Turns that hold a permit for sure: they had one at some moment, and no
    /// tick has been since that could have taken it. A lock of loom's, as loom
    /// lets only such threads meet that touch something in common.
    sure: Mutex<usize>,
    /// Goes up when a tick begins and when it ends: odd in between. Seen from
    /// outside: loom knows nothing of it.
    ticks: Count,
}

/// A moment, as `Permits::ticks` counts them.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Moment(usize);

impl Permits {
    pub(crate) fn now(&self) -> Moment {
        Moment(self.ticks.load(Relaxed))
    }

    /// A turn goes on that held a permit after `since`.
    pub(crate) fn hold(&self, since: Moment) -> Option<Moment> {
        let mut sure = lock(&self.sure);
        if since != self.now() || since.0 % 2 == 1 {
            return None;
        }
        *sure += 1;
        assert!(
            *sure <= self.number,
            "{} turns hold {} permits",
            *sure,
            self.number
        );
        Some(since)
    }

    pub(crate) fn let_go(&self, held: Option<Moment>) {
        let mut sure = lock(&self.sure);
        if held == Some(self.now()) {
            *sure -= 1;
        }
    }

    fn around_tick<R>(&self, tick: impl FnOnce() -> R) -> R {
        self.forget();
        let result = tick();
        self.forget();
        result
    }

    fn forget(&self) {
        let mut sure = lock(&self.sure);
        self.ticks.fetch_add(1, Relaxed);
        *sure = 0;
    }
}

/// Opens once.
pub(crate) struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Gate {
            open: Mutex::new(false),
            opened: Condvar::new(),
        })
    }

    pub(crate) fn open(&self) {
        *lock(&self.open) = true;
        self.opened.notify_all();
    }

    pub(crate) fn pass(&self) {
        let mut open = lock(&self.open);
        while !*open {
            open = wait(&self.opened, open);
        }
    }
}
