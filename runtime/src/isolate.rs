//! One isolate, as the host's threads share it: everything but what its store
//! holds.

mod ending;
mod exit;
mod limits_met;
mod observed;
mod stopping;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::time::Duration;

use exit::Exit;

use crate::control::{Controls, Part};
use crate::cpu::Computed;
use crate::events::Event;
use crate::group::GroupCore;
use crate::guest_random::RandomSource;
use crate::host_memory::{HostShare, ISOLATE, PORT, STORE};
use crate::limits::Limits;
use crate::mailbox::{Locked, Mailbox, MailboxLock};
use crate::meters::{IsolateMeters, Meter};
use crate::observe::Sent;
use crate::overtime::Overtime;
use crate::port::{Port, PortRef, Target};
use crate::program::Program;
use crate::sched::{RunState, Seat};
use crate::sync::lock;
use crate::task::Task;
use crate::turn::{Body, Start, TurnEnd};
use insula_message::{ExitReason, Limit, LimitHit};

pub(crate) struct IsolateCore {
    number: u64,
    /// The isolate that spawned it, alive or not.
    spawner: Option<u64>,
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
    sent: Sent,
    /// Of an isolate whose program is being loaded: nobody has queued it yet.
    waits_for_program: AtomicBool,
    mailbox: MailboxLock,
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

/// What an isolate is made with.
pub(crate) struct Traits {
    pub(crate) number: u64,
    pub(crate) spawner: Option<u64>,
    pub(crate) name: String,
    pub(crate) share: HostShare,
    pub(crate) limits: Arc<Limits>,
    pub(crate) random: RandomSource,
    pub(crate) errors_fatal: bool,
    pub(crate) paused: bool,
}

/// The slot of the first receive port in every mailbox.
pub(crate) const FIRST_PORT: usize = 0;
impl IsolateCore {
    /// Makes an isolate that its maker queues.
    pub(crate) fn new(traits: Traits, group: &Arc<GroupCore>, start: Start) -> Arc<Self> {
        let Traits {
            number,
            spawner,
            name,
            share,
            limits,
            random,
            errors_fatal,
            paused,
        } = traits;
        let isolate = Arc::new(IsolateCore {
            number,
            spawner,
            name,
            entry: OnceLock::new(),
            run: RunState::made(),
            cpu: Computed::default(),
            sent: Sent::default(),
            waits_for_program: AtomicBool::new(false),
            mailbox: MailboxLock::new(Mailbox::new(group.clone(), limits.clone())),
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
            self.set_entry(entry.to_owned());
        }
        Ok(())
    }

    pub(crate) fn set_entry(&self, entry: String) {
        self.entry.get_or_init(|| entry);
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

    pub(crate) fn mailbox(&self) -> Locked<'_> {
        self.mailbox.lock()
    }

    /// Whether its mailbox has something for it, in a turn of its own: see
    /// [`MailboxLock::has_ready`].
    pub(crate) fn has_ready(&self) -> bool {
        self.mailbox.has_ready()
    }

    /// Whether its mailbox has anything that it lives for, in a turn of its own.
    pub(crate) fn keeps_alive(&self) -> bool {
        self.mailbox.keeps_alive()
    }

    pub(crate) fn body(&self) -> &Mutex<Body> {
        &self.body
    }

    /// A new receive port: its slot.
    pub(crate) fn open_port(self: &Arc<Self>, token: u64) -> Result<usize, LimitHit> {
        let share = HostShare::take(&self.group, PORT)?;
        self.mailbox().make_place()?;
        Ok(self.add_port(token, Some(share)))
    }

    /// Closes the receive port in `slot`.
    pub(crate) fn close_port(&self, slot: usize) {
        // Dropped after the lock: that may lock mailboxes.
        let dropped = self.mailbox().close(slot);
        drop(dropped);
    }

    fn add_port(self: &Arc<Self>, token: u64, share: Option<HostShare>) -> usize {
        self.mailbox().open(token, |slot| {
            let target = Target::Isolate {
                isolate: self.clone(),
                slot,
            };
            Port::new(self.group.core().port_ids.take(1), target, share)
        })
    }

    /// A send port for the receive port in `slot`, none when it is closed.
    pub(crate) fn sender(&self, slot: usize, holder: Option<&Arc<GroupCore>>) -> Option<PortRef> {
        let port = self.mailbox().port(slot)?.clone();
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
}
