//! What functions answer that may refuse.

use insula_message::LimitHit;

use crate::handles::Handle;
use crate::port::PortRef;

use super::Guest;
use super::memory::{Answer, give_bytes, view};

/// Where a function leaves `result<handle, refusal>`.
#[derive(Clone, Copy)]
pub(super) struct HandleAnswer(Answer);

/// `refusal-kind` in the WIT.
#[derive(Clone, Copy)]
pub(super) enum RefusalKind {
    Limit = 0,
    NoSuchEntry = 1,
    UriNotGranted = 2,
    BadUri = 3,
    NoSuchLimit = 4,
    NotControl = 5,
    NameTaken = 6,
    Closed = 7,
    CapabilityNotHeld = 8,
}

impl HandleAnswer {
    pub(super) fn new(memory: &[u8], pointer: u32) -> wasmtime::Result<Self> {
        Answer::new(memory, pointer, 16, 4).map(HandleAnswer)
    }

    /// Puts a handle in the table and answers with it, or that the table is
    /// full.
    pub(super) fn give(self, guest: &mut Guest<'_>, handle: Handle) -> wasmtime::Result<()> {
        match guest.data_mut().handles.insert(handle) {
            Ok(number) => self.answer(guest, number),
            Err(hit) => self.refuse_limit(guest, hit),
        }
    }

    /// Answers with a handle that is in the table.
    pub(super) fn answer(self, guest: &mut Guest<'_>, number: u32) -> wasmtime::Result<()> {
        let (memory, _) = view(guest)?;
        self.0.u8(memory, 0, 0);
        self.0.u32(memory, 4, number);
        Ok(())
    }

    /// Answers with a bool.
    pub(super) fn answer_bool(self, guest: &mut Guest<'_>, on: bool) -> wasmtime::Result<()> {
        let (memory, _) = view(guest)?;
        self.0.u8(memory, 0, 0);
        self.0.u8(memory, 4, on.into());
        Ok(())
    }

    /// Answers with an option of a send port.
    pub(super) fn give_optional(
        self,
        guest: &mut Guest<'_>,
        port: Option<PortRef>,
    ) -> wasmtime::Result<()> {
        let handle = match port {
            None => None,
            Some(port) => match guest.data_mut().handles.insert(Handle::SendPort(port)) {
                Ok(handle) => Some(handle),
                Err(hit) => return self.refuse_limit(guest, hit),
            },
        };
        let (memory, _) = view(guest)?;
        self.0.u8(memory, 0, 0);
        self.0.u8(memory, 4, handle.is_some().into());
        self.0.u32(memory, 8, handle.unwrap_or(0));
        Ok(())
    }

    /// Answers that it is done.
    pub(super) fn done(self, guest: &mut Guest<'_>) -> wasmtime::Result<()> {
        let (memory, _) = view(guest)?;
        self.0.u8(memory, 0, 0);
        Ok(())
    }

    /// Answers with the two handles of what was spawned.
    pub(super) fn answer_two(
        self,
        guest: &mut Guest<'_>,
        first: u32,
        second: u32,
    ) -> wasmtime::Result<()> {
        let (memory, _) = view(guest)?;
        self.0.u8(memory, 0, 0);
        self.0.u32(memory, 4, first);
        self.0.u32(memory, 8, second);
        Ok(())
    }

    /// Answers that a limit is met, which is counted.
    pub(super) fn refuse_limit(self, guest: &mut Guest<'_>, hit: LimitHit) -> wasmtime::Result<()> {
        guest.data().isolate.met(hit);
        self.refuse(guest, RefusalKind::Limit, &hit.to_string())
    }

    pub(super) fn refuse(
        self,
        guest: &mut Guest<'_>,
        kind: RefusalKind,
        text: &str,
    ) -> wasmtime::Result<()> {
        let pointer = give_bytes(guest, text.as_bytes(), 1)?;
        let (memory, _) = view(guest)?;
        self.0.u8(memory, 0, 1);
        self.0.u8(memory, 4, kind as u8);
        self.0.u32(memory, 8, pointer);
        self.0.u32(memory, 12, text.len() as u32);
        Ok(())
    }
}
