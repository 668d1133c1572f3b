//! Making isolates: for the host, inside a group, and from a URI.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::capabilities::Stdin;
use crate::controller::Watched;
use crate::error::{self, LoadError};
use crate::events::Event;
use crate::group::{Activity, GroupCore};
use crate::guest_random::RandomSource;
use crate::host_memory::{HostShare, LISTENER};
use crate::isolate::{FIRST_PORT, IsolateCore, Traits};
use crate::limits::Limits;
use crate::listeners::ExitListener;
use crate::loader::{Load, Owner};
use crate::observe::traced;
use crate::overtime::limit_reason;
use crate::port::{Paid, PortRef, SendStatus};
use crate::program::Program;
use crate::reach::Reach;
use crate::sched::Seat;
use crate::sync::lock;
use crate::task::Task;
use crate::turn::{Body, Start};
use crate::uri::Granted;
use insula_message::{ExitReason, Limit, LimitHit};

/// What a new isolate is to be.
pub(crate) struct Child {
    /// Its entry; empty means the program's default.
    pub(crate) entry: String,
    pub(crate) first_message: Option<Paid>,
    /// What it is called in place of its entry.
    pub(crate) name: Option<String>,
    pub(crate) paused: bool,
    pub(crate) errors_fatal: bool,
    pub(crate) on_exit: Option<PortRef>,
    pub(crate) on_error: Option<PortRef>,
    pub(crate) result_port: Option<PortRef>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) reach: Arc<Reach>,
    /// Of the first isolate of a group; nobody else has any.
    pub(crate) stdin: Stdin,
}

impl Child {
    /// One with the usual traits.
    pub(crate) fn new(entry: &str, limits: Arc<Limits>, reach: Arc<Reach>) -> Self {
        Child {
            entry: entry.to_owned(),
            first_message: None,
            name: None,
            paused: false,
            errors_fatal: true,
            on_exit: None,
            on_error: None,
            result_port: None,
            limits,
            reach,
            stdin: Stdin::Closed,
        }
    }
}

/// A new isolate, and a send port for its first port.
pub(crate) type Spawned = (Arc<IsolateCore>, PortRef);

/// Why there is none.
pub(crate) enum NotSpawned {
    Limit(LimitHit),
    /// A listener from the first moment could not be added.
    Listener(SendStatus),
}

impl From<LimitHit> for NotSpawned {
    fn from(hit: LimitHit) -> Self {
        NotSpawned::Limit(hit)
    }
}

/// For the host: the first isolate of a group, which [`begin`] lets run.
pub(crate) fn first(
    group: &Arc<GroupCore>,
    program: Program,
    child: Child,
) -> Result<(Watched, PortRef), NotSpawned> {
    let (isolate, port) = make(group, None, Some(program), child)?;
    // It may have ended before the caller looks at it.
    Ok((Watched::new(&isolate), port))
}

pub(crate) fn begin(isolate: &Arc<IsolateCore>) {
    isolate.queue_first(None);
}

/// For an isolate: a sibling in its group.
pub(crate) fn inside(
    parent: &IsolateCore,
    program: Program,
    child: Child,
    seat: &Seat<Task>,
) -> Result<Spawned, NotSpawned> {
    let group = parent.group();
    let (isolate, port) = make(group, Some(parent), Some(program), child)?;
    isolate.queue_first(Some(seat));
    Ok((isolate, port))
}

/// How much of its entry's name an isolate is called by: it stands in front of
/// every line that the isolate prints.
const NAME_CHARS: usize = 64;

/// Makes an isolate, not queued yet, and a send port for its first port.
fn make(
    group: &Arc<GroupCore>,
    parent: Option<&IsolateCore>,
    program: Option<Program>,
    child: Child,
) -> Result<Spawned, NotSpawned> {
    let Child { entry, on_exit, .. } = &child;
    // Room for its notice first: an isolate that was made cannot be taken back.
    let on_exit = match on_exit {
        None => None,
        Some(port) => Some(ExitListener::of_null(port, group)?),
    };
    let what = match child.name.as_deref() {
        Some(name) if !name.is_empty() => name,
        _ if entry.is_empty() => "default",
        _ => entry,
    };
    let mut end = what.char_indices().skip(NAME_CHARS);
    let what = &what[..end.next().map_or(what.len(), |(at, _)| at)];
    // With room for its number.
    let mut name = String::with_capacity(what.len() + 8);
    name.push_str(what);
    let (held, alive) = IsolateCore::shares(group, &name, entry, program.as_ref())?;
    let on_error = match &child.on_error {
        None => None,
        Some(port) => Some((port, HostShare::take(group, LISTENER)?)),
    };
    let holder = parent.map(|parent| parent.group());
    let random = RandomSource::of_child(child.reach.random, parent);
    let mut port = None;
    // All before anybody else knows it: it may be stopped as soon as it is there.
    let isolate = group.admit(parent, |number| {
        let traits = Traits {
            number,
            spawner: parent.map(IsolateCore::number),
            name: numbered(name, number),
            share: held,
            limits: child.limits,
            random,
            errors_fatal: child.errors_fatal,
            paused: child.paused,
        };
        let start = Start {
            program: program.map(Ok),
            first_message: child.first_message,
            result_port: child.result_port,
            reach: child.reach,
            stdin: child.stdin,
            share: Some(alive),
        };
        let isolate = IsolateCore::new(traits, group, start);
        if !child.entry.is_empty() {
            isolate.set_entry(child.entry);
        }
        if let Some(listener) = on_exit {
            isolate.add_first_exit_listener(listener);
        }
        if let Some((port, share)) = on_error {
            isolate.add_first_error_listener(port, share);
        }
        port = isolate.sender(FIRST_PORT, holder);
        isolate
    });
    let isolate = isolate?;
    isolate.begin_life();
    traced::spawned(&isolate, parent);
    isolate.emit(|group, name| Event::Spawned {
        group,
        isolate: name,
        entry: isolate.entry().to_owned(),
        parent: parent.map(|parent| parent.name().to_owned()),
    });
    let Some(port) = port else {
        unreachable!("only an isolate that runs can close its first port");
    };
    Ok((isolate, port))
}

fn numbered(mut name: String, number: u64) -> String {
    // Nothing that is written to a text fails.
    let _ = write!(name, "#{number}");
    name
}

/// For an isolate: a sibling whose program is loaded first, on a loader thread.
pub(crate) fn from_uri(
    parent: &IsolateCore,
    granted: Granted,
    child: Child,
) -> Result<Spawned, NotSpawned> {
    let group = parent.group();
    if let Err(hit) = group.charge(Limit::Programs, 1) {
        parent.met(hit);
        return Err(hit.into());
    }
    let (isolate, port) = make(group, Some(parent), None, child)?;
    isolate.wait_for_program();
    let compiler = group.core().compiler.clone();
    let child = Arc::downgrade(&isolate);
    let program = granted.name();
    let loading = Loading {
        isolate: isolate.clone(),
        _activity: Activity::begin(group),
    };
    // Dropped when the load is over, whatever came of it.
    let (loads, loaded) = crossbeam_channel::bounded::<()>(0);
    group.core().loader.submit(Load {
        owner: Owner::Group(group.number()),
        program: program.clone(),
        work: Box::new(move || {
            // Nothing is compiled for who is not there any more.
            if child.upgrade().is_none_or(|child| child.is_stopped()) {
                return Err(LoadError::NoLoader { program });
            }
            granted.load(&compiler)
        }),
        done: Box::new(move |program| {
            loading.done(program);
            drop(loads);
        }),
    });
    if group.core().seed.is_some() {
        // Where runs repeat, a program is there at the same place each time.
        let _ = loaded.recv();
    }
    Ok((isolate, port))
}

/// An isolate whose program is being loaded. Whatever becomes of that, dropping
/// this queues the isolate, so that nobody waits for it for ever.
struct Loading {
    isolate: Arc<IsolateCore>,
    _activity: Activity,
}

impl Loading {
    fn done(self, program: Result<Program, LoadError>) {
        let checked = match program {
            Ok(program) => self.with_entry(program),
            Err(LoadError::Limit { hit, .. }) => Err(limit_reason(hit)),
            Err(error) => Err(ExitReason::NotStarted(error.to_string())),
        };
        if let Body::New(start) = &mut *lock(self.isolate.body()) {
            start.program = Some(checked.and_then(|program| start.pay_for(program)));
        }
    }

    fn with_entry(&self, program: Program) -> Result<Program, ExitReason> {
        if let Some(default) = program.default_entry() {
            let set = self.isolate.set_default_entry(default);
            set.map_err(limit_reason)?;
        }
        let entry = self.isolate.entry();
        if program.has_entry(entry) {
            return Ok(program);
        }
        let entries = error::list(program.entries());
        Err(ExitReason::NotStarted(format!(
            "{} has no entry `{entry}`; it has {entries}",
            program.name()
        )))
    }
}

impl Drop for Loading {
    fn drop(&mut self) {
        self.isolate.queue_first(None);
    }
}
