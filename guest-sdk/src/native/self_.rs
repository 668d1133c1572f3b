//! The isolate that asks.

use super::ports::{ReceivePort, SendPort};
use super::thread::{self, current, end_here};
use insula_message::ExitReason;

pub struct TakenMessage {
    pub bytes: Vec<u8>,
    pub ports: Vec<SendPort>,
    pub lost_ports: u32,
}

pub fn name() -> String {
    let current = current();
    let name = current
        .world
        .with(|state, _| Some(state.isolates.get(&current.id)?.name.clone()));
    name.unwrap_or_default()
}

pub fn entry() -> String {
    let current = current();
    let entry = current
        .world
        .with(|state, _| Some(state.isolates.get(&current.id)?.entry.clone()));
    entry.unwrap_or_default()
}

pub fn first_message() -> Option<TakenMessage> {
    let current = current();
    let payload = current
        .world
        .with(|state, _| state.isolates.get_mut(&current.id)?.first_message.take())?;
    Some(TakenMessage {
        bytes: payload.bytes,
        ports: payload.ports.into_iter().map(SendPort).collect(),
        lost_ports: 0,
    })
}

pub fn first_port(token: u64) -> Option<ReceivePort> {
    let current = current();
    let port = current.world.with(|state, _| {
        let port = state.isolates.get_mut(&current.id)?.first_port.take()?;
        state.ports.get_mut(&port)?.token = token;
        Some(port)
    })?;
    Some(ReceivePort::new(current.world, port))
}

pub fn result_port() -> Option<SendPort> {
    let current = current();
    let port = current
        .world
        .with(|state, _| state.isolates.get_mut(&current.id)?.result.take());
    port.map(SendPort)
}

pub fn exit() {
    end_here(ExitReason::Ended)
}

pub fn fail(text: &str, place: &str) {
    thread::failed(text, place);
}

pub fn uncaught(text: &str, place: &str) {
    let current = current();
    let fatal = current.world.with(|state, trash| {
        let member = state.isolates.get(&current.id)?;
        if member.errors_fatal {
            return Some(());
        }
        let listeners = member.on_error.clone();
        state.tell_error(&listeners, text, trash);
        trash.add(listeners);
        None
    });
    if fatal.is_some() {
        end_here(ExitReason::Failed {
            error: text.to_owned(),
            place: place.to_owned(),
            backtrace: Vec::new(),
        });
    }
}
