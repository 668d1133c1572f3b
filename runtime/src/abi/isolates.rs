//! `insula:isolate/isolates`: starting isolates.

use std::sync::Arc;

use crate::capabilities::Stdin;
use crate::controller::Controller;
use crate::error::{self, LoadError};
use crate::group::MailboxShare;
use crate::handles::Handle;
use crate::limits::Limits;
use crate::port::{Paid, PortRef, SendStatus};
use crate::spawn::{self, Child, NotSpawned, Spawned};
use crate::state::State;

use super::answer::{HandleAnswer, RefusalKind};
use super::imports::Imports;
use super::memory::{Record, Span, send_port, text, view};
use super::ports::Outgoing;
use super::reach::{self, check_length};
use super::{Guest, enter};
use insula_message::LimitHit;

pub(super) fn link(imports: &mut Imports) -> wasmtime::Result<()> {
    imports.function("isolates", "spawn", spawn)
}

/// Why there is no new isolate.
pub(super) enum Refusal {
    Limit(LimitHit),
    Other(RefusalKind, String),
}

impl From<LimitHit> for Refusal {
    fn from(hit: LimitHit) -> Self {
        Refusal::Limit(hit)
    }
}

/// Size of `spawn-request` and the places of its fields.
const REQUEST_SIZE: u32 = 120;
const URI: usize = 0;
const ENTRY: usize = 12;
const MESSAGE: usize = 20;
const NAME: usize = 40;
const PAUSED: usize = 52;
const ERRORS_FATAL: usize = 53;
const ON_EXIT: usize = 56;
const ON_ERROR: usize = 64;
const RESULT: usize = 72;
const LIMITS: usize = 80;
const REACH: usize = 88;

/// Size of `limit`, and where its value is.
const LIMIT_SIZE: u32 = 16;
const LIMIT_VALUE: usize = 8;

fn spawn(mut guest: Guest<'_>, request: u32, answer: u32) -> wasmtime::Result<()> {
    enter(&guest, "isolates.spawn")?;
    let (memory, state) = view(&mut guest)?;
    let answer = HandleAnswer::new(memory, answer)?;
    let request = Record::new(memory, request, REQUEST_SIZE, 4, "a spawn request")?;
    // Two handles: the isolate and its port.
    let room = state.handles.make_room(2);
    let spawned = match (read(memory, state, request)?, room) {
        (Ok(_), Err(hit)) => Err(hit.into()),
        (Ok((uri, child)), Ok(())) => start(state, uri, child),
        (Err(refusal), _) => Err(refusal),
    };
    match spawned {
        Ok((isolate, port)) => {
            let group = state.isolate.group();
            let isolate = Handle::Isolate(Controller::whole(&isolate, Some(group)));
            let handles = &mut state.handles;
            match (
                handles.insert(isolate),
                handles.insert(Handle::SendPort(port)),
            ) {
                (Ok(isolate), Ok(port)) => answer.answer_two(&mut guest, isolate, port),
                _ => unreachable!("there was room for two"),
            }
        }
        Err(Refusal::Limit(hit)) => answer.refuse_limit(&mut guest, hit),
        Err(Refusal::Other(kind, text)) => answer.refuse(&mut guest, kind, &text),
    }
}

/// Reads a request; `Err` where it asks for what is not to be had. The first
/// message is copied, and stays in the group.
fn read<'a>(
    memory: &'a [u8],
    state: &State,
    request: Record<'a>,
) -> wasmtime::Result<Result<(Option<&'a str>, Child), Refusal>> {
    let optional_text = |at: usize, what: &str| {
        let given = request.option(at)?;
        given
            .map(|at| text(memory, request.span(at), what))
            .transpose()
    };
    let optional_port = |at: usize| {
        let given = request.option(at)?;
        let port = given.map(|at| send_port(state, request.u32(at)));
        port.transpose()
    };
    let group = Some(state.isolate.group());
    let hold = |port: Option<&PortRef>| port.map(|port| port.for_holder(group));
    let uri = optional_text(URI, "a URI")?;
    let entry = text(memory, request.span(ENTRY), "an entry's name")?;
    let outgoing = match request.option(MESSAGE)? {
        None => None,
        Some(at) => {
            let list = request.span(at + 8);
            let ports = (list.start, list.length);
            Some(Outgoing::new(memory, request.span(at), ports)?)
        }
    };
    let name = optional_text(NAME, "an isolate's name")?;
    let on_exit = hold(optional_port(ON_EXIT)?);
    let on_error = hold(optional_port(ON_ERROR)?);
    let result_port = hold(optional_port(RESULT)?);
    let limits = match limits(memory, state, request.span(LIMITS))? {
        Ok(limits) => limits,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let first_message = match outgoing {
        None => None,
        Some(outgoing) => match first_message(memory, state, &outgoing)? {
            Ok(paid) => Some(paid),
            Err(refusal) => return Ok(Err(refusal)),
        },
    };
    let reach = match reach::read(memory, state, request, REACH, uri.is_some())? {
        Ok(reach) => reach,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let child = Child {
        entry: entry.to_owned(),
        first_message,
        name: name.map(str::to_owned),
        paused: request.bool(PAUSED),
        errors_fatal: request.bool(ERRORS_FATAL),
        on_exit,
        on_error,
        result_port,
        limits,
        reach,
        stdin: Stdin::Closed,
    };
    Ok(Ok((uri, child)))
}

/// The spawner's own limits, or lower ones.
fn limits(
    memory: &[u8],
    state: &State,
    list: Span,
) -> wasmtime::Result<Result<Arc<Limits>, Refusal>> {
    let own = state.isolate.limits();
    check_length(list, "a list of limits")?;
    let mut asked = Vec::new();
    for limit in Record::list(memory, list, LIMIT_SIZE, 8, "a list of limits")? {
        let name = text(memory, limit.span(0), "the name of a limit")?;
        match Limits::of_isolates(name) {
            Ok(found) => asked.push((found, limit.u64(LIMIT_VALUE))),
            Err(why) => return Ok(Err(Refusal::Other(RefusalKind::NoSuchLimit, why))),
        }
    }
    Ok(Ok(own.capped(&asked)))
}

fn first_message(
    memory: &[u8],
    state: &State,
    outgoing: &Outgoing,
) -> wasmtime::Result<Result<Paid, Refusal>> {
    let group = state.isolate.group();
    let share = outgoing
        .check_size(state, false)
        .and_then(|cost| MailboxShare::take(group, cost));
    match share {
        Ok(share) => {
            let message = outgoing.message(memory, state, Some(group), None)?;
            Ok(Ok(Paid { message, share }))
        }
        Err(hit) => Ok(Err(hit.into())),
    }
}

fn start(state: &State, uri: Option<&str>, child: Child) -> Result<Spawned, Refusal> {
    let spawned = match uri {
        Some(uri) => {
            let granted = state
                .reach
                .programs
                .find(uri, state.program.path())
                .map_err(refused_uri)?;
            spawn::from_uri(&state.isolate, granted, child)
        }
        None if state.program.has_entry(&child.entry) => {
            let program = state.program.clone();
            spawn::inside(&state.isolate, program, child, &state.turn.seat)
        }
        None => {
            let entries = error::list(state.program.entries());
            let text = format!("there is no entry `{}`; there is {entries}", child.entry);
            return Err(Refusal::Other(RefusalKind::NoSuchEntry, text));
        }
    };
    spawned.map_err(|refused| match refused {
        NotSpawned::Limit(hit) => Refusal::Limit(hit),
        NotSpawned::Listener(SendStatus::Closed) => Refusal::Other(
            RefusalKind::Closed,
            "the port of an exit listener is closed, or its isolate has ended".to_owned(),
        ),
        NotSpawned::Listener(_) => Refusal::Other(
            RefusalKind::Limit,
            "the mailbox of an exit listener has no room for its notice".to_owned(),
        ),
    })
}

fn refused_uri(error: LoadError) -> Refusal {
    let kind = match error {
        LoadError::NotGranted { .. } => RefusalKind::UriNotGranted,
        _ => RefusalKind::BadUri,
    };
    Refusal::Other(kind, error.to_string())
}
