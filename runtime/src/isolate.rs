//! One isolate, as the host's threads share it: everything but what its store
//! holds.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use crate::control::{Controls, Part};
use crate::core::shielded;
use crate::cpu::Computed;
use crate::events::Event;
use crate::group::GroupCore;
use crate::guest_random::RandomSource;
use crate::host_memory::{HostShare, ISOLATE, PORT, STORE};
use crate::limits::Limits;
use crate::listeners::cut;
use crate::mailbox::Mailbox;
use crate::meters::{IsolateMeters, Meter};
use crate::overtime::Overtime;
use crate::port::{Port, PortRef, SendStatus, Target};
use crate::program::Program;
use crate::sched::{RunState, Seat};
use crate::sync::{lock, wait, wait_timeout};
use crate::task::Task;
use crate::turn::{Body, Start, TurnEnd};
use crate::usage::{Usage, Used};
use insula_message::{ExitReason, Limit, LimitHit, Scope};

pub(crate) struct IsolateCore {
    number: u64,
    name: String,
    /// Known once the program is loaded, where that comes later.
    entry: OnceLock<String>,
    group: Arc<GroupCore>,
    limits: Arc<Limits>,
    random: RandomSource,
    /// For as long as anybody holds it.
    share: Mutex<HostShare>,
    meters: IsolateMeters,
    overtime: Overtime,
    /// Whether everybody was told of its end. Held while they are.
    ended: Mutex<bool>,
    /// The limits that listeners were told of, and when last.
    told: Mutex<Vec<(Limit, Duration)>>,
    controls: Controls,
    run: RunState,
    cpu: Computed,
    /// Of an isolate whose program is being loaded: nobody has queued it yet.
    waits_for_program: AtomicBool,
    mailbox: Mutex<Mailbox>,
    /// Of a group with a time of its own: it waits where too many turns hold a thread.
    at_door: AtomicBool,
    /// Touched by the worker that runs the isolate, and by nobody else.
    body: Mutex<Body>,
    /// Why it is to end, once somebody has asked for that.
    stop: Mutex<Option<ExitReason>>,
    stopped: AtomicBool,
    /// The thread that sits inside a turn of this isolate, while it may wait
    /// there for something.
    waiting: Mutex<Option<Arc<Seat<Task>>>>,
    /// How often the host holds it, and may ask for its exit reason.
    watches: AtomicUsize,
    exit: Mutex<Exit>,
    exited: Condvar,
}

#[derive(Default)]
struct Exit {
    reason: Option<ExitReason>,
    /// Futures of the host's that wait for it, by their numbers.
    wakers: BTreeMap<u64, Waker>,
    wakers_made: u64,
}

/// What an isolate is made with.
pub(crate) struct Traits {
    pub(crate) number: u64,
    pub(crate) name: String,
    pub(crate) share: HostShare,
    pub(crate) limits: Arc<Limits>,
    pub(crate) random: RandomSource,
    pub(crate) errors_fatal: bool,
    pub(crate) paused: bool,
}

/// How often listeners are told of one limit of one isolate at most.
const LIMIT_TOLD_EVERY: Duration = Duration::from_secs(1);

/// The slot of the first receive port in every mailbox.
pub(crate) const FIRST_PORT: usize = 0;

impl IsolateCore {
    /// Makes an isolate that its maker queues.
    pub(crate) fn new(traits: Traits, group: &Arc<GroupCore>, start: Start) -> Arc<Self> {
        let Traits {
            number,
            name,
            share,
            limits,
            random,
            errors_fatal,
            paused,
        } = traits;
        let isolate = Arc::new(IsolateCore {
            number,
            name,
            entry: OnceLock::new(),
            run: RunState::made(),
            cpu: Computed::default(),
            waits_for_program: AtomicBool::new(false),
            mailbox: Mutex::new(Mailbox::new(group.clone(), limits.clone())),
            at_door: AtomicBool::new(false),
            body: Mutex::new(Body::New(Box::new(start))),
            stop: Mutex::new(None),
            stopped: AtomicBool::new(false),
            waiting: Mutex::new(None),
            watches: AtomicUsize::new(0),
            exit: Mutex::new(Exit::default()),
            exited: Condvar::new(),
            controls: Controls::new(&group.core().port_ids, errors_fatal, paused),
            share: Mutex::new(share),
            meters: IsolateMeters::default(),
            overtime: Overtime::begin(),
            ended: Mutex::new(false),
            told: Mutex::default(),
            limits,
            random,
            group: group.clone(),
        });
        let slot = isolate.add_port(0, None);
        debug_assert_eq!(slot, FIRST_PORT);
        isolate
    }

    /// Counts up within the group, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The entry, empty while it is not known.
    pub(crate) fn entry(&self) -> &str {
        self.entry.get().map_or("", String::as_str)
    }

    /// What the host may keep for one of that name and entry: for as long as anybody
    /// holds it, and for as long as it is alive.
    pub(crate) fn shares(
        group: &Arc<GroupCore>,
        name: &str,
        entry: &str,
        program: Option<&Program>,
    ) -> Result<(HostShare, HostShare), LimitHit> {
        let texts = (name.len() + entry.len()) as u64;
        let held = HostShare::take(group, ISOLATE + texts)?;
        let instance = program.map_or(0, Program::instance_bytes);
        Ok((held, HostShare::take(group, STORE + instance)?))
    }

    /// Of one that was to have the default entry of its program, which is loaded now.
    pub(crate) fn set_default_entry(&self, entry: &str) -> Result<(), LimitHit> {
        if self.entry.get().is_none() {
            lock(&self.share).grow(entry.len() as u64)?;
            self.set_entry(entry);
        }
        Ok(())
    }

    pub(crate) fn set_entry(&self, entry: &str) {
        self.entry.get_or_init(|| entry.to_owned());
    }

    pub(crate) fn group(&self) -> &Arc<GroupCore> {
        &self.group
    }

    /// Its own limits; those of its group are the group's.
    pub(crate) fn limits(&self) -> &Arc<Limits> {
        &self.limits
    }

    pub(crate) fn random(&self) -> &RandomSource {
        &self.random
    }

    /// Of a limit that it has for itself.
    pub(crate) fn meter(&self, limit: Limit) -> &Meter {
        self.meters.of(limit)
    }

    pub(crate) fn overtime(&self) -> &Overtime {
        &self.overtime
    }

    /// Takes `more` from what such a limit allows, or says that it is not there.
    pub(crate) fn charge(&self, limit: Limit, more: u64) -> Result<(), LimitHit> {
        if self.meter(limit).charge(more, self.limits.get(limit)) {
            return Ok(());
        }
        Err(self.limits.hit(limit))
    }

    /// What it has computed, to within a tick where it runs.
    pub(crate) fn cpu(&self) -> &Computed {
        &self.cpu
    }

    pub(crate) fn controls(&self) -> &Controls {
        &self.controls
    }

    /// Its control port, or one of its capabilities.
    /// `share` is the holder's, where that is a group.
    pub(crate) fn part(
        self: &Arc<Self>,
        part: Part,
        holder: Option<&Arc<GroupCore>>,
        share: Option<HostShare>,
    ) -> PortRef {
        let target = match part {
            Part::ControlPort => Target::Control(self.clone()),
            Part::Pause | Part::Terminate => Target::Capability,
        };
        PortRef::new(Port::new(self.controls.id(part), target, share), holder)
    }

    /// Says to whoever listens to the runtime what happens to it. No lock may be
    /// held.
    pub(crate) fn emit(&self, make: impl FnOnce(u64, String) -> Event) {
        let events = &self.group.core().events;
        events.emit(|| make(self.group.number(), self.name.clone()));
    }

    pub(crate) fn mailbox(&self) -> &Mutex<Mailbox> {
        &self.mailbox
    }

    pub(crate) fn body(&self) -> &Mutex<Body> {
        &self.body
    }

    /// A new receive port: its slot.
    pub(crate) fn open_port(self: &Arc<Self>, token: u64) -> Result<usize, LimitHit> {
        let share = HostShare::take(&self.group, PORT)?;
        lock(&self.mailbox).make_place()?;
        Ok(self.add_port(token, Some(share)))
    }

    fn add_port(self: &Arc<Self>, token: u64, share: Option<HostShare>) -> usize {
        lock(&self.mailbox).open(token, |slot| {
            let target = Target::Isolate {
                isolate: self.clone(),
                slot,
            };
            Port::new(self.group.core().port_ids.take(1), target, share)
        })
    }

    /// A send port for the receive port in `slot`, none when it is closed.
    pub(crate) fn sender(&self, slot: usize, holder: Option<&Arc<GroupCore>>) -> Option<PortRef> {
        let port = lock(&self.mailbox).port(slot)?.clone();
        Some(PortRef::new(port, holder))
    }

    /// Makes a resting isolate run: something is there for it to see. `from` is
    /// the seat of the turn that caused it, where one did.
    pub(crate) fn wake(self: &Arc<Self>, from: Option<&Seat<Task>>) {
        if self.run.wake() {
            self.group.work_begins();
            self.queue(from);
        }
    }

    fn queue(self: &Arc<Self>, from: Option<&Seat<Task>>) {
        let scheduler = &self.group.core().scheduler;
        match from {
            Some(seat) => scheduler.queue_from(seat, Task(self.clone())),
            None => scheduler.queue(Task(self.clone())),
        }
    }

    /// Queues it for its first turn, once: after it was made, or when its program is
    /// loaded, or when it ends before that.
    pub(crate) fn queue_first(self: &Arc<Self>, from: Option<&Seat<Task>>) {
        if self.run.first() {
            self.queue(from);
        }
    }

    /// From now on its program is awaited: until then it is not queued, whoever
    /// stops it, so that nobody hears of its end before he hears of it.
    pub(crate) fn wait_for_program(self: &Arc<Self>) {
        self.waits_for_program.store(true, Ordering::SeqCst);
        // Who stopped it before that left it to us.
        if self.is_stopped() {
            self.queue_first(None);
        }
    }

    /// Says why it will have ended, once it is stopped. The first reason counts.
    pub(crate) fn will_stop(&self, reason: ExitReason) {
        lock(&self.stop).get_or_insert(reason);
    }

    /// Asks the isolate to end. The first reason counts.
    pub(crate) fn stop(self: &Arc<Self>, reason: ExitReason) {
        self.will_stop(reason);
        if self.stopped.swap(true, Ordering::SeqCst) {
            return;
        }
        if let Some(seat) = lock(&self.waiting).as_ref() {
            seat.nudge();
        }
        if let Some(time) = self.group.virtual_time() {
            time.wake(self.number);
        }
        self.waits_at_door(false);
        if self.waits_for_program.load(Ordering::SeqCst) {
            self.queue_first(None);
        }
        self.wake(None);
        // It may wait at its group's door, or behind others: now it goes first.
        if self.run.is_queued() {
            self.queue(None);
        }
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Why it was asked to end, if it was; cheap when it was not.
    pub(crate) fn stop_reason_if_stopped(&self) -> Option<ExitReason> {
        if self.is_stopped() {
            self.stop_reason()
        } else {
            None
        }
    }

    /// Why it was asked to end.
    pub(crate) fn stop_reason(&self) -> Option<ExitReason> {
        lock(&self.stop).clone()
    }

    /// Says that its group's door is shut for it, or is not any more: meanwhile it is
    /// nothing that can happen before time goes on.
    pub(crate) fn waits_at_door(&self, waits: bool) {
        let Some(time) = self.group.virtual_time() else {
            return;
        };
        let waited = self.at_door.swap(waits, Ordering::SeqCst);
        match (waited, waits) {
            (false, true) => time.work_ends(),
            (true, false) => time.work_begins(),
            _ => {}
        }
    }

    /// Runs `wait` while the thread on `seat` can be woken by [`Self::stop`].
    pub(crate) fn waiting_on(&self, seat: &Arc<Seat<Task>>, wait: impl FnOnce()) {
        *lock(&self.waiting) = Some(seat.clone());
        wait();
        *lock(&self.waiting) = None;
    }

    /// One turn. True when the isolate has to be queued again.
    pub(crate) fn run(self: &Arc<Self>, seat: &Arc<Seat<Task>>) -> bool {
        if !self.run.start() {
            if self.hangs() {
                self.end_hanging();
            }
            return false;
        }
        let turn_end = crate::turn::run(self, seat);
        self.turn_lasted();
        // Also what goes by no checkpoint: who wakes itself for ever is charged here.
        let charged = self.charge_lap();
        match turn_end.unless_over(charged) {
            TurnEnd::More => {
                // Woken by itself: `rest` then says "queue it again".
                let _ = self.run.wake();
            }
            TurnEnd::Idle => {}
            TurnEnd::Ended(reason) => {
                self.end(reason);
                return false;
            }
        }
        let again = !self.run.rest();
        if !again {
            self.group.work_ends();
        }
        again
    }

    /// Everything that has to happen when an isolate ends, in the order in which
    /// others may see it: the heap goes, the ports close, its place in the group
    /// is free; then listeners are told, then whoever waits here. Of one that hung
    /// only the heap and the place are still there.
    fn end(self: &Arc<Self>, reason: ExitReason) {
        self.run.end();
        let body = std::mem::replace(&mut *lock(&self.body), Body::Gone);
        drop(body);
        // Taking a large memory back takes its time. The isolate ends in any case.
        let _ = self.charge_lap();
        let mut told = lock(&self.ended);
        if std::mem::replace(&mut *told, true) {
            // It hung, and all was told while it did.
            self.free_place();
            self.group.leave(self.number);
        } else {
            self.close();
            self.free_place();
            self.tell_end(reason, || self.group.leave(self.number));
        }
    }

    /// Tells of an end whose turn does not come back, unless it has after all.
    fn end_hanging(self: &Arc<Self>) {
        let mut told = lock(&self.ended);
        if !std::mem::replace(&mut *told, true) {
            self.close();
            let reason = self.stop_reason().unwrap_or(ExitReason::Killed);
            self.tell_end(reason, || self.group.hangs(self.number));
        }
    }

    /// Others may have its place in the group.
    fn free_place(&self) {
        self.group.free_place(self.number);
        if self.group.alive() == 0 {
            self.group.names.close(&self.group);
        }
    }

    /// Nothing comes in any more.
    fn close(&self) {
        let dropped = {
            let mut mailbox = lock(&self.mailbox);
            let dropped = mailbox.shut();
            mailbox.show(&self.meters);
            dropped
        };
        drop(dropped);
        self.end_life();
        self.show_cpu();
        self.group.remember(&self.meters);
    }

    /// Tells everybody, in the order in which they may hear of it. The group is left
    /// just before the reason can be seen.
    fn tell_end(self: &Arc<Self>, reason: ExitReason, leave: impl FnOnce()) {
        // What only guests hold on to is on no budget: little is kept for them.
        let short = cut(&reason);
        let is_watched = self.watches.load(Ordering::SeqCst) > 0;
        let linked = self.end_controls(short.clone()).tell(&reason);
        self.emit_end(&reason);
        self.group.core().isolate_exited(self, &reason);
        // A host is told of the cause before it is told of what follows.
        linked.end(self, &reason);
        // Who sees the reason sees the group without it, and who sees that sees
        // the reason.
        let mut exit = lock(&self.exit);
        exit.reason = Some(if is_watched { reason } else { short });
        let wakers = std::mem::take(&mut exit.wakers);
        leave();
        drop(exit);
        self.exited.notify_all();
        for waker in wakers.into_values() {
            // A host's code: one that panics must not take the worker along.
            shielded(|| waker.wake());
        }
        self.group.work_ends();
    }

    /// The host holds it once more.
    pub(crate) fn watch_begins(&self) {
        self.watches.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn watch_ends(&self) {
        self.watches.fetch_sub(1, Ordering::SeqCst);
    }

    fn emit_end(&self, reason: &ExitReason) {
        if let ExitReason::Limit { hit, .. } = reason {
            self.met(*hit);
        }
        if let Some(error) = crate::control::notices::error_text(reason) {
            self.emit(|group, isolate| Event::Uncaught {
                group,
                isolate,
                error,
            });
        }
        self.emit(|group, isolate| Event::Exited {
            group,
            isolate,
            reason: reason.clone(),
        });
    }

    /// Something was refused to it, or it ends, because of a limit: that is counted
    /// each time, and told not too often. No lock may be held.
    pub(crate) fn met(&self, hit: LimitHit) {
        if hit.limit.scope() == Scope::Isolate {
            self.meter(hit.limit).refuse();
        }
        self.group.meter(hit.limit).refuse();
        if self.is_news(hit.limit) {
            self.emit(|group, isolate| Event::LimitHit {
                group,
                isolate,
                hit,
            });
        }
    }

    /// Its mailbox has refused a message: where that was for want of room, a limit
    /// of its own was met, whoever sent the message. No lock may be held.
    pub(crate) fn refused_message(&self, status: SendStatus, cost: u64) -> SendStatus {
        if status == SendStatus::Full {
            let hit = lock(&self.mailbox).full_by(cost);
            self.met(hit);
        }
        status
    }

    /// What it uses of the limits that it has for itself.
    pub(crate) fn usage(&self) -> Usage {
        lock(&self.mailbox).show(&self.meters);
        self.show_life();
        self.show_cpu();
        Usage::of(Scope::Isolate, |limit| {
            Used::of(self.meters.of(limit), self.limits.get(limit))
        })
    }

    /// Whether listeners were not told of this limit for a while. A guest that asks
    /// in a loop for what it cannot have must not shut out all other events.
    fn is_news(&self, limit: Limit) -> bool {
        if !self.group.core().events.is_heard() {
            return false;
        }
        let now = self.group.now();
        let mut told = lock(&self.told);
        match told.iter_mut().find(|(other, _)| *other == limit) {
            Some((_, last)) if now.saturating_sub(*last) < LIMIT_TOLD_EVERY => false,
            Some((_, last)) => {
                *last = now;
                true
            }
            None => {
                told.push((limit, now));
                true
            }
        }
    }

    pub(crate) fn exit_reason(&self) -> Option<ExitReason> {
        lock(&self.exit).reason.clone()
    }

    /// The reason, or none and `waker` is woken when it is there. `number` is the
    /// future's, none where it has none yet.
    pub(crate) fn poll_exit(&self, number: &mut Option<u64>, waker: &Waker) -> Poll<ExitReason> {
        let waker = waker.clone();
        let mut exit = lock(&self.exit);
        if let Some(reason) = &exit.reason {
            return Poll::Ready(reason.clone());
        }
        let number = *number.get_or_insert_with(|| {
            exit.wakers_made += 1;
            exit.wakers_made
        });
        let old = exit.wakers.insert(number, waker);
        drop(exit);
        drop(old);
        Poll::Pending
    }

    /// That future does not wait any more.
    pub(crate) fn forget_waker(&self, number: u64) {
        let waker = lock(&self.exit).wakers.remove(&number);
        drop(waker);
    }

    pub(crate) fn wait_for_exit(&self) -> ExitReason {
        let mut exit = lock(&self.exit);
        loop {
            match &exit.reason {
                Some(reason) => return reason.clone(),
                None => exit = wait(&self.exited, exit),
            }
        }
    }

    pub(crate) fn wait_for_exit_timeout(&self, time: Duration) -> Option<ExitReason> {
        let Some(deadline) = Instant::now().checked_add(time) else {
            return Some(self.wait_for_exit());
        };
        let mut exit = lock(&self.exit);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if exit.reason.is_some() || left.is_zero() {
                return exit.reason.clone();
            }
            exit = wait_timeout(&self.exited, exit, left);
        }
    }
}
