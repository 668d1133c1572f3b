//! What is told of the end of an isolate.

use super::world::{Payload, Sender, State, Trash, World};
use insula_message::{ExitReason, ToMessage};
use std::sync::Arc;

impl World {
    /// An isolate has ended: tells everybody who is to be told.
    pub fn finish(&self, id: u64, reason: ExitReason) {
        self.with(|state, trash| state.finish(id, reason, trash));
    }
}

impl State {
    fn finish(&mut self, id: u64, reason: ExitReason, trash: &mut Trash) {
        let own = self.ports.iter().filter(|(_, port)| port.owner == id);
        let own: Vec<_> = own.map(|(port, _)| *port).collect();
        for port in own {
            self.close(port, trash);
        }
        self.waits.retain(|_, waiting| waiting.isolate != id);
        let Some(member) = self.isolates.get_mut(&id) else {
            return;
        };
        member.ended = Some(reason.clone());
        member.timers.clear();
        let name = member.name.clone();
        trash.add(std::mem::take(&mut member.mailbox));
        trash.add((member.first_message.take(), member.result.take()));
        let on_error = std::mem::take(&mut member.on_error);
        let on_exit = std::mem::take(&mut member.on_exit);
        let monitors = std::mem::take(&mut member.monitors);
        let links = std::mem::take(&mut member.links);
        if reason.is_error() {
            // Shown with the test's output.
            eprintln!("{name} {reason}");
        }
        if let Some(text) = error_text(&reason) {
            self.tell_error(&on_error, &text, trash);
        }
        for (to, response) in on_exit {
            self.send(to.port, response, trash);
            trash.add(to);
        }
        for (to, response) in monitors {
            self.send(to.port, with_reason(response, &reason), trash);
            trash.add(to);
        }
        trash.add(on_error);
        for (other, ends) in links {
            if let Some(other) = self.isolates.get_mut(&other) {
                other.links.remove(&id);
            }
            if ends && is_abnormal(&reason) {
                self.stop(other, linked(&name, &reason));
            }
        }
    }

    pub fn tell_error(&mut self, listeners: &[Arc<Sender>], text: &str, trash: &mut Trash) {
        for to in listeners {
            self.send(to.port, said(&(text, "")), trash);
        }
    }

    /// Ends an isolate at its next event.
    pub fn stop(&mut self, id: u64, reason: ExitReason) {
        if let Some(member) = self.isolates.get_mut(&id) {
            member.stop.get_or_insert(reason);
        }
    }

    /// An isolate and all that it has spawned, at any depth.
    pub fn tree(&self, id: u64) -> Vec<u64> {
        let mut tree = vec![id];
        let mut at = 0;
        while let Some(parent) = tree.get(at).copied() {
            let children = self.isolates.iter();
            let children = children.filter(|(_, member)| member.parent == Some(parent));
            tree.extend(children.map(|(id, _)| *id));
            at += 1;
        }
        tree
    }
}

/// Whether those that are linked to it end too.
pub fn is_abnormal(reason: &ExitReason) -> bool {
    !matches!(reason, ExitReason::Ended | ExitReason::ShutDown)
}

pub fn linked(name: &str, reason: &ExitReason) -> ExitReason {
    match reason {
        ExitReason::Linked { .. } => reason.clone(),
        _ => ExitReason::Linked {
            isolate: name.to_owned(),
            reason: Box::new(reason.clone()),
        },
    }
}

/// What error listeners are told of an end.
fn error_text(reason: &ExitReason) -> Option<String> {
    match reason {
        ExitReason::Failed { error, .. } => Some(error.clone()),
        ExitReason::Linked { .. } => None,
        reason => reason.is_error().then(|| reason.to_string()),
    }
}

/// A message of the stand-in's own, which holds no ports.
pub fn said(what: &impl ToMessage<crate::SendPort>) -> Payload {
    let mut bytes = Vec::new();
    let encoded = insula_message::encode(what, &mut bytes);
    encoded.unwrap_or_else(|error| unreachable!("texts and numbers: {error}"));
    Payload {
        bytes,
        ..Payload::default()
    }
}

/// What a monitor is sent: the list of its response and the reason.
pub fn with_reason(response: Payload, reason: &ExitReason) -> Payload {
    const LIST_OF_TWO: u8 = 0x82;
    let mut bytes = vec![LIST_OF_TWO];
    bytes.extend(&response.bytes);
    bytes.extend(said(reason).bytes);
    Payload { bytes, ..response }
}
