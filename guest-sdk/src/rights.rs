//! The words in which isolates are controlled.

use crate::bindings::control;
use crate::bindings::refusals::{Refusal, RefusalKind};
use crate::{Refused, SendError};
use insula_message::Right;
use thiserror::Error;

/// When a control message takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Priority {
    /// At once, also while the isolate computes and while it is paused.
    Immediate,
    /// When it has done its current event, and before everything that waits for
    /// it. In an isolate that is paused, when it goes on.
    BeforeNextEvent,
}

impl From<Priority> for control::Priority {
    fn from(priority: Priority) -> Self {
        match priority {
            Priority::Immediate => Self::Immediate,
            Priority::BeforeNextEvent => Self::BeforeNextEvent,
        }
    }
}

/// Why an isolate was not controlled.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ControlError {
    /// The handle has not this right.
    #[error("this handle gives no right to {0} the isolate: ask for one who has it")]
    NoRight(Right),
    /// The send port is no isolate's control port.
    #[error("{0}")]
    NotControl(String),
    /// A limit of this isolate is used up.
    #[error("{0}")]
    Refused(String),
    /// There is no room for the notice in this isolate's own mailbox.
    #[error("no notice can come back: {0}")]
    Notice(#[from] SendError),
}

impl From<Refusal> for ControlError {
    fn from(refusal: Refusal) -> Self {
        match refusal.kind {
            RefusalKind::NotControl => Self::NotControl(refusal.text),
            _ => Self::Refused(refusal.text),
        }
    }
}

impl From<Refused> for ControlError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused.0)
    }
}
