//! What all groups of one runtime share.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Instant;

use wasmtime::Engine;

use crate::capabilities::ClockAccess;
use crate::clock::Clock;
use crate::events;
use crate::group::{GroupCore, GroupPast};
use crate::guest_random;
use crate::isolate::IsolateCore;
use crate::knobs::MappingBudget;
use crate::limits::Limits;
use crate::loader::Loader;
use crate::meters::Meter;
use crate::observe::{Past, Recorder};
use crate::output::{GroupOutput, Output};
use crate::places::Places;
use crate::port_ids::PortIds;
use crate::program::Compiler;
use crate::runtime::Figures;
use crate::sched::Scheduler;
use crate::sync::{JoinHandle, lock, spawn_thread};
use crate::task::Task;
use insula_message::{ExitReason, Limit};

pub(crate) struct Core {
    pub(crate) engine: Engine,
    pub(crate) compiler: Arc<Compiler>,
    pub(crate) scheduler: Arc<Scheduler<Task>>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) loader: Arc<Loader>,
    pub(crate) output: Box<dyn Output>,
    pub(crate) places: Arc<Places>,
    pub(crate) limits: Limits,
    /// Where runs are to be the same each time: what they depend on instead.
    pub(crate) seed: Option<u64>,
    pub(crate) port_ids: PortIds,
    pub(crate) on_exit: Option<OnExit>,
    pub(crate) events: Arc<events::Hub>,
    pub(crate) mappings: MappingBudget,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) permits: usize,
    pub(crate) made: Instant,
    /// Isolates alive, and bytes of their linear memory: for the most at once, of all
    /// groups.
    pub(crate) isolates: Meter,
    pub(crate) memory: Meter,
    groups: Mutex<Groups>,
    monitor: Mutex<Option<JoinHandle>>,
    closing: AtomicBool,
}

/// What a host chooses for a runtime.
pub(crate) struct Settings {
    pub(crate) permits: usize,
    pub(crate) max_isolates: u32,
    pub(crate) limits: Limits,
    pub(crate) seed: Option<u64>,
    pub(crate) output: Box<dyn Output>,
    pub(crate) on_exit: Option<OnExit>,
    pub(crate) events: Arc<events::Hub>,
}

/// What a host wants to be told of every isolate that ends: its name and why.
pub(crate) type OnExit = Box<dyn Fn(&str, &ExitReason) + Send + Sync>;

/// A group, and what is known of it also in the moment in which it is dropped.
struct Known {
    group: Weak<GroupCore>,
    past: Arc<GroupPast>,
}

#[derive(Default)]
struct Groups {
    made: u64,
    alive: HashMap<u64, Known>,
    /// Of those that are not there any more.
    past: Past,
}

/// How often the monitor looks.
const TICK: std::time::Duration = std::time::Duration::from_millis(1);

/// Turns that have lasted for so many ticks are looked at, and as often.
const LONG_TURN: u64 = 8;

/// For how many ticks without a turn the monitor stays awake: waking it costs
/// the next sender a system call.
const QUIET_TICKS: u32 = 100;

impl Core {
    pub(crate) fn start(compiler: Compiler, settings: Settings) -> std::io::Result<Arc<Self>> {
        let mappings = MappingBudget::new(compiler.profile.mappings());
        let core = Arc::new(Core {
            scheduler: Arc::new(match settings.seed {
                None => Scheduler::new(settings.permits, settings.limits.guest_stack()),
                Some(seed) => {
                    let draw = guest_random::draw(seed);
                    Scheduler::drawing(draw, settings.limits.guest_stack())
                }
            }),
            clock: Clock::new(),
            loader: Loader::new(settings.permits, &settings.limits),
            engine: compiler.engine.clone(),
            compiler: Arc::new(compiler),
            output: settings.output,
            places: Places::new(settings.max_isolates),
            limits: settings.limits,
            seed: settings.seed,
            port_ids: match settings.seed {
                None => PortIds::Process,
                Some(_) => PortIds::block(),
            },
            on_exit: settings.on_exit,
            events: settings.events,
            mappings,
            recorder: Arc::default(),
            permits: settings.permits,
            made: Instant::now(),
            isolates: Meter::default(),
            memory: Meter::default(),
            groups: Mutex::new(Groups::default()),
            monitor: Mutex::new(None),
            closing: AtomicBool::new(false),
        });
        let started = core.start_threads();
        if started.is_err() {
            core.close();
        }
        started.map(|()| core)
    }

    fn start_threads(&self) -> std::io::Result<()> {
        self.scheduler.start()?;
        self.clock.start()?;
        let (scheduler, engine) = (self.scheduler.clone(), self.engine.clone());
        let monitor = spawn_thread("insula-monitor".to_owned(), move || {
            monitor(&scheduler, &engine)
        })?;
        *lock(&self.monitor) = Some(monitor);
        Ok(())
    }

    /// A new group, none when the runtime is being shut down.
    pub(crate) fn new_group(
        self: &Arc<Self>,
        limits: Limits,
        output: GroupOutput,
        clock: ClockAccess,
        weight: u32,
    ) -> Option<Arc<GroupCore>> {
        let mut groups = lock(&self.groups);
        if self.closing.load(Ordering::SeqCst) {
            return None;
        }
        groups.made += 1;
        let group = GroupCore::new(groups.made, self.clone(), limits, output, clock, weight);
        let number = groups.made;
        let known = Known {
            group: Arc::downgrade(&group),
            past: group.past().clone(),
        };
        groups.alive.insert(number, known);
        Some(group)
    }

    pub(crate) fn forget_group(&self, number: u64, past: &GroupPast) {
        let mut groups = lock(&self.groups);
        if groups.alive.remove(&number).is_some() {
            groups.past += &past.read();
        }
    }

    /// Every group, by its number, and what those had that are not there any more.
    pub(crate) fn groups(&self) -> (Vec<Arc<GroupCore>>, Past) {
        let (mut alive, mut past) = (Vec::new(), Past::default());
        {
            let groups = lock(&self.groups);
            past += &groups.past;
            for known in groups.alive.values() {
                match known.group.upgrade() {
                    Some(group) => alive.push(group),
                    None => past += &known.past.read(),
                }
            }
        }
        alive.sort_unstable_by_key(|group| group.number());
        (alive, past)
    }

    pub(crate) fn group(&self, number: u64) -> Option<Arc<GroupCore>> {
        lock(&self.groups).alive.get(&number)?.group.upgrade()
    }

    pub(crate) fn figures(&self) -> Figures {
        let (groups, _) = self.groups();
        let mut figures = Figures {
            timers: self.clock.pending(),
            workers: self.scheduler.threads(),
            preempted: self.scheduler.preempted(),
            loads: self.loader.running(),
            pool_memories: self.places.taken() as usize,
            ..Figures::default()
        };
        for group in groups {
            figures.groups += usize::from(!group.is_empty());
            figures.isolates += group.alive();
            figures.hanging += group.hanging();
            group.add_figures(&mut figures);
            figures.names += group.names.count();
            figures.memory += group.meter(Limit::GroupMemory).used();
        }
        figures
    }

    pub(crate) fn isolate_exited(&self, isolate: &IsolateCore, reason: &ExitReason) {
        if let Some(on_exit) = &self.on_exit {
            shielded(|| on_exit(isolate.name(), reason));
        }
    }

    /// Ends every isolate and joins every thread.
    pub(crate) fn close(&self) {
        let groups: Vec<_> = {
            let groups = lock(&self.groups);
            self.closing.store(true, Ordering::SeqCst);
            let alive = groups.alive.values();
            alive.filter_map(|known| known.group.upgrade()).collect()
        };
        for group in &groups {
            group.end_all(ExitReason::ShutDown);
        }
        // A program that is being compiled cannot be stopped. Its isolate ends
        // before it begins.
        self.loader.stop();
        for group in &groups {
            group.wait_until_empty();
        }
        self.clock.stop();
        self.scheduler.close();
        if let Some(monitor) = lock(&self.monitor).take() {
            let _ = monitor.join();
        }
        self.events.close();
    }
}

/// Calls a function of the host's: one that panics must not take a worker along.
pub(crate) fn shielded(call: impl FnOnce()) {
    // The panic's message was printed by its hook.
    let _ = catch_unwind(AssertUnwindSafe(call));
}

/// Looks for turns that take long, and lets running guests know that time goes
/// by. Runs no code of the host's, which could stop the clock for all.
fn monitor(scheduler: &Arc<Scheduler<Task>>, engine: &Engine) {
    let mut quiet = 0;
    while quiet < QUIET_TICKS || scheduler.wait_until_used() {
        if quiet >= QUIET_TICKS {
            quiet = 0;
        }
        std::thread::sleep(TICK);
        let used = scheduler.tick();
        engine.increment_epoch();
        if scheduler.ticks().is_multiple_of(LONG_TURN) {
            for (Task(isolate), lasted) in scheduler.long_turns(LONG_TURN) {
                isolate.turn_lasts(lasted);
            }
        }
        if !used && scheduler.is_closing() {
            return;
        }
        quiet = if used { 0 } else { quiet + 1 };
    }
}
