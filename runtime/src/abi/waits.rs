//! `insula:isolate/ports`: waiting for room, and for a port to close.

use crate::group::MailboxShare;
use crate::handles::Handle;
use crate::host_memory::{HostShare, WAIT};
use crate::port::SendStatus;
use crate::state::State;
use crate::wait::{WaitRef, Waiter};

use super::answer::HandleAnswer;
use super::imports::Imports;
use super::memory::{Span, is_given, send_port, view, wrong_handle};
use super::ports::{Outgoing, held_by};
use super::{Guest, enter};
use insula_message::{Limit, LimitHit};

pub(super) fn link(imports: &mut Imports) -> wasmtime::Result<()> {
    imports.function(
        "ports",
        "[method]send-port.send-when-ready",
        send_when_ready,
    )?;
    imports.function("ports", "[method]send-port.is-closed", is_closed)?;
    imports.function("ports", "[method]send-port.when-closed", when_closed)?;
    imports.function("ports", "[resource-drop]wait", drop_wait)
}

#[expect(clippy::too_many_arguments, reason = "the lowered signature")]
fn send_when_ready(
    mut guest: Guest<'_>,
    to: u32,
    bytes: u32,
    length: u32,
    ports: u32,
    port_count: u32,
    has_reply: u32,
    reply: u32,
    token: u64,
    answer: u32,
) -> wasmtime::Result<()> {
    enter(&guest, "send-port.send-when-ready")?;
    let (memory, state) = view(&mut guest)?;
    let answer = HandleAnswer::new(memory, answer)?;
    let to = send_port(state, to)?.again();
    let reply = is_given(has_reply)?.then_some(reply);
    let outgoing = Outgoing::new(memory, Span::new(bytes, length), (ports, port_count))?;
    let paid = match outgoing.check_size(state, reply.is_some()) {
        // Told by its event, as all that becomes of it is.
        Err(hit) => {
            state.isolate.met(hit);
            None
        }
        Ok(cost) => match MailboxShare::take(state.isolate.group(), cost) {
            Ok(share) => {
                let reply = reply.map(|handle| held_by(state, &to, handle));
                let reply = reply.transpose()?;
                let message = outgoing.message(memory, state, to.group(), reply)?;
                // Now, as only this thread may count; it may be taken back yet.
                state.isolate.has_sent(&to, cost);
                Some((message, share))
            }
            Err(hit) => return answer.refuse_limit(&mut guest, hit),
        },
    };
    let (handle, share) = match begin(state) {
        Ok(begun) => begun,
        Err(hit) => return answer.refuse_limit(&mut guest, hit),
    };
    let waiter = Waiter::isolate(&state.isolate, &to, (handle, token), share);
    match paid {
        Some((message, share)) => {
            let wait = to.send_when_ready(message, Some(share), waiter);
            keep(state, handle, wait);
        }
        None => waiter.settle(SendStatus::TooLarge),
    }
    answer.answer(&mut guest, handle)
}

fn is_closed(mut guest: Guest<'_>, port: u32) -> wasmtime::Result<u32> {
    enter(&guest, "send-port.is-closed")?;
    Ok(send_port(guest.data_mut(), port)?.is_closed().into())
}

fn when_closed(mut guest: Guest<'_>, port: u32, token: u64, answer: u32) -> wasmtime::Result<()> {
    enter(&guest, "send-port.when-closed")?;
    let (memory, state) = view(&mut guest)?;
    let answer = HandleAnswer::new(memory, answer)?;
    let port = send_port(state, port)?.again();
    let (handle, share) = match begin(state) {
        Ok(begun) => begun,
        Err(hit) => return answer.refuse_limit(&mut guest, hit),
    };
    let waiter = Waiter::isolate(&state.isolate, &port, (handle, token), share);
    keep(state, handle, port.when_closed(waiter));
    answer.answer(&mut guest, handle)
}

/// A handle for a wait, which names its handle: so the handle comes first. Not where
/// there is no room for one, or where as many as there are handles are over already
/// and were not taken: a guest could let them go for ever.
fn begin(state: &mut State) -> Result<(u32, HostShare), LimitHit> {
    let isolate = &state.isolate;
    let over = isolate.mailbox().waits_over();
    if over >= isolate.limits().handles {
        return Err(isolate.limits().hit(Limit::Handles));
    }
    let share = HostShare::take(isolate.group(), WAIT)?;
    let handle = state.handles.insert(Handle::Wait(None))?;
    Ok((handle, share))
}

fn keep(state: &mut State, handle: u32, wait: WaitRef) {
    if let Ok(place) = state.handles.wait(handle) {
        *place = Some(wait);
    }
}

fn drop_wait(mut guest: Guest<'_>, wait: u32) -> wasmtime::Result<()> {
    enter(&guest, "wait.drop")?;
    let state = guest.data_mut();
    if let Err(wrong) = state.handles.wait(wait) {
        return wrong_handle(wait, "wait", wrong);
    }
    drop(state.handles.remove(wait));
    Ok(())
}
