//! One turn of an isolate: the entry, or a wake.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use wasmtime::{Instance, ModuleExport, Store, Trap, TypedFunc, WasmBacktrace, WasmParams};

use crate::abi::{self, Delivered};
use crate::capabilities::Stdin;
use crate::control::Attended;
use crate::exit::{frames, without_panicking};
use crate::host_memory::HostShare;
use crate::input::Input;
use crate::isolate::IsolateCore;
use crate::knobs;
use crate::mailbox;
use crate::memory;
use crate::observe::traced;
use crate::overtime::limit_reason;
use crate::places::{Place, Places};
use crate::port::{Paid, PortRef};
use crate::program::Program;
use crate::reach::Reach;
use crate::sched::Seat;
use crate::state::{State, Stop, Turn};
use crate::sync::lock;
use crate::task::Task;
use insula_message::{Backtrace, ExitReason, Limit, LimitHit};

/// What the worker that runs an isolate needs of it.
pub(crate) enum Body {
    New(Box<Start>),
    Live(Box<Live>),
    Gone,
}

/// An isolate that has not run yet.
pub(crate) struct Start {
    /// The program, or why it could not be loaded. None while it is being
    /// loaded; nobody queues the isolate before that is over.
    pub(crate) program: Option<Result<Program, ExitReason>>,
    pub(crate) first_message: Option<Paid>,
    pub(crate) result_port: Option<PortRef>,
    pub(crate) reach: Arc<Reach>,
    pub(crate) stdin: Stdin,
    /// What the host keeps for it while it is alive.
    pub(crate) share: Option<HostShare>,
}

impl Start {
    /// A program that was not known when it was spawned: what its instance takes is
    /// on the budget from now on.
    pub(crate) fn pay_for(&mut self, program: Program) -> Result<Program, ExitReason> {
        if let Some(share) = &mut self.share {
            share.grow(program.instance_bytes()).map_err(limit_reason)?;
        }
        Ok(program)
    }
}

impl Body {
    fn cannot_start(&self) -> bool {
        matches!(self, Body::New(start) if matches!(start.program, Some(Err(_))))
    }
}

pub(crate) struct Live {
    store: Store<State>,
    instance: Instance,
    /// Found when it is needed first: many isolates end with their first turn.
    wake: Option<Wake>,
    _share: Option<HostShare>,
    /// Free again once the store is gone.
    _place: Place,
}

/// What begins a turn.
struct Wake {
    plain: TypedFunc<(), ()>,
    /// The same with a message, where the guest has it.
    deliver: Option<TypedFunc<Delivered, ()>>,
}

impl Wake {
    fn call(&self, store: &mut Store<State>) -> wasmtime::Result<()> {
        if let Some(deliver) = &self.deliver {
            while let Some(message) = abi::deliver(store)? {
                deliver.call(&mut *store, message)?;
                let (.., last) = message;
                if last != 0 && !store.data().isolate.has_ready() {
                    return Ok(());
                }
            }
        }
        self.plain.call(store, ())
    }
}

pub(crate) enum TurnEnd {
    /// Nothing to do until something happens.
    Idle,
    /// There is more to do; others may go first.
    More,
    Ended(ExitReason),
}

impl TurnEnd {
    /// The same, or the end where a limit was met.
    pub(crate) fn unless_over<T>(self, charged: Result<T, LimitHit>) -> Self {
        match (self, charged) {
            (TurnEnd::Idle | TurnEnd::More, Err(hit)) => TurnEnd::Ended(limit_reason(hit)),
            (end, _) => end,
        }
    }
}

/// Runs one turn of `isolate` on the thread of `seat`.
pub(crate) fn run(isolate: &Arc<IsolateCore>, seat: &Arc<Seat<Task>>) -> TurnEnd {
    if let Some(reason) = isolate.stop_reason_if_stopped() {
        return TurnEnd::Ended(reason);
    }
    if let Some(end) = not_now(isolate) {
        return end;
    }
    let _span = traced::turn(isolate);
    // A panic here is a bug of ours. It ends this isolate, and no other notices.
    let ran = catch_unwind(AssertUnwindSafe(|| run_body(isolate, seat)));
    match ran {
        Ok(Ok(can_wake)) => after(isolate, can_wake),
        Ok(Err(reason)) => TurnEnd::Ended(reason),
        Err(panic) => TurnEnd::Ended(ExitReason::HostFailed(panic_text(&*panic))),
    }
}

/// Why there is no turn now: the isolate is paused, or was told to end before
/// its next event.
fn not_now(isolate: &Arc<IsolateCore>) -> Option<TurnEnd> {
    match isolate.attend() {
        Attended::GoOn => None,
        // A pause delays what it does; where its program could not be loaded it can
        // do nothing.
        Attended::Pause if lock(isolate.body()).cannot_start() => None,
        Attended::Pause => Some(TurnEnd::Idle),
        Attended::End => Some(TurnEnd::Ended(stop_reason(isolate))),
    }
}

fn stop_reason(isolate: &IsolateCore) -> ExitReason {
    isolate.stop_reason().unwrap_or(ExitReason::Killed)
}

/// What comes after a turn that went well.
/// `can_wake` says whether it could run another one.
fn after(isolate: &Arc<IsolateCore>, can_wake: bool) -> TurnEnd {
    if let Some(reason) = isolate.stop_reason_if_stopped() {
        return TurnEnd::Ended(reason);
    }
    let paused = match isolate.attend() {
        Attended::GoOn => false,
        Attended::Pause => true,
        Attended::End => return TurnEnd::Ended(stop_reason(isolate)),
    };
    if !can_wake || !isolate.keeps_alive() {
        TurnEnd::Ended(ExitReason::Ended)
    } else if isolate.has_ready() && !paused {
        TurnEnd::More
    } else {
        TurnEnd::Idle
    }
}

/// Runs guest code. True when there can be another turn.
fn run_body(isolate: &Arc<IsolateCore>, seat: &Arc<Seat<Task>>) -> Result<bool, ExitReason> {
    let tick = isolate.group().core().scheduler.ticks();
    let mut body = lock(isolate.body());
    match &mut *body {
        Body::Live(live) => {
            live.wake(seat, tick)?;
            Ok(live.finish(isolate))
        }
        Body::New(start) => {
            let mut live = start.run(isolate, Turn::begin(seat, tick))?;
            let can_wake = live.finish(isolate);
            *body = Body::Live(Box::new(live));
            Ok(can_wake)
        }
        Body::Gone => Ok(false),
    }
}

impl Start {
    fn run(&mut self, isolate: &Arc<IsolateCore>, turn: Turn) -> Result<Live, ExitReason> {
        let program = match self.program.take() {
            Some(Ok(program)) => program,
            Some(Err(why)) => return Err(why),
            None => {
                return Err(ExitReason::NotStarted(
                    "its program was never loaded".to_owned(),
                ));
            }
        };
        let core = isolate.group().core();
        let place = core.places.take().ok_or_else(|| no_place(&core.places))?;
        let has_room = core.mappings.check(core.places.taken());
        has_room.map_err(ExitReason::NotStarted)?;
        let mut state = State::new(
            isolate,
            &program,
            self.reach.clone(),
            self.first_message.take(),
            turn,
        );
        state.result_port = self.result_port.take();
        state.input = Input::new(std::mem::take(&mut self.stdin));
        let mut store = Store::new(&isolate.group().core().engine, state);
        store.limiter(|state| state);
        store.epoch_deadline_callback(|mut store| store.data_mut().checkpoint());
        store.set_hostcall_fuel(WASI_COPY_BYTES);
        // Instantiation, the start function and `_initialize` belong to the
        // first turn, so the deadline comes first.
        store.set_epoch_deadline(1);
        let make = || program.pre().instantiate(&mut store);
        let instance = memory::beginning_as(program.image(), make)
            .map_err(|error| reason(error, &store, true))?;
        let entry = program.export_of(isolate.entry());
        for export in [program.exports().initialize, entry].into_iter().flatten() {
            if let Some(function) = exported::<()>(&instance, &mut store, export) {
                function
                    .call(&mut store, ())
                    .map_err(|error| reason(error, &store, false))?;
            }
        }
        Ok(Live {
            store,
            instance,
            wake: None,
            _share: self.share.take(),
            _place: place,
        })
    }
}

/// An export that is a function with these parameters and without results.
fn exported<P: WasmParams>(
    instance: &Instance,
    store: &mut Store<State>,
    export: ModuleExport,
) -> Option<TypedFunc<P, ()>> {
    let export = instance.get_module_export(&mut *store, &export)?;
    export.into_func()?.typed(store).ok()
}

/// How many bytes one WASI call may make the host copy.
const WASI_COPY_BYTES: usize = 1 << 20;

impl Live {
    fn wake(&mut self, seat: &Arc<Seat<Task>>, tick: u64) -> Result<(), ExitReason> {
        if self.wake.is_none() {
            self.wake = self.find_wake();
        }
        let Live { store, wake, .. } = self;
        let Some(wake) = wake else {
            return Ok(());
        };
        let state = store.data_mut();
        state.turn.begin_again(seat, tick);
        state.refused = None;
        state.clock.turn_begins();
        store.set_epoch_deadline(1);
        wake.call(store)
            .map_err(|error| reason(error, store, false))
    }

    /// Nothing of the turn is left over. True when there can be another one.
    fn finish(&mut self, isolate: &Arc<IsolateCore>) -> bool {
        let turn = &mut self.store.data_mut().turn;
        mailbox::put_back(isolate, std::mem::take(&mut turn.batch));
        self.store.data().program.exports().wake.is_some()
    }

    #[cold]
    fn find_wake(&mut self) -> Option<Wake> {
        let Live {
            store, instance, ..
        } = self;
        let exports = store.data().program.exports();
        let (wake, deliver) = (exports.wake?, exports.deliver);
        Some(Wake {
            plain: exported(instance, store, wake)?,
            deliver: deliver.and_then(|export| exported(instance, store, export)),
        })
    }
}

fn no_place(places: &Places) -> ExitReason {
    let most = places.most();
    ExitReason::NotStarted(format!(
        "all {most} places for isolates of this runtime are in use \
         (raise it with `RuntimeBuilder::max_isolates`)"
    ))
}

/// Why a call into the guest ended its isolate.
fn reason(error: wasmtime::Error, store: &Store<State>, instantiating: bool) -> ExitReason {
    let state = store.data();
    let backtrace = error
        .downcast_ref::<WasmBacktrace>()
        .map(frames)
        .unwrap_or_default();
    if let Some(stop) = error.downcast_ref::<Stop>() {
        return stopped(stop, state, backtrace);
    }
    if let Some(failure) = &state.failure {
        return ExitReason::Panicked {
            message: failure.text.clone(),
            place: failure.place.clone(),
            backtrace: without_panicking(backtrace),
        };
    }
    let trap = error.downcast_ref::<Trap>();
    if trap == Some(&Trap::StackOverflow) {
        let hit = state.isolate.limits().hit(Limit::WasmStack);
        return ExitReason::Limit { hit, backtrace };
    }
    // Guests abort with `unreachable` when memory is refused to them.
    let gave_up = match trap {
        Some(trap) => *trap == Trap::UnreachableCodeReached,
        None => instantiating,
    };
    match (state.refused, trap) {
        (Some(hit), _) if gave_up => ExitReason::Limit { hit, backtrace },
        (_, Some(trap)) => ExitReason::Trapped {
            trap: trap.to_string(),
            backtrace,
        },
        _ if instantiating => ExitReason::NotStarted(knobs::explain(&error)),
        _ => ExitReason::Trapped {
            trap: error.root_cause().to_string(),
            backtrace,
        },
    }
}

fn stopped(stop: &Stop, state: &State, backtrace: Backtrace) -> ExitReason {
    match stop {
        Stop::ContractBroken(what) => ExitReason::ContractBroken {
            what: what.clone(),
            backtrace,
        },
        Stop::Limit(hit) => ExitReason::Limit {
            hit: *hit,
            backtrace,
        },
        Stop::Exit(0) => ExitReason::Ended,
        Stop::Exit(code) => ExitReason::Exited(*code),
        Stop::Failed { error, place } => ExitReason::Failed {
            error: error.clone(),
            place: place.clone(),
            backtrace: without_panicking(backtrace),
        },
        Stop::Asked => with_backtrace(stop_reason(&state.isolate), backtrace),
    }
}

/// Who sets a limit on a turn from outside does not know what runs in it.
fn with_backtrace(reason: ExitReason, backtrace: Backtrace) -> ExitReason {
    match reason {
        ExitReason::Limit { hit, .. } => ExitReason::Limit { hit, backtrace },
        other => other,
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}
