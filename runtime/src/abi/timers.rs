//! `insula:isolate/timers`: events later.

use std::time::Duration;

use crate::handles::Handle;
use crate::host_memory::{HostShare, TIMER};
use insula_message::Limit;

use super::answer::HandleAnswer;
use super::imports::Imports;
use super::memory::{view, wrong_handle};
use super::{Guest, enter};

pub(super) fn link(imports: &mut Imports) -> wasmtime::Result<()> {
    imports.function("timers", "[static]timer.start", start)?;
    imports.function("timers", "[resource-drop]timer", drop_timer)
}

fn start(mut guest: Guest<'_>, nanoseconds: u64, token: u64, answer: u32) -> wasmtime::Result<()> {
    enter(&guest, "timer.start")?;
    let (memory, state) = view(&mut guest)?;
    let answer = HandleAnswer::new(memory, answer)?;
    let limits = state.isolate.limits();
    let due = state.isolate.mailbox().timers_due();
    if due >= limits.timers || !state.handles.has_timer_room() {
        let hit = limits.hit(Limit::Timers);
        return answer.refuse_limit(&mut guest, hit);
    }
    // The timer names its handle, so the handle comes first.
    let isolate = state.isolate.clone();
    let begun = HostShare::take(isolate.group(), TIMER).and_then(|share| {
        let handle = state.handles.insert(Handle::Timer(None))?;
        Ok((share, handle))
    });
    let (share, handle) = match begun {
        Ok(begun) => begun,
        Err(hit) => return answer.refuse_limit(&mut guest, hit),
    };
    let after = Duration::from_nanos(nanoseconds);
    let timer = isolate.start_timer(after, (handle, token), share);
    if let Ok(place) = state.handles.timer(handle) {
        *place = Some(timer);
    }
    answer.answer(&mut guest, handle)
}

fn drop_timer(mut guest: Guest<'_>, timer: u32) -> wasmtime::Result<()> {
    enter(&guest, "timer.drop")?;
    let state = guest.data_mut();
    if let Err(wrong) = state.handles.timer(timer) {
        return wrong_handle(timer, "timer", wrong);
    }
    drop(state.handles.remove(timer));
    Ok(())
}
