//! `insula:isolate/ports`: sending and receiving.

use std::sync::Arc;

use crate::control::Attended;
use crate::group::GroupCore;
use crate::handles::Handle;
use crate::host_memory::{HostShare, PORT};
use crate::limits::MESSAGE_OVERHEAD;
use crate::mailbox::{self, Event};
use crate::message_bytes::MessageBytes;
use crate::port::{
    Message, Port, PortRef, Reserved, SMALL_MESSAGE, SendStatus, Target, message_cost,
};
use crate::state::{State, Stop};
use insula_message::{Limit, LimitHit};

use super::answer::HandleAnswer;
use super::imports::Imports;
use super::memory::{
    Answer, Room, Span, handle_list, handles_in, is_given, send_port, view, wrong_handle,
};
use super::{Guest, broken, enter};

pub(super) fn link(imports: &mut Imports) -> wasmtime::Result<()> {
    imports.function("ports", "[method]send-port.send", send)?;
    imports.function("ports", "[method]send-port.duplicate", duplicate)?;
    imports.function("ports", "[method]send-port.identity", identity)?;
    imports.function("ports", "[static]send-port.capability", capability)?;
    imports.function("ports", "[resource-drop]send-port", drop_send_port)?;
    imports.function("ports", "[static]receive-port.open", open)?;
    imports.function("ports", "[method]receive-port.sender", sender)?;
    imports.function("ports", "[method]receive-port.listen", listen)?;
    imports.function("ports", "[method]receive-port.keep-alive", keep_alive)?;
    imports.function("ports", "[resource-drop]receive-port", drop_receive_port)?;
    imports.function("ports", "receive", receive)
}

#[expect(clippy::too_many_arguments, reason = "the lowered signature")]
fn send(
    mut guest: Guest<'_>,
    to: u32,
    bytes: u32,
    length: u32,
    ports: u32,
    port_count: u32,
    has_reply: u32,
    reply: u32,
) -> wasmtime::Result<u32> {
    enter(&guest, "send-port.send")?;
    let (memory, state) = view(&mut guest)?;
    let to = send_port(state, to)?;
    let reply = is_given(has_reply)?.then_some(reply);
    let outgoing = Outgoing::new(memory, Span::new(bytes, length), (ports, port_count))?;
    let status = match outgoing.check_size(state, reply.is_some()) {
        Err(hit) => too_large(state, hit),
        Ok(cost) => {
            let reply = reply.map(|handle| held_by(state, to, handle));
            outgoing.send(memory, state, to, cost, reply.transpose()?)?
        }
    };
    Ok(status as u32)
}

/// What it is that a message does not fit the limit for one.
pub(super) fn too_large(state: &State, hit: LimitHit) -> SendStatus {
    state.isolate.met(hit);
    SendStatus::TooLarge
}

/// A send port of the guest's as what is sent to `to` carries it.
#[inline(always)]
pub(super) fn held_by(state: &State, to: &PortRef, handle: u32) -> wasmtime::Result<PortRef> {
    Ok(send_port(state, handle)?.for_holder(to.group()))
}

/// A message that is still in the guest's memory, in places that were checked.
pub(super) struct Outgoing {
    bytes: std::ops::Range<usize>,
    ports: std::ops::Range<usize>,
}

impl Outgoing {
    #[inline(always)]
    pub(super) fn new(memory: &[u8], bytes: Span, ports: (u32, u32)) -> wasmtime::Result<Self> {
        let bytes = bytes.within(memory, "a message")?;
        let ports = handle_list(memory, ports.0, ports.1)?;
        Ok(Outgoing { bytes, ports })
    }

    /// What it would count in a mailbox, or that it is too large. Before
    /// anything is allocated.
    #[inline(always)]
    pub(super) fn check_size(&self, state: &State, reply: bool) -> Result<u64, LimitHit> {
        let cost = message_cost(self.bytes.len(), self.ports.len() / 4 + usize::from(reply));
        state.isolate.limits().check_message(cost)?;
        let meter = state.isolate.meter(Limit::MessageBytes);
        meter.reached(cost - MESSAGE_OVERHEAD);
        Ok(cost)
    }

    /// Copies and sends it, at this cost.
    #[inline(always)]
    pub(super) fn send(
        &self,
        memory: &[u8],
        state: &State,
        to: &PortRef,
        cost: u64,
        reply: Option<PortRef>,
    ) -> wasmtime::Result<SendStatus> {
        let seat = &state.turn.seat;
        let in_place = self.ports.is_empty() && MessageBytes::are_few(self.bytes.len());
        let status = if in_place && to.leads_to_isolate() {
            to.send_small(cost, seat, (memory, self.bytes.clone()), reply)
        } else {
            let reserved = if cost > SMALL_MESSAGE {
                to.reserve(cost)
            } else {
                Ok(Reserved::default())
            };
            match reserved {
                Ok(reserved) => {
                    let message = self.message(memory, state, to.group(), reply)?;
                    to.send(message, reserved, Some(seat))
                }
                Err(status) => status,
            }
        };
        if status == SendStatus::Sent {
            state.isolate.has_sent(to, cost);
        }
        Ok(status)
    }

    /// Copies it, to be held by `holder`.
    #[inline(always)]
    pub(super) fn message(
        &self,
        memory: &[u8],
        state: &State,
        holder: Option<&Arc<GroupCore>>,
        reply: Option<PortRef>,
    ) -> wasmtime::Result<Message> {
        let mut ports = Vec::new();
        // Most carry none.
        if !self.ports.is_empty() {
            ports.reserve_exact(self.ports.len() / 4);
            for handle in handles_in(memory, self.ports.clone()) {
                ports.push(send_port(state, handle)?.for_holder(holder));
            }
        }
        let bytes = MessageBytes::copied(memory, self.bytes.clone());
        Ok(Message::new(bytes, ports, reply))
    }
}

fn duplicate(mut guest: Guest<'_>, port: u32, answer: u32) -> wasmtime::Result<()> {
    enter(&guest, "send-port.duplicate")?;
    let (memory, state) = view(&mut guest)?;
    let answer = HandleAnswer::new(memory, answer)?;
    let again = send_port(state, port)?.for_holder(Some(state.isolate.group()));
    answer.give(&mut guest, Handle::SendPort(again))
}

fn identity(guest: Guest<'_>, port: u32) -> wasmtime::Result<u64> {
    enter(&guest, "send-port.identity")?;
    let state = guest.data();
    let id = send_port(state, port)?.id();
    Ok(state.isolate.group().core().port_ids.identity(id))
}

fn capability(mut guest: Guest<'_>, answer: u32) -> wasmtime::Result<()> {
    enter(&guest, "send-port.capability")?;
    let (memory, state) = view(&mut guest)?;
    let answer = HandleAnswer::new(memory, answer)?;
    let group = state.isolate.group();
    match HostShare::take(group, PORT) {
        Ok(share) => {
            let id = group.core().port_ids.take(1);
            let port = Port::new(id, Target::Capability, Some(share));
            let new = PortRef::new(port, Some(group));
            answer.give(&mut guest, Handle::SendPort(new))
        }
        Err(hit) => answer.refuse_limit(&mut guest, hit),
    }
}

fn drop_send_port(mut guest: Guest<'_>, port: u32) -> wasmtime::Result<()> {
    enter(&guest, "send-port.drop")?;
    let state = guest.data_mut();
    send_port(state, port)?;
    drop(state.handles.remove(port));
    Ok(())
}

fn open(mut guest: Guest<'_>, token: u64, answer: u32) -> wasmtime::Result<()> {
    enter(&guest, "receive-port.open")?;
    let (memory, state) = view(&mut guest)?;
    let answer = HandleAnswer::new(memory, answer)?;
    let opened = state
        .handles
        .make_room(1)
        .and_then(|()| state.isolate.open_port(token));
    match opened {
        Ok(slot) => answer.give(&mut guest, Handle::ReceivePort(slot)),
        Err(hit) => answer.refuse_limit(&mut guest, hit),
    }
}

fn sender(mut guest: Guest<'_>, port: u32, answer: u32) -> wasmtime::Result<()> {
    enter(&guest, "receive-port.sender")?;
    let (memory, state) = view(&mut guest)?;
    let answer = HandleAnswer::new(memory, answer)?;
    let slot = receive_port(state, port)?;
    match state.isolate.sender(slot, Some(state.isolate.group())) {
        Some(sender) => answer.give(&mut guest, Handle::SendPort(sender)),
        None => broken("it used a receive port that is closed"),
    }
}

fn listen(mut guest: Guest<'_>, port: u32, on: u32) -> wasmtime::Result<()> {
    enter(&guest, "receive-port.listen")?;
    let state = guest.data_mut();
    let slot = receive_port(state, port)?;
    put_back(state);
    state.isolate.mailbox().listen(slot, on != 0);
    Ok(())
}

fn keep_alive(mut guest: Guest<'_>, port: u32, on: u32) -> wasmtime::Result<()> {
    enter(&guest, "receive-port.keep-alive")?;
    let state = guest.data_mut();
    let slot = receive_port(state, port)?;
    state.isolate.mailbox().keep_alive(slot, on != 0);
    Ok(())
}

fn drop_receive_port(mut guest: Guest<'_>, port: u32) -> wasmtime::Result<()> {
    enter(&guest, "receive-port.drop")?;
    let state = guest.data_mut();
    let slot = receive_port(state, port)?;
    drop(state.handles.remove(port));
    put_back(state);
    state.isolate.close_port(slot);
    Ok(())
}

/// Nothing is out of the mailbox while its ports are changed.
fn put_back(state: &mut State) {
    mailbox::put_back(&state.isolate, std::mem::take(&mut state.turn.batch));
}

fn receive_port(state: &State, handle: u32) -> wasmtime::Result<usize> {
    state
        .handles
        .receive_port(handle)
        .or_else(|wrong| wrong_handle(handle, "receive-port", wrong))
}

/// `option<event>`, an event's payload being aligned to 8.
const EVENT_SIZE: u32 = 56;
const EVENT: usize = 8;
const PAYLOAD: usize = 16;

fn receive(mut guest: Guest<'_>, answer: u32) -> wasmtime::Result<()> {
    enter(&guest, "receive")?;
    let (memory, state) = view(&mut guest)?;
    let answer = Answer::new(memory, answer, EVENT_SIZE, 8)?;
    let Some(event) = next_event(state)? else {
        answer.u8(memory, 0, 0);
        return Ok(());
    };
    // From here on no lock is held: `cabi_realloc` is guest code.
    match event {
        Event::Message {
            token,
            message,
            share,
        } => {
            let taken = Taken::give(&mut guest, message)?;
            drop(share);
            let (memory, state) = view(&mut guest)?;
            let last = state.turn.batch.is_empty() && !state.isolate.has_ready();
            taken.write(memory, answer, PAYLOAD + 8)?;
            answer.u8(memory, EVENT, 0);
            answer.u64(memory, PAYLOAD, token);
            answer.u8(memory, PAYLOAD + 24, u8::from(taken.reply.is_some()));
            answer.u32(memory, PAYLOAD + 28, taken.reply.unwrap_or(0));
            answer.u32(memory, PAYLOAD + 32, taken.lost);
            answer.u8(memory, PAYLOAD + 36, u8::from(last));
            answer.u8(memory, 0, 1);
            return Ok(());
        }
        Event::Unreachable { token } => {
            answer.u8(memory, EVENT, 1);
            answer.u64(memory, PAYLOAD, token);
        }
        Event::Timer { token, .. } => {
            answer.u8(memory, EVENT, 2);
            answer.u64(memory, PAYLOAD, token);
        }
        Event::Settled { token, status, .. } => {
            answer.u8(memory, EVENT, 3);
            answer.u64(memory, PAYLOAD, token);
            answer.u8(memory, PAYLOAD + 8, status as u8);
        }
    }
    let (memory, _) = view(&mut guest)?;
    answer.u8(memory, 0, 1);
    Ok(())
}

/// The next event, none when the mailbox has none or the turn had its slice.
#[inline(always)]
fn next_event(state: &mut State) -> wasmtime::Result<Option<Event>> {
    if !may_take(state)? {
        return Ok(None);
    }
    let turn = &mut state.turn;
    loop {
        let Some(event) = mailbox::take(&state.isolate, &mut turn.batch) else {
            return Ok(None);
        };
        let cancelled = match event {
            Event::Timer { handle, .. } => state.handles.timer(handle).is_err(),
            Event::Settled { handle, .. } => state.handles.wait(handle).is_err(),
            Event::Message { .. } | Event::Unreachable { .. } => false,
        };
        if cancelled {
            continue;
        }
        turn.events += 1;
        return Ok(Some(event));
    }
}

/// Whether it may have one more event in this turn.
#[inline(always)]
pub(super) fn may_take(state: &State) -> wasmtime::Result<bool> {
    match state.isolate.attend() {
        Attended::GoOn => {}
        Attended::Pause => return Ok(false),
        Attended::End => return Err(Stop::Asked.into()),
    }
    let turn = &state.turn;
    let scheduler = &state.isolate.group().core().scheduler;
    Ok(!scheduler.slice_is_over(turn.began_at_tick, turn.events))
}

/// A message on its way into the receiver's hands: there is room for it in guest
/// memory, and its ports are in the table.
pub(super) struct Taken {
    bytes: MessageBytes,
    room: Room,
    handles: Vec<u32>,
    handles_room: Room,
    reply: Option<u32>,
    pub(super) lost: u32,
}

impl Taken {
    #[inline(always)]
    pub(super) fn give(guest: &mut Guest<'_>, message: Message) -> wasmtime::Result<Self> {
        let (bytes, ports, reply) = message.into_parts();
        let room = Room::make(guest, bytes.len(), 1)?;
        let (mut lost, mut refused) = (0, None);
        // The message held its ports on this group's behalf already.
        let mut insert = |guest: &mut Guest<'_>, port: PortRef| {
            let handle = guest.data_mut().handles.insert(Handle::SendPort(port));
            if let Err(hit) = &handle {
                refused = Some(*hit);
                lost += 1;
            }
            handle.ok()
        };
        let mut handles = Vec::new();
        for port in ports {
            handles.extend(insert(guest, port));
        }
        let reply = reply.and_then(|port| insert(guest, port));
        if let Some(hit) = refused {
            guest.data().isolate.met(hit);
        }
        let handles_room = Room::make(guest, handles.len() * 4, 4)?;
        Ok(Taken {
            bytes,
            room,
            handles,
            handles_room,
            reply,
            lost,
        })
    }

    /// Writes the message, and the two lists that say where.
    pub(super) fn write(
        &self,
        memory: &mut [u8],
        answer: Answer,
        offset: usize,
    ) -> wasmtime::Result<()> {
        self.room.put(memory, &self.bytes)?;
        if !self.handles.is_empty() {
            let handles = self.handles.iter().flat_map(|handle| handle.to_le_bytes());
            let handles: Vec<u8> = handles.collect();
            self.handles_room.put(memory, &handles)?;
        }
        answer.u32(memory, offset, self.room.pointer);
        answer.u32(memory, offset + 4, self.bytes.len() as u32);
        answer.u32(memory, offset + 8, self.handles_room.pointer);
        answer.u32(memory, offset + 12, self.handles.len() as u32);
        Ok(())
    }
}
