//! The guest's memory, as the host sees it: every pointer checked, in 64 bits,
//! before anything is read, written or allocated.

use std::ops::Range;

use wasmtime::{Extern, Memory};

use crate::handles::WrongHandle;
use crate::limits::TEXT_BYTES;
use crate::port::PortRef;
use crate::state::State;

use super::{Guest, broken};

/// A pointer and a length as a guest gave them.
#[derive(Clone, Copy)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) length: u32,
}

impl Span {
    pub(super) fn new(start: u32, length: u32) -> Self {
        Span { start, length }
    }

    /// Its place in `memory`, where it lies inside.
    pub(super) fn within(self, memory: &[u8], what: &str) -> wasmtime::Result<Range<usize>> {
        let (start, end) = (
            u64::from(self.start),
            u64::from(self.start) + u64::from(self.length),
        );
        if end > memory.len() as u64 {
            return broken(format!(
                "{what} at {start:#x} with {} bytes reaches outside of its memory of {} bytes",
                self.length,
                memory.len()
            ));
        }
        Ok(start as usize..end as usize)
    }
}

/// Memory and state at once.
pub(super) fn view<'a>(
    guest: &'a mut Guest<'_>,
) -> wasmtime::Result<(&'a mut [u8], &'a mut State)> {
    let memory = memory(guest)?;
    Ok(memory.data_and_store_mut(guest))
}

fn memory(guest: &mut Guest<'_>) -> wasmtime::Result<Memory> {
    if let Some(memory) = guest.data().memory {
        return Ok(memory);
    }
    match guest.get_export("memory") {
        Some(Extern::Memory(memory)) => {
            guest.data_mut().memory = Some(memory);
            Ok(memory)
        }
        _ => broken("it exports no memory"),
    }
}

/// Whether an option, lowered, has a value.
pub(super) fn is_given(tag: u32) -> wasmtime::Result<bool> {
    match tag {
        0 => Ok(false),
        1 => Ok(true),
        other => broken(format!(
            "an option's tag is {other}, and it has to be 0 or 1"
        )),
    }
}

/// A text that a guest passes.
pub(super) fn text<'a>(memory: &'a [u8], span: Span, what: &str) -> wasmtime::Result<&'a str> {
    let bytes = &memory[span.within(memory, what)?];
    if u64::from(span.length) > TEXT_BYTES {
        return broken(format!(
            "{what} is {} bytes long, and {TEXT_BYTES} are allowed",
            span.length
        ));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(error) => broken(format!("{what} is not UTF-8: {error}")),
    }
}

/// The place of `count` handles, as the guest's memory holds them.
pub(super) fn handle_list(memory: &[u8], start: u32, count: u32) -> wasmtime::Result<Range<usize>> {
    check_aligned(start, 4, "a list of ports")?;
    let bytes = u64::from(count) * 4;
    let Ok(length) = u32::try_from(bytes) else {
        return broken(format!("a list of {count} ports is larger than any memory"));
    };
    Span::new(start, length).within(memory, "a list of ports")
}

/// The numbers in a place that [`handle_list`] found.
pub(super) fn handles_in(memory: &[u8], place: Range<usize>) -> impl Iterator<Item = u32> + '_ {
    memory[place]
        .chunks_exact(4)
        .map(|chunk| u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]))
}

pub(super) fn send_port(state: &State, handle: u32) -> wasmtime::Result<&PortRef> {
    state
        .handles
        .send_port(handle)
        .or_else(|wrong| wrong_handle(handle, "send-port", wrong))
}

pub(super) fn wrong_handle<T>(
    handle: u32,
    expected: &str,
    wrong: WrongHandle,
) -> wasmtime::Result<T> {
    match wrong {
        WrongHandle::Unknown => broken(format!(
            "it used handle {handle:#x} as a {expected}, and it has no such handle (never given, or dropped)"
        )),
        WrongHandle::Kind(kind) => broken(format!(
            "it used handle {handle:#x} as a {expected}, and that is a {kind}"
        )),
    }
}

fn check_aligned(pointer: u32, align: u32, what: &str) -> wasmtime::Result<()> {
    if !pointer.is_multiple_of(align) {
        return broken(format!("{what} at {pointer:#x} is not aligned to {align}"));
    }
    Ok(())
}

/// The place in the guest's memory where a function leaves its result. Checked
/// before the function does anything.
#[derive(Clone, Copy)]
pub(super) struct Answer {
    start: usize,
}

impl Answer {
    pub(super) fn new(
        memory: &[u8],
        pointer: u32,
        size: u32,
        align: u32,
    ) -> wasmtime::Result<Self> {
        check_aligned(pointer, align, "a place for a result")?;
        let place = Span::new(pointer, size).within(memory, "a place for a result")?;
        Ok(Answer { start: place.start })
    }

    pub(super) fn u8(self, memory: &mut [u8], offset: usize, value: u8) {
        memory[self.start + offset] = value;
    }

    pub(super) fn u32(self, memory: &mut [u8], offset: usize, value: u32) {
        let at = self.start + offset;
        memory[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    pub(super) fn u64(self, memory: &mut [u8], offset: usize, value: u64) {
        let at = self.start + offset;
        memory[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }
}

/// A record in the guest's memory, in a place that was checked.
#[derive(Clone, Copy)]
pub(super) struct Record<'a>(&'a [u8]);

impl<'a> Record<'a> {
    pub(super) fn new(
        memory: &'a [u8],
        pointer: u32,
        size: u32,
        align: u32,
        what: &str,
    ) -> wasmtime::Result<Self> {
        check_aligned(pointer, align, what)?;
        let place = Span::new(pointer, size).within(memory, what)?;
        Ok(Record(&memory[place]))
    }

    /// The records of a list.
    pub(super) fn list(
        memory: &'a [u8],
        list: Span,
        size: u32,
        align: u32,
        what: &str,
    ) -> wasmtime::Result<impl Iterator<Item = Record<'a>>> {
        check_aligned(list.start, align, what)?;
        let Some(length) = list.length.checked_mul(size) else {
            return broken(format!(
                "{what} of {} is larger than any memory",
                list.length
            ));
        };
        let place = Span::new(list.start, length).within(memory, what)?;
        Ok(memory[place].chunks_exact(size as usize).map(Record))
    }

    pub(super) fn bool(self, at: usize) -> bool {
        self.0[at] != 0
    }

    pub(super) fn u8(self, at: usize) -> u8 {
        self.0[at]
    }

    pub(super) fn u32(self, at: usize) -> u32 {
        u32::from_le_bytes([self.0[at], self.0[at + 1], self.0[at + 2], self.0[at + 3]])
    }

    pub(super) fn u64(self, at: usize) -> u64 {
        u64::from(self.u32(at)) | u64::from(self.u32(at + 4)) << 32
    }

    /// A pointer and a length.
    pub(super) fn span(self, at: usize) -> Span {
        Span::new(self.u32(at), self.u32(at + 4))
    }

    /// Where the payload of an option is, if it has one. Payloads here are
    /// aligned to 4.
    pub(super) fn option(self, at: usize) -> wasmtime::Result<Option<usize>> {
        Ok(is_given(self.0[at].into())?.then_some(at + 4))
    }
}

/// Has the guest make room for `bytes` and copies them there. This runs guest
/// code, so no lock is held, and what it returns is checked like any pointer.
pub(super) fn give_bytes(guest: &mut Guest<'_>, bytes: &[u8], align: u32) -> wasmtime::Result<u32> {
    let Ok(length) = u32::try_from(bytes.len()) else {
        return broken("a message is larger than any memory");
    };
    let pointer = allocate(guest, length, align)?;
    let (memory, _) = view(guest)?;
    check_aligned(pointer, align, "what `cabi_realloc` returned")?;
    let place = Span::new(pointer, length).within(memory, "what `cabi_realloc` returned")?;
    memory[place].copy_from_slice(bytes);
    Ok(pointer)
}

/// The same for handles.
pub(super) fn give_handles(guest: &mut Guest<'_>, handles: &[u32]) -> wasmtime::Result<u32> {
    let bytes: Vec<u8> = handles
        .iter()
        .flat_map(|handle| handle.to_le_bytes())
        .collect();
    give_bytes(guest, &bytes, 4)
}

fn allocate(guest: &mut Guest<'_>, size: u32, align: u32) -> wasmtime::Result<u32> {
    let realloc = match &guest.data().realloc {
        Some(realloc) => realloc.clone(),
        None => {
            let export = guest.get_export("cabi_realloc").and_then(Extern::into_func);
            let Some(export) = export else {
                return broken("it asked for data, and exports no `cabi_realloc` to put it");
            };
            let realloc = export.typed(&mut *guest)?;
            guest.data_mut().realloc = Some(realloc.clone());
            realloc
        }
    };
    guest.data_mut().in_realloc = true;
    let pointer = realloc.call(&mut *guest, (0, 0, align, size));
    guest.data_mut().in_realloc = false;
    let pointer = pointer?;
    if guest.data().wasi_in_realloc {
        return broken("it called WASI from inside `cabi_realloc`");
    }
    if pointer == 0 {
        return broken("`cabi_realloc` returned a null pointer");
    }
    Ok(pointer)
}
