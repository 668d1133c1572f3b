//! `insula:isolate/names`: ports that everybody in the group can find.

use crate::names::NameError;

use super::answer::{HandleAnswer, RefusalKind};
use super::imports::Imports;
use super::memory::{Span, send_port, text, view};
use super::{Guest, enter};

pub(super) fn link(imports: &mut Imports) -> wasmtime::Result<()> {
    imports.function("names", "register", register)?;
    imports.function("names", "lookup", lookup)?;
    imports.function("names", "unregister", unregister)
}

fn register(
    mut guest: Guest<'_>,
    name: u32,
    length: u32,
    port: u32,
    answer: u32,
) -> wasmtime::Result<()> {
    enter(&guest, "names.register")?;
    let (memory, state) = view(&mut guest)?;
    let answer = HandleAnswer::new(memory, answer)?;
    let name = text(memory, Span::new(name, length), "a port's name")?;
    let port = send_port(state, port)?;
    let group = state.isolate.group();
    match group.names.register(group, name, port) {
        Ok(()) => answer.done(&mut guest),
        Err(NameError::Limit(hit)) => answer.refuse_limit(&mut guest, hit),
        Err(error) => {
            let kind = match &error {
                NameError::Taken(_) => RefusalKind::NameTaken,
                NameError::Closed => RefusalKind::Closed,
                NameError::TooLong(_) | NameError::Limit(_) => RefusalKind::Limit,
            };
            answer.refuse(&mut guest, kind, &error.to_string())
        }
    }
}

fn lookup(mut guest: Guest<'_>, name: u32, length: u32, answer: u32) -> wasmtime::Result<()> {
    enter(&guest, "names.lookup")?;
    let (memory, state) = view(&mut guest)?;
    let answer = HandleAnswer::new(memory, answer)?;
    let name = text(memory, Span::new(name, length), "a port's name")?;
    let group = state.isolate.group();
    let port = group.names.lookup(name, Some(group));
    answer.give_optional(&mut guest, port)
}

fn unregister(mut guest: Guest<'_>, name: u32, length: u32) -> wasmtime::Result<u32> {
    enter(&guest, "names.unregister")?;
    let (memory, state) = view(&mut guest)?;
    let name = text(memory, Span::new(name, length), "a port's name")?;
    let group = state.isolate.group();
    Ok(group.names.unregister(group, name).into())
}
