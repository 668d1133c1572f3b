//! What a spawn request says about the world outside.

use std::sync::Arc;

use crate::capabilities::Access;
use crate::reach::{NotNarrowed, Reach, Wanted, WantedClock, WantedDir};
use crate::state::State;

use super::answer::RefusalKind;
use super::broken;
use super::isolates::Refusal;
use super::memory::{Record, Span, text};

// The cases of `reach`, and where the payload is.
const USUAL: u8 = 0;
const WHOLE: u8 = 1;
const ONLY: u8 = 2;
const PAYLOAD: usize = 4;

// The places of the fields of `capabilities`.
const FOLDERS: usize = 0;
const ENVIRONMENT: usize = 8;
const PROGRAMS: usize = 16;
const ARGUMENTS: usize = 24;
const CLOCK: usize = 25;
const RANDOM: usize = 26;

/// Size of `folder`, and the places of its fields.
const FOLDER_SIZE: u32 = 20;
const NAME: usize = 8;
const WRITABLE: usize = 16;

/// Size of a text in a list.
const TEXT_SIZE: u32 = 8;

/// How much a list in a request may say.
const MOST_LISTED: u32 = 100;

pub(super) fn check_length(list: Span, what: &str) -> wasmtime::Result<()> {
    if list.length > MOST_LISTED {
        return broken(format!(
            "{what} has {} entries, and {MOST_LISTED} are allowed",
            list.length
        ));
    }
    Ok(())
}

/// What the new isolate may reach. `other` says that its program is another one.
pub(super) fn read(
    memory: &[u8],
    state: &State,
    request: Record<'_>,
    at: usize,
    other: bool,
) -> wasmtime::Result<Result<Arc<Reach>, Refusal>> {
    let own = &state.reach;
    let wanted = match request.u8(at) {
        USUAL if other => return Ok(Ok(Arc::new(own.of_another_program()))),
        USUAL | WHOLE => return Ok(Ok(own.clone())),
        ONLY => wanted(memory, request, at + PAYLOAD)?,
        case => {
            return broken(format!(
                "what a new isolate may reach is case {case}, and it has to be 0 to 2"
            ));
        }
    };
    let base = state.program.path();
    let narrowed = own.narrowed(&wanted, state.isolate.group(), base);
    Ok(narrowed.map(Arc::new).map_err(|refused| match refused {
        NotNarrowed::Limit(hit) => Refusal::Limit(hit),
        NotNarrowed::NotHeld(text) => Refusal::Other(RefusalKind::CapabilityNotHeld, text),
    }))
}

fn wanted<'a>(memory: &'a [u8], request: Record<'a>, at: usize) -> wasmtime::Result<Wanted<'a>> {
    Ok(Wanted {
        dirs: dirs(memory, request.span(at + FOLDERS))?,
        env: texts(
            memory,
            request.span(at + ENVIRONMENT),
            "a list of variables",
        )?,
        programs: texts(memory, request.span(at + PROGRAMS), "a list of programs")?,
        args: request.bool(at + ARGUMENTS),
        clock: clock(request.u8(at + CLOCK))?,
        random: request.bool(at + RANDOM),
    })
}

fn dirs(memory: &[u8], list: Span) -> wasmtime::Result<Vec<WantedDir<'_>>> {
    let what = "a list of folders";
    check_length(list, what)?;
    let folders = Record::list(memory, list, FOLDER_SIZE, 4, what)?;
    let read = folders.map(|folder| {
        Ok(WantedDir {
            path: text(memory, folder.span(0), "a folder's path")?,
            guest: text(memory, folder.span(NAME), "a folder's name")?,
            access: match folder.bool(WRITABLE) {
                true => Access::ReadWrite,
                false => Access::ReadOnly,
            },
        })
    });
    read.collect()
}

fn texts<'a>(memory: &'a [u8], list: Span, what: &str) -> wasmtime::Result<Vec<&'a str>> {
    check_length(list, what)?;
    Record::list(memory, list, TEXT_SIZE, 4, what)?
        .map(|listed| text(memory, listed.span(0), what))
        .collect()
}

fn clock(case: u8) -> wasmtime::Result<WantedClock> {
    Ok(match case {
        0 => WantedClock::Usual,
        1 => WantedClock::Same,
        2 => WantedClock::Frozen,
        3 => WantedClock::Off,
        case => return broken(format!("a clock is case {case}, and it has to be 0 to 3")),
    })
}
