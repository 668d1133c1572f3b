//! A message that is handed over with the call that begins a turn: `deliver`, which
//! spares the guest a call of `receive`, and the host one of `cabi_realloc`.

use wasmtime::Store;

use crate::handles::Handle;
use crate::mailbox;
use crate::state::State;

use super::imports::Imports;
use super::memory::{Span, view};
use super::ports::may_take;
use super::{Guest, enter};

/// What `deliver` is called with: the token, the length, the reply as a tag and a
/// handle, how many ports were lost, and whether the guest is to end its turn with it.
pub(crate) type Delivered = (u64, u32, u32, u32, u32, u32);

pub(super) fn link(imports: &mut Imports) -> wasmtime::Result<()> {
    imports.function("ports", "lend", lend)
}

fn lend(mut guest: Guest<'_>, place: u32, length: u32) -> wasmtime::Result<()> {
    enter(&guest, "lend")?;
    let (memory, state) = view(&mut guest)?;
    // A memory never shrinks: what is inside now will be.
    state.lent = Some(Span::new(place, length).within(memory, "a place that it lends")?);
    Ok(())
}

/// Leaves the next message in the place that the guest has lent, where there is such a
/// place and the message fits. None also when the isolate is paused, and when the turn
/// had its slice.
#[inline]
pub(crate) fn deliver(store: &mut Store<State>) -> wasmtime::Result<Option<Delivered>> {
    let state = store.data();
    let (Some(memory), Some(place)) = (state.memory, state.lent.clone()) else {
        return Ok(None);
    };
    if !may_take(state)? {
        return Ok(None);
    }
    let (memory, state) = memory.data_and_store_mut(store);
    let turn = &mut state.turn;
    let Some(plain) = mailbox::take_plain(&state.isolate, &mut turn.batch, &mut memory[place])
    else {
        return Ok(None);
    };
    turn.events += 1;
    let reply = plain
        .reply
        .map(|port| state.handles.insert(Handle::SendPort(port)));
    let (tag, reply, lost) = match reply {
        None => (0, 0, 0),
        Some(Ok(handle)) => (1, handle, 0),
        Some(Err(hit)) => {
            state.isolate.met(hit);
            (0, 0, 1)
        }
    };
    let (length, last) = (plain.length as u32, plain.last.into());
    Ok(Some((plain.token, length, tag, reply, lost, last)))
}
