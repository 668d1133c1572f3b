//! An isolate, as its world knows it.

use super::world::{Payload, Sender};
use crate::bindings::ports::SendStatus;
use insula_message::ExitReason;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

/// Something in a mailbox.
pub enum Item {
    Message {
        port: u64,
        payload: Payload,
    },
    Unreachable {
        port: u64,
    },
    Settled {
        token: u64,
        status: SendStatus,
    },
    /// To be answered when the isolate comes to it.
    Ping {
        to: Arc<Sender>,
        response: Payload,
    },
}

pub struct Member {
    pub name: String,
    pub entry: String,
    pub parent: Option<u64>,
    pub mailbox: VecDeque<Item>,
    /// By when they are due and their number, with their tokens.
    pub timers: BTreeMap<(Instant, u64), u64>,
    pub first_message: Option<Payload>,
    /// Its first port, until the isolate asks for it.
    pub first_port: Option<u64>,
    pub result: Option<Arc<Sender>>,
    pub paused_by: BTreeSet<u64>,
    pub errors_fatal: bool,
    /// Whether its entry has begun to run: not while it is paused from the beginning.
    pub started: bool,
    /// Whether its thread waits for something to happen.
    pub idle: bool,
    /// Why it is to end.
    pub stop: Option<ExitReason>,
    pub ended: Option<ExitReason>,
    pub control: Arc<Sender>,
    pub pause: Arc<Sender>,
    pub terminate: Arc<Sender>,
    pub on_exit: Vec<(Arc<Sender>, Payload)>,
    pub monitors: Vec<(Arc<Sender>, Payload)>,
    pub on_error: Vec<Arc<Sender>>,
    /// Who is linked to it, and whether that one ends when this one fails.
    pub links: BTreeMap<u64, bool>,
}

impl Member {
    pub fn is_paused(&self) -> bool {
        !self.paused_by.is_empty()
    }

    pub fn is_alive(&self) -> bool {
        self.ended.is_none()
    }
}
