//! Ports that everybody in the group can find.

use super::ports::SendPort;
use super::refusals::{Refusal, RefusalKind};
use super::thread::current;
use std::sync::Arc;

pub fn register(name: &str, port: &SendPort) -> Result<(), Refusal> {
    current().world.with(|state, trash| {
        if !state.ports.contains_key(&port.0.port) {
            let text = format!("the port that is to be called `{name}` is closed");
            return Err(Refusal::new(RefusalKind::Closed, text));
        }
        if let Some(named) = state.names.get(name)
            && named.port != port.0.port
        {
            let text = format!("the name `{name}` belongs to another port");
            return Err(Refusal::new(RefusalKind::NameTaken, text));
        }
        trash.add(state.names.insert(name.to_owned(), Arc::clone(&port.0)));
        Ok(())
    })
}

pub fn lookup(name: &str) -> Result<Option<SendPort>, Refusal> {
    let world = current().world;
    Ok(world.with(|state, _| state.names.get(name).cloned().map(SendPort)))
}

pub fn unregister(name: &str) -> bool {
    current().world.with(|state, trash| {
        let named = state.names.remove(name);
        let was_there = named.is_some();
        trash.add(named);
        was_there
    })
}
