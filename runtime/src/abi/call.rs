//! A message along with a port for its answer, in one go.

use insula_message::LimitHit;

use crate::handles::Handle;
use crate::port::SendStatus;
use crate::state::State;

use super::answer::RefusalKind;
use super::imports::Imports;
use super::memory::{Answer, Span, give_bytes, send_port, view};
use super::ports::{Outgoing, too_large};
use super::{Guest, enter};

pub(super) fn link(imports: &mut Imports) -> wasmtime::Result<()> {
    imports.function("ports", "[method]send-port.call", call)
}

/// `result<receive-port, call-refusal>`.
const ANSWER_SIZE: u32 = 20;
const PAYLOAD: usize = 4;
const REFUSAL: usize = 8;

/// `call-refusal` in the WIT.
enum CallRefusal {
    Unsent(SendStatus),
    Refused(LimitHit),
}

#[expect(clippy::too_many_arguments, reason = "the lowered signature")]
fn call(
    mut guest: Guest<'_>,
    to: u32,
    bytes: u32,
    length: u32,
    ports: u32,
    port_count: u32,
    token: u64,
    answer: u32,
) -> wasmtime::Result<()> {
    enter(&guest, "send-port.call")?;
    let (memory, state) = view(&mut guest)?;
    let answer = Answer::new(memory, answer, ANSWER_SIZE, 4)?;
    let outgoing = Outgoing::new(memory, Span::new(bytes, length), (ports, port_count))?;
    match open_and_send(memory, state, to, &outgoing, token)? {
        Ok(port) => {
            answer.u8(memory, 0, 0);
            answer.u32(memory, PAYLOAD, port);
        }
        Err(CallRefusal::Unsent(status)) => {
            answer.u8(memory, 0, 1);
            answer.u8(memory, PAYLOAD, 0);
            answer.u8(memory, REFUSAL, status as u8);
        }
        Err(CallRefusal::Refused(hit)) => {
            state.isolate.met(hit);
            let text = hit.to_string();
            let pointer = give_bytes(&mut guest, text.as_bytes(), 1)?;
            let (memory, _) = view(&mut guest)?;
            answer.u8(memory, 0, 1);
            answer.u8(memory, PAYLOAD, 1);
            answer.u8(memory, REFUSAL, RefusalKind::Limit as u8);
            answer.u32(memory, REFUSAL + 4, pointer);
            answer.u32(memory, REFUSAL + 8, text.len() as u32);
        }
    }
    Ok(())
}

/// The handle of the port for the answer, or why there is none.
fn open_and_send(
    memory: &[u8],
    state: &mut State,
    to: u32,
    outgoing: &Outgoing,
    token: u64,
) -> wasmtime::Result<Result<u32, CallRefusal>> {
    let isolate = state.isolate.clone();
    let room = state.handles.make_room(1);
    let to = send_port(state, to)?;
    let cost = match outgoing.check_size(state, true) {
        Ok(cost) => cost,
        Err(hit) => return Ok(Err(CallRefusal::Unsent(too_large(state, hit)))),
    };
    let slot = match room.and_then(|()| isolate.open_port(token)) {
        Ok(slot) => slot,
        Err(hit) => return Ok(Err(CallRefusal::Refused(hit))),
    };
    // Nobody else keeps a send port: when the receiver is done with its own, no one is
    // left that could answer, and that is told.
    let reply = isolate.sender(slot, to.group());
    match outgoing.send(memory, state, to, cost, reply) {
        Ok(SendStatus::Sent) => {}
        failed => {
            isolate.close_port(slot);
            return failed.map(|status| Err(CallRefusal::Unsent(status)));
        }
    }
    isolate.mailbox().listen(slot, true);
    let inserted = state.handles.insert(Handle::ReceivePort(slot));
    Ok(inserted.map_err(CallRefusal::Refused))
}
