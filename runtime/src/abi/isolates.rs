//! `insula:isolate/isolates`: starting isolates.

use crate::error::{self, LoadError};
use crate::group::MailboxShare;
use crate::handles::Handle;
use crate::port::Paid;
use crate::spawn::{self, Child};
use crate::state::State;

use super::imports::Imports;
use super::memory::{Span, is_given, text, view};
use super::ports::{HandleAnswer, Outgoing, RefusalKind};
use super::{Guest, enter};

pub(super) fn link(imports: &mut Imports) -> wasmtime::Result<()> {
    imports.function("isolates", "spawn", spawn)?;
    imports.function("isolates", "spawn-uri", spawn_uri)
}

/// `option<first-message>` as it is lowered.
struct First {
    given: u32,
    bytes: Span,
    ports: (u32, u32),
}

type Refusal = (RefusalKind, String);

#[expect(clippy::too_many_arguments, reason = "the lowered signature")]
fn spawn(
    mut guest: Guest<'_>,
    entry: u32,
    entry_length: u32,
    given: u32,
    bytes: u32,
    length: u32,
    ports: u32,
    port_count: u32,
    answer: u32,
) -> wasmtime::Result<()> {
    enter(&guest, "isolates.spawn")?;
    let first = First {
        given,
        bytes: Span::new(bytes, length),
        ports: (ports, port_count),
    };
    let (memory, state) = view(&mut guest)?;
    let answer = HandleAnswer::new(memory, answer)?;
    let entry = text(memory, Span::new(entry, entry_length), "an entry's name")?;
    let first = first.message(memory, state)?;
    if state.handles.room() == 0 {
        return answer.refuse_handles(&mut guest);
    }
    let spawned = if state.program.has_entry(entry) {
        first.and_then(|first| {
            let child = Child {
                entry: entry.to_owned(),
                first_message: first,
            };
            spawn::inside(
                &state.isolate,
                state.program.clone(),
                child,
                &state.turn.seat,
            )
            .map_err(|hit| (RefusalKind::Limit, hit.to_string()))
        })
    } else {
        let entries = error::list(state.program.entries());
        Err((
            RefusalKind::NoSuchEntry,
            format!("there is no entry `{entry}`; there is {entries}"),
        ))
    };
    finish(guest, answer, spawned)
}

#[expect(clippy::too_many_arguments, reason = "the lowered signature")]
fn spawn_uri(
    mut guest: Guest<'_>,
    uri: u32,
    uri_length: u32,
    entry: u32,
    entry_length: u32,
    given: u32,
    bytes: u32,
    length: u32,
    ports: u32,
    port_count: u32,
    answer: u32,
) -> wasmtime::Result<()> {
    enter(&guest, "isolates.spawn-uri")?;
    let first = First {
        given,
        bytes: Span::new(bytes, length),
        ports: (ports, port_count),
    };
    let (memory, state) = view(&mut guest)?;
    let answer = HandleAnswer::new(memory, answer)?;
    let uri = text(memory, Span::new(uri, uri_length), "a URI")?;
    let entry = text(memory, Span::new(entry, entry_length), "an entry's name")?;
    let first = first.message(memory, state)?;
    if state.handles.room() == 0 {
        return answer.refuse_handles(&mut guest);
    }
    let spawned = first.and_then(|first| {
        let group = state.isolate.group();
        let granted = group
            .grants
            .find(uri, state.program.path())
            .map_err(refused_uri)?;
        let child = Child {
            entry: entry.to_owned(),
            first_message: first,
        };
        spawn::from_uri(&state.isolate, granted, child)
            .map_err(|hit| (RefusalKind::Limit, hit.to_string()))
    });
    finish(guest, answer, spawned)
}

fn refused_uri(error: LoadError) -> Refusal {
    let kind = match error {
        LoadError::NotGranted { .. } => RefusalKind::UriNotGranted,
        _ => RefusalKind::BadUri,
    };
    (kind, error.to_string())
}

fn finish(
    mut guest: Guest<'_>,
    answer: HandleAnswer,
    spawned: Result<crate::port::PortRef, Refusal>,
) -> wasmtime::Result<()> {
    match spawned {
        Ok(port) => answer.give(&mut guest, Handle::SendPort(port)),
        Err((kind, text)) => answer.refuse(&mut guest, kind, &text),
    }
}

impl First {
    /// Copies the first message, which stays in the group.
    fn message(
        &self,
        memory: &[u8],
        state: &State,
    ) -> wasmtime::Result<Result<Option<Paid>, Refusal>> {
        if !is_given(self.given)? {
            return Ok(Ok(None));
        }
        let outgoing = Outgoing::new(memory, self.bytes, self.ports)?;
        let group = state.isolate.group();
        let share = outgoing
            .check_size(state, false)
            .and_then(|cost| MailboxShare::take(group, cost));
        match share {
            Ok(share) => {
                let message = outgoing.message(memory, state, Some(group), None)?;
                Ok(Ok(Some(Paid { message, share })))
            }
            Err(hit) => Ok(Err((RefusalKind::Limit, hit.to_string()))),
        }
    }
}
