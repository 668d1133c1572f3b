//! The order in which `--json` tells a run: that it has started before what happens in it.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::events;
use crate::report;

/// Keeps what isolates do until it was told that they have started: the first of them
/// may be quicker than who has started it. Cheap to clone.
#[derive(Clone)]
pub struct Order(Arc<Mutex<State>>);

enum State {
    /// What happened before, and as what it is told.
    Early(Vec<(&'static str, Value)>),
    Started,
}

impl Order {
    pub fn new() -> Self {
        Order(Arc::new(Mutex::new(State::Early(Vec::new()))))
    }

    /// Tells what an isolate does, now or once the run has started.
    pub fn tell(&self, event: &'static str, fields: Value) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *state {
            State::Early(early) => early.push((event, fields)),
            State::Started => {
                drop(state);
                report::event(event, &fields);
            }
        }
    }

    /// The run has started.
    pub fn started(&self, first: &str) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        events::started(first);
        if let State::Early(early) = std::mem::replace(&mut *state, State::Started) {
            for (event, fields) in early {
                report::event(event, &fields);
            }
        }
    }
}
