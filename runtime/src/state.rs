//! What the store of one isolate holds: what its guest has, and what it has
//! used.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::{Memory, ResourceLimiter, TypedFunc, UpdateDeadline};
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::p1::WasiP1Ctx;

use crate::cpu;
use crate::guest_clock::GuestClock;
use crate::guest_random::GuestRandom;
use crate::handles::Handles;
use crate::input::Input;
use crate::isolate::IsolateCore;
use crate::mailbox::Batch;
use crate::open_files::Opened;
use crate::output::{LineBuffer, Stream};
use crate::overtime::milliseconds;
use crate::port::{Paid, PortRef};
use crate::preopen;
use crate::program::Program;
use crate::reach::Reach;
use crate::sched::Seat;
use crate::streams::Streams;
use crate::task::Task;
use insula_message::{ExitReason, Limit, LimitHit};

pub(crate) struct State {
    pub(crate) isolate: Arc<IsolateCore>,
    pub(crate) program: Program,
    pub(crate) handles: Handles,
    pub(crate) first_message: Option<Paid>,
    pub(crate) first_port_taken: bool,
    /// Where the spawner waits for what the entry returns.
    pub(crate) result_port: Option<PortRef>,
    pub(crate) turn: Turn,
    /// Found when it is needed first: also a start function may call imports.
    pub(crate) memory: Option<Memory>,
    /// The place in its memory that it has lent.
    pub(crate) lent: Option<Range<usize>>,
    pub(crate) realloc: Option<TypedFunc<(u32, u32, u32, u32), u32>>,
    pub(crate) in_realloc: bool,
    /// WASI was called from inside `cabi_realloc`.
    pub(crate) wasi_in_realloc: bool,
    pub(crate) clock: GuestClock,
    pub(crate) random: GuestRandom,
    /// Made when it is needed first: many guests never do.
    wasi: Option<Box<WasiP1Ctx>>,
    /// What the isolate may reach of the world outside. Here and not with what outlives
    /// it, as folders are open in it.
    pub(crate) reach: Arc<Reach>,
    /// Which of its descriptors are its streams.
    pub(crate) streams: Streams,
    pub(crate) input: Input,
    /// What is open beside its streams, by the descriptor.
    pub(crate) opened: BTreeMap<u32, Opened>,
    pub(crate) stdout: LineBuffer,
    pub(crate) stderr: LineBuffer,
    /// What a panic hook said.
    pub(crate) failure: Option<Failure>,
    /// The memory or table limit that was met last in this turn.
    pub(crate) refused: Option<LimitHit>,
    /// What was allowed last, to be taken back if it then fails.
    memory_growth: u64,
    table_growth: u64,
}

pub(crate) struct Failure {
    pub(crate) text: String,
    pub(crate) place: String,
}

/// The turn that runs.
pub(crate) struct Turn {
    pub(crate) seat: Arc<Seat<Task>>,
    pub(crate) events: u64,
    /// Messages that it has taken and not yet been given. Empty between turns.
    pub(crate) batch: Batch,
    pub(crate) began_at_tick: u64,
    /// What it has computed, at its last checkpoint.
    computed: Cell<Duration>,
    /// The tick at which it last came by a checkpoint in a call of the host's.
    looked: Cell<u64>,
}

impl Turn {
    pub(crate) fn begin(seat: &Arc<Seat<Task>>, tick: u64) -> Self {
        Turn {
            seat: seat.clone(),
            events: 0,
            batch: Batch::default(),
            began_at_tick: tick,
            computed: Cell::default(),
            looked: Cell::new(tick),
        }
    }

    /// The next one of the same isolate.
    pub(crate) fn begin_again(&mut self, seat: &Arc<Seat<Task>>, tick: u64) {
        // Mostly on the same thread: counting who holds its seat costs more than a
        // look.
        if !Arc::ptr_eq(&self.seat, seat) {
            self.seat = seat.clone();
        }
        self.events = 0;
        self.began_at_tick = tick;
        self.computed.set(Duration::ZERO);
        self.looked.set(tick);
    }
}

/// Why a host function, or a checkpoint, ends the isolate.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Stop {
    #[error("{0}")]
    ContractBroken(String),
    #[error("{0}")]
    Limit(LimitHit),
    /// The guest asked for it.
    #[error("exit({0})")]
    Exit(i32),
    /// An error that nothing in the guest has caught.
    #[error("{error}")]
    Failed { error: String, place: String },
    /// Somebody else asked for it; the isolate knows why.
    #[error("stopped from outside")]
    Asked,
}

impl State {
    pub(crate) fn new(
        isolate: &Arc<IsolateCore>,
        program: &Program,
        reach: Arc<Reach>,
        first_message: Option<Paid>,
        turn: Turn,
    ) -> Self {
        State {
            isolate: isolate.clone(),
            program: program.clone(),
            handles: Handles::new(isolate),
            first_message,
            first_port_taken: false,
            result_port: None,
            turn,
            memory: None,
            lent: None,
            realloc: None,
            in_realloc: false,
            wasi_in_realloc: false,
            clock: GuestClock::new(reach.clock, isolate.group()),
            random: isolate.random().numbers(),
            wasi: None,
            reach,
            streams: Streams::default(),
            input: Input::Closed,
            opened: BTreeMap::new(),
            stdout: LineBuffer::new(Stream::Stdout),
            stderr: LineBuffer::new(Stream::Stderr),
            failure: None,
            refused: None,
            memory_growth: 0,
            table_growth: 0,
        }
    }

    /// What the isolate may reach. Its output, its input, its clocks and its random
    /// numbers are shadowed by ours.
    pub(crate) fn wasi(&mut self) -> &mut WasiP1Ctx {
        self.wasi_in_realloc |= self.in_realloc;
        self.isolate.enters_host();
        // Not the program's name: its path is nobody's business.
        let name = self.isolate.name();
        let (isolate, reach, opened) = (&self.isolate, &self.reach, &mut self.opened);
        self.wasi.get_or_insert_with(|| {
            let mut builder = WasiCtxBuilder::new();
            builder
                .arg(name)
                .args(&reach.args)
                .allow_blocking_current_thread(true);
            for (name, value) in &reach.env {
                builder.env(name, value);
            }
            for (fd, dir) in (preopen::FIRST..).zip(&reach.dirs) {
                let (_counted, folder) = (None, Some(dir.folder.clone()));
                opened.insert(fd, Opened { _counted, folder });
            }
            let built = preopen::build(builder, &reach.dirs);
            Box::new(built.unwrap_or_else(|error| {
                // It must not run on as if nothing had been granted to it.
                let why = format!("its folders could not be given to it: {error:#}");
                isolate.stop(ExitReason::HostFailed(why));
                opened.clear();
                WasiCtxBuilder::new().build_p1()
            }))
        })
    }

    /// The same, and what is open in it.
    pub(crate) fn wasi_and_opened(&mut self) -> (&mut WasiP1Ctx, &BTreeMap<u32, Opened>) {
        self.wasi();
        match &mut self.wasi {
            Some(wasi) => (wasi, &self.opened),
            None => unreachable!("it was just made"),
        }
    }

    /// What running guest code comes by once a tick: the place where it stops,
    /// where its time is counted, and where it waits when it lost its permit.
    pub(crate) fn checkpoint(&self) -> wasmtime::Result<UpdateDeadline> {
        self.isolate.is_out_of_host();
        self.check_stopped()?;
        let isolate = self.isolate.clone();
        let seat = self.turn.seat.clone();
        let scheduler = &isolate.group().core().scheduler;
        self.wait(|isolate| {
            isolate.waiting_on(&seat, || {
                scheduler.checkpoint(&seat, || isolate.is_stopped())
            });
        })?;
        Ok(UpdateDeadline::Continue(1))
    }

    /// Waits for something, and stops where the isolate was stopped meanwhile.
    pub(crate) fn wait(&self, wait: impl FnOnce(&IsolateCore)) -> wasmtime::Result<()> {
        self.charge()?;
        wait(&self.isolate);
        cpu::skip();
        self.check_stopped()
    }

    /// Whether a read of its input would not wait.
    pub(crate) fn is_input_ready(&self) -> bool {
        self.input.is_ready_or_nudges(&self.turn.seat)
    }

    /// Waits on the turn's own thread until there is input, or until `deadline`; the
    /// monitor hands its permit over.
    pub(crate) fn wait_for_input(&self, deadline: Option<Instant>) -> wasmtime::Result<()> {
        if self.is_input_ready() {
            return Ok(());
        }
        self.charge()?;
        let seat = &self.turn.seat;
        self.isolate.waiting_on(seat, || {
            seat.sleep_in_turn(deadline, || {
                self.isolate.is_stopped() || self.is_input_ready()
            });
        });
        cpu::skip();
        self.check_stopped()
    }

    /// Charges what was computed up to here, and stops where that is too much.
    fn charge(&self) -> Result<(), Stop> {
        let isolate = &self.isolate;
        let lap = isolate.charge_lap().map_err(Stop::Limit)?;
        let computed = self.turn.computed.get() + lap;
        self.turn.computed.set(computed);
        isolate.meter(Limit::TurnCpu).set(milliseconds(computed));
        isolate
            .check_cpu(computed, Limit::TurnCpu)
            .map_err(Stop::Limit)
    }

    /// What a call of the host's comes by first. Guest code has its checkpoints at
    /// loops and at the beginnings of functions; a long row of calls has none.
    pub(crate) fn checkpoint_in_call(&self) -> wasmtime::Result<()> {
        let tick = self.isolate.group().core().scheduler.ticks();
        if self.turn.looked.replace(tick) == tick {
            return self.check_stopped();
        }
        self.checkpoint().map(drop)
    }

    /// Stops where the isolate was asked to end.
    pub(crate) fn check_stopped(&self) -> wasmtime::Result<()> {
        if self.isolate.is_stopped() {
            return Err(Stop::Asked.into());
        }
        Ok(())
    }

    /// Takes `more` from what the isolate and its group may have.
    fn grow(&self, own: Limit, of_group: Limit, more: u64) -> Result<(), LimitHit> {
        let isolate = &self.isolate;
        isolate.charge(own, more)?;
        let charged = isolate.group().charge(of_group, more);
        match charged {
            Ok(()) if of_group == Limit::GroupMemory => {
                isolate.group().core().memory.charge(more, u64::MAX);
            }
            Ok(()) => {}
            Err(_) => isolate.meter(own).discharge(more),
        }
        charged
    }

    fn shrink(&self, own: Limit, of_group: Limit, less: u64) {
        self.isolate.meter(own).discharge(less);
        let group = self.isolate.group();
        group.discharge(of_group, less);
        if of_group == Limit::GroupMemory {
            group.core().memory.discharge(less);
        }
    }

    /// Prints what has no end of line.
    fn print_rest(&mut self) {
        self.stdout.finish(&self.isolate);
        self.stderr.finish(&self.isolate);
    }

    /// No memory, or no table, of that size.
    fn refuse(&mut self, hit: LimitHit) -> wasmtime::Result<bool> {
        self.refused = Some(hit);
        self.isolate.met(hit);
        Ok(false)
    }
}

impl ResourceLimiter for State {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current) as u64;
        self.memory_growth = 0;
        match self.grow(Limit::Memory, Limit::GroupMemory, more) {
            Ok(()) => self.memory_growth = more,
            Err(hit) => return self.refuse(hit),
        }
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        let growth = std::mem::take(&mut self.memory_growth);
        self.shrink(Limit::Memory, Limit::GroupMemory, growth);
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current) as u64;
        self.table_growth = 0;
        match self.grow(Limit::TableElements, Limit::GroupTableElements, more) {
            Ok(()) => self.table_growth = more,
            Err(hit) => return self.refuse(hit),
        }
        Ok(true)
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        let growth = std::mem::take(&mut self.table_growth);
        self.shrink(Limit::TableElements, Limit::GroupTableElements, growth);
        Ok(())
    }
}

impl Drop for State {
    fn drop(&mut self) {
        if !self.isolate.hangs() {
            self.print_rest();
        }
        for (own, of_group) in [
            (Limit::Memory, Limit::GroupMemory),
            (Limit::TableElements, Limit::GroupTableElements),
        ] {
            let all = self.isolate.meter(own).used();
            self.shrink(own, of_group, all);
        }
    }
}
