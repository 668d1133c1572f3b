//! `insula:isolate/self`: the isolate that asks.

use wasmtime::WasmBacktrace;

use crate::exit::{frames, without_panicking};
use crate::handles::Handle;
use crate::isolate::FIRST_PORT;
use crate::limits::REASON_BYTES;
use crate::port::Paid;
use crate::state::{Failure, State, Stop};

use super::imports::Imports;
use super::memory::{Answer, Span, give_bytes, view};
use super::ports::Taken;
use super::{Guest, enter};

pub(super) fn link(imports: &mut Imports) -> wasmtime::Result<()> {
    imports.function("self", "name", name)?;
    imports.function("self", "entry", entry)?;
    imports.function("self", "first-message", first_message)?;
    imports.function("self", "first-port", first_port)?;
    imports.function("self", "result-port", result_port)?;
    imports.function("self", "exit", exit)?;
    imports.function("self", "fail", fail)?;
    imports.function("self", "uncaught", uncaught)
}

fn name(mut guest: Guest<'_>, answer: u32) -> wasmtime::Result<()> {
    enter(&guest, "self.name")?;
    let name = guest.data().isolate.name().to_owned();
    give_text(&mut guest, &name, answer)
}

fn entry(mut guest: Guest<'_>, answer: u32) -> wasmtime::Result<()> {
    enter(&guest, "self.entry")?;
    let entry = guest.data().isolate.entry().to_owned();
    give_text(&mut guest, &entry, answer)
}

pub(super) fn give_text(guest: &mut Guest<'_>, text: &str, answer: u32) -> wasmtime::Result<()> {
    let (memory, _) = view(guest)?;
    let answer = Answer::new(memory, answer, 8, 4)?;
    let pointer = give_bytes(guest, text.as_bytes(), 1)?;
    let (memory, _) = view(guest)?;
    answer.u32(memory, 0, pointer);
    answer.u32(memory, 4, text.len() as u32);
    Ok(())
}

fn first_message(mut guest: Guest<'_>, answer: u32) -> wasmtime::Result<()> {
    enter(&guest, "self.first-message")?;
    let (memory, state) = view(&mut guest)?;
    let answer = Answer::new(memory, answer, 24, 4)?;
    let Some(Paid { message, share }) = state.first_message.take() else {
        answer.u8(memory, 0, 0);
        return Ok(());
    };
    let taken = Taken::give(&mut guest, message)?;
    drop(share);
    let (memory, _) = view(&mut guest)?;
    answer.u8(memory, 0, 1);
    taken.write(memory, answer, 4)?;
    answer.u32(memory, 20, taken.lost);
    Ok(())
}

fn first_port(mut guest: Guest<'_>, token: u64, answer: u32) -> wasmtime::Result<()> {
    enter(&guest, "self.first-port")?;
    let (memory, state) = view(&mut guest)?;
    let answer = Answer::new(memory, answer, 8, 4)?;
    let handle = if state.first_port_taken {
        None
    } else {
        insert(state, Handle::ReceivePort(FIRST_PORT))
    };
    if let Some(handle) = handle {
        state.first_port_taken = true;
        state.isolate.mailbox().set_token(FIRST_PORT, token);
        answer.u32(memory, 4, handle);
    }
    answer.u8(memory, 0, u8::from(handle.is_some()));
    Ok(())
}

/// A handle where there is room for one.
fn insert(state: &mut State, handle: Handle) -> Option<u32> {
    let inserted = state.handles.insert(handle);
    inserted.map_err(|hit| state.isolate.met(hit)).ok()
}

fn result_port(mut guest: Guest<'_>, answer: u32) -> wasmtime::Result<()> {
    enter(&guest, "self.result-port")?;
    let (memory, state) = view(&mut guest)?;
    let answer = Answer::new(memory, answer, 8, 4)?;
    let port = state.result_port.take();
    let handle = port.and_then(|port| insert(state, Handle::SendPort(port)));
    answer.u8(memory, 0, u8::from(handle.is_some()));
    answer.u32(memory, 4, handle.unwrap_or(0));
    Ok(())
}

fn exit(guest: Guest<'_>) -> wasmtime::Result<()> {
    enter(&guest, "self.exit")?;
    Err(Stop::Exit(0).into())
}

fn fail(
    mut guest: Guest<'_>,
    text: u32,
    text_length: u32,
    place: u32,
    place_length: u32,
) -> wasmtime::Result<()> {
    enter(&guest, "self.fail")?;
    let (memory, state) = view(&mut guest)?;
    let [text, place] = short_texts(memory, [(text, text_length), (place, place_length)])?;
    // The first is the cause; what fails while failing is not.
    state.failure.get_or_insert(Failure { text, place });
    Ok(())
}

fn uncaught(
    mut guest: Guest<'_>,
    text: u32,
    text_length: u32,
    place: u32,
    place_length: u32,
) -> wasmtime::Result<()> {
    enter(&guest, "self.uncaught")?;
    let (memory, state) = view(&mut guest)?;
    let [error, place] = short_texts(memory, [(text, text_length), (place, place_length)])?;
    let isolate = state.isolate.clone();
    if isolate.errors_are_fatal() {
        return Err(Stop::Failed { error, place }.into());
    }
    let backtrace = without_panicking(frames(&WasmBacktrace::force_capture(&guest)));
    if !isolate.tell_of_error(&error, &backtrace) {
        let state = guest.data_mut();
        let line = format!("an error that nobody listens for, at {place}: {error}\n");
        let printed = state.stderr.write(&isolate, line.as_bytes());
        printed.map_err(Stop::Limit)?;
    }
    Ok(())
}

/// An error's text and its place.
fn short_texts(memory: &[u8], [text, place]: [(u32, u32); 2]) -> wasmtime::Result<[String; 2]> {
    let short = |(start, length)| short_text(memory, Span::new(start, length));
    Ok([short(text)?, short(place)?])
}

/// A text for people, cut where it is too long, with what is no UTF-8 replaced:
/// a panic must not be lost over that.
fn short_text(memory: &[u8], span: Span) -> wasmtime::Result<String> {
    let bytes = &memory[span.within(memory, "a text")?];
    let most = bytes.len().min(REASON_BYTES as usize);
    Ok(String::from_utf8_lossy(&bytes[..most]).into_owned())
}
