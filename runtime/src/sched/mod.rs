//! Who runs when: run permits, the threads that hold them, and the hand-over of
//! turns that take long.
//!
//! There are as many *permits* as cores. A thread with a permit takes work and
//! runs it for one turn at a time. A turn that outlives its slice while work
//! waits loses its permit to a spare thread; it keeps its own thread, and at
//! its next checkpoint it waits there for a permit. Busy loops and blocking
//! host calls are the same case.
//!
//! Who is next is asked on two levels. Between groups it is the one that has had
//! least of the CPU for its weight (`share`), be it with work that was just woken
//! or with a preempted turn. Within a group, woken work goes before preempted
//! turns; these get a guaranteed share. Where isolates wake one another, the one
//! that was woken last goes next without being asked (its message is in the
//! cache), until the slice is over: a slice is how long a group may have what is
//! another's turn. What is being ended goes before everything else: it takes
//! little, and whoever ends it wants to hear of it.
//!
//! No wake-up is lost because of two rules, both checked under the model
//! checker (`tests/model`): who queues work looks for idle permits *after* it
//! queued; who gives a permit up looks for work *after* it gave it up.
//!
//! Lock order: table, then seat, then queues.

mod admission;
mod fair;
mod long_turns;
mod lots;
mod monitor;
mod park;
mod permits;
mod queues;
mod run_state;
mod seat;
mod share;
mod threads;

use crate::sync::{
    Arc, AtomicU64, AtomicUsize, Condvar, MORE_SPARES, Mutex, MutexGuard, Ordering, lock,
};

pub(crate) use admission::Admission;
pub(crate) use lots::Draw;
pub(crate) use run_state::RunState;
pub(crate) use seat::Seat;
pub(crate) use share::{Share, USUAL_WEIGHT};

use fair::FairQueue;
use queues::Queues;
use seat::{Parked, Running};
use threads::Threads;

/// How many ticks a turn, or a row of turns that wake one another, runs before
/// other work may have its permit.
pub(crate) const SLICE: u64 = 2;

/// For how many ticks a turn may come by no checkpoint and is still taken for one
/// that computes: on a busy machine its thread waits for a core.
pub(crate) const UNSEEN: u64 = 4 * SLICE;

/// How many events a turn is given before others may go first, where time decides
/// nothing: enough to be worth a turn, few enough for many orders.
const EVENTS_IN_SLICE: u64 = 8;

/// How many preempted turns the whole process holds before groups that have one
/// already get no more turns.
const PREEMPTED_IN_PROCESS: usize = 1024;

/// What the scheduler runs.
pub(crate) trait Work: Clone + Send + 'static {
    /// The door of the group that it belongs to.
    fn admission(&self) -> &Arc<Admission<Self>>;
    /// What its group has had of the CPU.
    fn share(&self) -> &Arc<Share>;
    /// Whether it is being ended, and so may pass its group's door, and overtake
    /// others, at any time.
    fn is_stopped(&self) -> bool;
    /// Whether it counts as ended although its turn hangs in a call of the host's:
    /// nobody waits for its thread.
    fn hangs(&self) -> bool;
    /// Its group's door is shut for it, or is not any more.
    fn waits_at_door(&self, _waits: bool) {}
    /// The calling thread waited for work: that time is nobody's.
    fn thread_waited();
    /// Runs it for one turn. True when it has to be queued again.
    fn run(&self, seat: &Arc<Seat<Self>>) -> bool;
}

/// The slice of a thread with a permit: a row of turns.
struct Slice {
    /// The tick at which it began.
    began: u64,
    /// Nothing was taken in it yet.
    is_new: bool,
}

pub(crate) struct Scheduler<T> {
    queues: Queues<T>,
    table: Mutex<Table<T>>,
    /// As `table.idle.len()`, for a look without the lock.
    idle: AtomicUsize,
    /// As `table.waiting.len()`, likewise.
    waiting: AtomicUsize,
    /// Turns in the whole process that lost their permit and have not ended.
    preempted: AtomicUsize,
    ticks: AtomicU64,
    /// Told when a permit is given to a thread while the monitor sleeps.
    used: Condvar,
    guest_stack: usize,
    threads: Threads<T>,
}

struct Table<T> {
    /// For each permit, the thread that holds it.
    held: Vec<Option<Arc<Seat<T>>>>,
    /// Permits that nobody holds.
    idle: Vec<usize>,
    /// Threads that have neither permit nor turn.
    spares: Vec<Arc<Seat<T>>>,
    /// Threads whose turn waits for a permit.
    waiting: FairQueue<Arc<Seat<T>>>,
    monitor_asleep: bool,
    closing: bool,
}

impl<T> Table<T> {
    /// Keeps a thread that has neither permit nor turn, or lets it end when
    /// there are enough.
    fn add_spare(&mut self, seat: Arc<Seat<T>>) {
        if self.closing || self.spares.len() >= self.held.len() + MORE_SPARES {
            seat.tell_to_leave();
        } else {
            self.spares.push(seat);
        }
    }
}

impl<T: Work> Scheduler<T> {
    /// With so many permits, and bytes of stack on each worker for what it runs.
    pub(crate) fn new(permits: usize, guest_stack: usize) -> Self {
        Scheduler {
            guest_stack,
            queues: Queues::new(permits),
            table: Mutex::new(Table {
                held: (0..permits).map(|_| None).collect(),
                idle: (0..permits).collect(),
                spares: Vec::new(),
                waiting: FairQueue::new(),
                monitor_asleep: false,
                closing: false,
            }),
            idle: AtomicUsize::new(permits),
            waiting: AtomicUsize::new(0),
            preempted: AtomicUsize::new(0),
            ticks: AtomicU64::new(0),
            used: Condvar::new(),
            threads: Threads::default(),
        }
    }

    /// One for runs that repeat: with one permit, turns that nobody interrupts, and
    /// lots drawn for who is next.
    pub(crate) fn drawing(draw: Draw, guest_stack: usize) -> Self {
        let mut scheduler = Scheduler::new(1, guest_stack);
        scheduler.queues.draw_lots(draw);
        scheduler
    }

    fn table(&self) -> MutexGuard<'_, Table<T>> {
        lock(&self.table)
    }

    /// Queues work from a thread that is no worker. What is being ended may be queued
    /// once more than it asked for: only one of them finds it queued.
    pub(crate) fn queue(self: &Arc<Self>, work: T) {
        self.queues.push_outside(work);
        self.use_idle_permit();
    }

    /// Queues work that the turn on `seat` woke: it runs next on the same
    /// permit, while what it needs is in the cache.
    pub(crate) fn queue_from(self: &Arc<Self>, seat: &Seat<T>, work: T) {
        let held = seat.held().filter(|_| !work.is_stopped());
        let others_can_take = match held {
            Some(permit) => {
                let others_can_take = self.queues.push_newest(permit, work);
                if seat.held() == held {
                    others_can_take
                } else {
                    // The permit was taken away meanwhile. Whoever got it may have
                    // looked here before, and given it up.
                    self.queues.share_newest(permit);
                    true
                }
            }
            None => {
                self.queues.push_outside(work);
                true
            }
        };
        if others_can_take {
            self.use_idle_permit();
        }
    }

    /// Gives an idle permit to a thread, where there is one: called after work
    /// was queued that others than the caller can take.
    fn use_idle_permit(self: &Arc<Self>) {
        if self.idle.load(Ordering::SeqCst) > 0 {
            let mut table = self.table();
            self.start_worker(&mut table);
        }
    }

    /// True when a thread got an idle permit.
    fn start_worker(self: &Arc<Self>, table: &mut Table<T>) -> bool {
        if table.idle.is_empty() {
            return false;
        }
        let Some(spare) = table.spares.pop().or_else(|| self.new_worker()) else {
            // No thread to be had from the system now. The monitor tries again.
            return false;
        };
        let Some(permit) = table.idle.pop() else {
            return false;
        };
        self.idle.fetch_sub(1, Ordering::SeqCst);
        self.give(table, permit, spare);
        true
    }

    /// What a worker thread does until it is told to leave.
    fn work(self: &Arc<Self>, seat: &Arc<Seat<T>>) {
        while let Some(mut permit) = seat.wait_for_permit() {
            T::thread_waited();
            let mut slice = Slice {
                began: self.ticks(),
                is_new: true,
            };
            while let Some(work) = self.next(seat, permit, &mut slice) {
                match self.turn(seat, work) {
                    Some(now) => permit = now,
                    None => {
                        self.table().add_spare(seat.clone());
                        break;
                    }
                }
            }
        }
    }

    /// Runs one turn. Gives the permit that the thread has afterwards.
    fn turn(self: &Arc<Self>, seat: &Arc<Seat<T>>, work: T) -> Option<usize> {
        let now = self.ticks();
        seat.lock().turn = Some(Running {
            work: work.clone(),
            began: now,
            found: None,
            since: now,
            seen: now,
            sleeps: false,
            preempted: false,
            waits: false,
            parked: Parked::No,
        });
        let again = work.run(seat);
        let (permit, turn) = {
            let mut state = seat.lock();
            (state.permit, state.turn.take())
        };
        if let Some(turn) = turn.filter(|turn| turn.preempted) {
            self.preempted.fetch_sub(1, Ordering::SeqCst);
            for held in turn.work.admission().turn_ended() {
                held.waits_at_door(false);
                self.queue(held);
            }
        }
        if again {
            match permit {
                Some(permit) if !work.is_stopped() => {
                    if self.queues.push_last(permit, work) {
                        self.use_idle_permit();
                    }
                }
                _ => self.queue(work),
            }
        }
        permit
    }

    /// The next piece of work for a thread with a permit. None when the thread
    /// has no permit any more.
    fn next(self: &Arc<Self>, seat: &Arc<Seat<T>>, permit: usize, slice: &mut Slice) -> Option<T> {
        loop {
            if self.passes_on(seat, permit, slice) {
                return None;
            }
            let work = if std::mem::take(&mut slice.is_new) {
                self.queues.take_fairly(permit)
            } else {
                self.queues.take(permit)
            };
            if let Some(work) = work {
                let crowded = self.preempted.load(Ordering::SeqCst) >= PREEMPTED_IN_PROCESS;
                if work.admission().is_open(crowded) || work.is_stopped() {
                    return Some(work);
                }
                let admission = work.admission().clone();
                // Said before: once it is held, another thread may let it in.
                work.waits_at_door(true);
                if let Some(work) = admission.hold(work, crowded) {
                    work.waits_at_door(false);
                    return Some(work);
                }
            } else if self.give_up(seat, permit) {
                return None;
            }
        }
    }

    /// At the end of a slice, whether a turn that waits for a permit got this one.
    fn passes_on(&self, seat: &Arc<Seat<T>>, permit: usize, slice: &mut Slice) -> bool {
        let anybody_waits = self.waiting.load(Ordering::SeqCst) > 0;
        if self.queues.are_drawn() {
            // Time decides nothing there, and who waits has slept or is being ended.
            return anybody_waits && self.pass_to_waiting(&mut self.table(), seat, permit);
        }
        let tick = self.ticks();
        if tick.wrapping_sub(slice.began) < SLICE {
            return false;
        }
        *slice = Slice {
            began: tick,
            is_new: true,
        };
        anybody_waits && self.pass_at_slice(seat, permit)
    }

    /// Whether a turn that began at this tick, and was given so many events, has had
    /// its slice.
    pub(crate) fn slice_is_over(&self, began: u64, events: u64) -> bool {
        if self.queues.are_drawn() {
            events >= EVENTS_IN_SLICE
        } else {
            events > 0 && self.ticks().wrapping_sub(began) >= SLICE
        }
    }

    /// How many ticks there have been. They come once a millisecond while turns
    /// run.
    pub(crate) fn ticks(&self) -> u64 {
        self.ticks.load(Ordering::Relaxed)
    }

    /// Turns in the whole process that lost their permit and have not ended.
    pub(crate) fn preempted(&self) -> usize {
        self.preempted.load(Ordering::SeqCst)
    }
}
