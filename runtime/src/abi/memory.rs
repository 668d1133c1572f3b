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
    #[inline(always)]
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
#[inline]
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
    let export = guest.data().program.exports().memory;
    match export.and_then(|export| guest.get_module_export(&export)) {
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
#[inline(always)]
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

/// Has the guest make room for `bytes` and copies them there.
pub(super) fn give_bytes(guest: &mut Guest<'_>, bytes: &[u8], align: u32) -> wasmtime::Result<u32> {
    let room = Room::make(guest, bytes.len(), align)?;
    let (memory, _) = view(guest)?;
    room.put(memory, bytes)?;
    Ok(room.pointer)
}

/// Room in the guest's memory that the guest has made.
#[derive(Clone, Copy)]
pub(super) struct Room {
    pub(super) pointer: u32,
    align: u32,
}

impl Room {
    /// This runs guest code, so no lock is held.
    pub(super) fn make(guest: &mut Guest<'_>, length: usize, align: u32) -> wasmtime::Result<Self> {
        let Ok(length) = u32::try_from(length) else {
            return broken("a message is larger than any memory");
        };
        // Nobody looks behind the pointer of an empty list. It is not null, and aligned.
        let pointer = match length {
            0 => align,
            _ => allocate(guest, length, align)?,
        };
        Ok(Room { pointer, align })
    }

    /// Copies bytes there, as many as it was made for. What the guest has returned is
    /// checked like any pointer.
    pub(super) fn put(self, memory: &mut [u8], bytes: &[u8]) -> wasmtime::Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        check_aligned(self.pointer, self.align, "what `cabi_realloc` returned")?;
        let length = bytes.len() as u32;
        let place =
            Span::new(self.pointer, length).within(memory, "what `cabi_realloc` returned")?;
        memory[place].copy_from_slice(bytes);
        Ok(())
    }
}

fn allocate(guest: &mut Guest<'_>, size: u32, align: u32) -> wasmtime::Result<u32> {
    // Taken out, as it is used on the store that it is in. It is put back below.
    let realloc = match guest.data_mut().realloc.take() {
        Some(realloc) => realloc,
        None => {
            let export = guest.data().program.exports().realloc;
            let export = export.and_then(|export| guest.get_module_export(&export));
            let Some(export) = export.and_then(Extern::into_func) else {
                return broken("it asked for data, and exports no `cabi_realloc` to put it");
            };
            export.typed(&mut *guest)?
        }
    };
    guest.data_mut().in_realloc = true;
    let pointer = realloc.call(&mut *guest, (0, 0, align, size));
    let state = guest.data_mut();
    state.in_realloc = false;
    state.realloc = Some(realloc);
    let pointer = pointer?;
    if guest.data().wasi_in_realloc {
        return broken("it called WASI from inside `cabi_realloc`");
    }
    if pointer == 0 {
        return broken("`cabi_realloc` returned a null pointer");
    }
    Ok(pointer)
}
