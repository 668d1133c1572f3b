//! Making isolates: for the host, inside a group, and from a URI.

use std::sync::Arc;

use crate::error;
use crate::group::{Activity, GroupCore};
use crate::isolate::{FIRST_PORT, IsolateCore};
use crate::port::{Paid, PortRef};
use crate::program::Program;
use crate::sched::Seat;
use crate::sync::lock;
use crate::task::Task;
use crate::turn::{Body, Start};
use crate::uri::Granted;
use insula_message::LimitHit;

/// What a new isolate is to do.
pub(crate) struct Child {
    /// Its entry; empty means the program's default.
    pub(crate) entry: String,
    pub(crate) first_message: Option<Paid>,
}

/// For the host: the first isolate of a group, and a send port for its first
/// port.
pub(crate) fn first(
    group: &Arc<GroupCore>,
    program: Program,
    child: Child,
) -> Result<(Arc<IsolateCore>, PortRef), LimitHit> {
    let isolate = make(group, Some(program), child)?;
    let port = first_port(&isolate, None);
    group.core().scheduler.queue(Task(isolate.clone()));
    Ok((isolate, port))
}

/// For an isolate: a sibling in its group.
pub(crate) fn inside(
    parent: &IsolateCore,
    program: Program,
    child: Child,
    seat: &Seat<Task>,
) -> Result<PortRef, LimitHit> {
    let isolate = make(parent.group(), Some(program), child)?;
    let port = first_port(&isolate, Some(parent.group()));
    parent
        .group()
        .core()
        .scheduler
        .queue_from(seat, Task(isolate));
    Ok(port)
}

/// How much of its entry's name an isolate is called by: it stands in front of
/// every line that the isolate prints.
const NAME_CHARS: usize = 64;

/// Makes an isolate, not queued yet.
fn make(
    group: &Arc<GroupCore>,
    program: Option<Program>,
    child: Child,
) -> Result<Arc<IsolateCore>, LimitHit> {
    group.admit(|number| {
        let what: String = if child.entry.is_empty() {
            "default".to_owned()
        } else {
            child.entry.chars().take(NAME_CHARS).collect()
        };
        let start = Start {
            program: program.map(Ok),
            first_message: child.first_message,
        };
        let isolate = IsolateCore::new(number, &what, group, start);
        if !child.entry.is_empty() {
            isolate.set_entry(&child.entry);
        }
        isolate
    })
}

/// A send port for the first port of an isolate that was not queued yet.
fn first_port(isolate: &IsolateCore, holder: Option<&Arc<GroupCore>>) -> PortRef {
    let Some(port) = isolate.sender(FIRST_PORT, holder) else {
        unreachable!("only an isolate that runs can close its first port");
    };
    port
}

/// For an isolate: a sibling whose program is loaded first, on a loader thread.
pub(crate) fn from_uri(
    parent: &IsolateCore,
    granted: Granted,
    child: Child,
) -> Result<PortRef, LimitHit> {
    let group = parent.group();
    let isolate = make(group, None, child)?;
    let port = first_port(&isolate, Some(group));
    let loading = Loading {
        isolate: isolate.clone(),
        _activity: Activity::begin(group),
    };
    let core = group.core().clone();
    let submitted = group.core().loader.submit(move || {
        let program = granted
            .read()
            .and_then(|bytes| Program::compile_file(&core, &granted.path, &bytes));
        loading.done(program.map_err(|error| error.to_string()));
    });
    // Where it was not, `loading` was dropped, which fails the isolate.
    let _ = submitted;
    Ok(port)
}

/// An isolate whose program is being loaded. Whatever becomes of that, dropping
/// this queues the isolate, so that nobody waits for it for ever.
struct Loading {
    isolate: Arc<IsolateCore>,
    _activity: Activity,
}

impl Loading {
    fn done(self, program: Result<Program, String>) {
        let checked = program.and_then(|program| self.with_entry(program));
        if let Body::New(start) = &mut *lock(self.isolate.body()) {
            start.program = Some(checked);
        }
    }

    fn with_entry(&self, program: Program) -> Result<Program, String> {
        if let Some(default) = program.default_entry() {
            self.isolate.set_entry(default);
        }
        let entry = self.isolate.entry();
        if program.has_entry(entry) {
            return Ok(program);
        }
        let entries = error::list(program.entries());
        Err(format!(
            "{} has no entry `{entry}`; it has {entries}",
            program.name()
        ))
    }
}

impl Drop for Loading {
    fn drop(&mut self) {
        let scheduler = &self.isolate.group().core().scheduler;
        scheduler.queue(Task(self.isolate.clone()));
    }
}
