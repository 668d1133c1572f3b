//! What can go wrong, an enum for each operation.

use crate::bindings::ports::{CallRefusal, SendStatus};
use crate::bindings::refusals::{Refusal, RefusalKind};
use insula_message::{DecodeError, EncodeError};
use std::fmt::Display;
use std::time::Duration;
use thiserror::Error;

/// Why a message was not sent.
///
/// Nothing of it has reached anybody. A guest that does not mind, as when the
/// receiver may have ended, says so with `.ok()`.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SendError {
    /// The receiver has too many messages waiting. Try later.
    #[error("the receiver's mailbox is full")]
    Full,
    /// The message is larger than the limit for one message.
    #[error("the message is larger than a message may be")]
    TooLarge,
    /// The port is closed, or its isolate has ended. That `send` answers `Ok` is
    /// no promise that it is not: it may end before it takes the message.
    #[error("the port is closed, or its isolate has ended")]
    Closed,
    /// The value cannot be said in a message.
    #[error("the value cannot be sent: {0}")]
    Encode(#[from] EncodeError),
    /// The message cannot wait for room.
    #[error(transparent)]
    Refused(#[from] Refused),
}

pub(crate) fn sent(status: SendStatus) -> Result<(), SendError> {
    match status {
        SendStatus::Sent => Ok(()),
        SendStatus::Full => Err(SendError::Full),
        SendStatus::TooLarge => Err(SendError::TooLarge),
        SendStatus::Closed => Err(SendError::Closed),
    }
}

impl From<CallRefusal> for CallError {
    fn from(refusal: CallRefusal) -> Self {
        match refusal {
            CallRefusal::Unsent(status) => match sent(status) {
                Err(error) => error.into(),
                Ok(()) => unreachable!("what is unsent is not sent"),
            },
            CallRefusal::Refused(refusal) => Self::Refused(refusal.into()),
        }
    }
}

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum CallError {
    /// The message was not sent.
    #[error(transparent)]
    Send(#[from] SendError),
    /// Nobody can answer any more: the receiver has ended, or has closed its
    /// port, or has dropped the port for the answer without using it.
    #[error("nobody can answer the call any more")]
    NoAnswer,
    /// There was none in time: see [`Call::timeout`](crate::Call::timeout).
    #[error("no answer came within {0:?}")]
    TimedOut(Duration),
    /// The answer is of another type.
    #[error("the answer: {0}")]
    Decode(#[from] DecodeError),
    /// The host gave no port for the answer.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// Why [`recv_as`](crate::ReceivePort::recv_as) has no value.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum RecvError {
    /// The receive port was closed.
    #[error("the receive port is closed")]
    Closed,
    /// The message, which is gone now, is of another type.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

/// Why there is no new isolate.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// A limit of the isolate or of its group is used up.
    #[error("{0}")]
    Limit(String),
    /// The program has no entry of that name.
    #[error("{0}")]
    NoSuchEntry(String),
    /// The host has not granted this URI.
    #[error("{0}")]
    UriNotGranted(String),
    /// The text is not a URI that the host can resolve.
    #[error("{0}")]
    BadUri(String),
    /// There is no limit of that name for an isolate.
    #[error("{0}")]
    NoSuchLimit(String),
    /// A port that the request names is closed, or its isolate has ended.
    #[error("{0}")]
    Closed(String),
    /// The spawner does not have a capability that it wants to hand on.
    #[error("{0}")]
    CapabilityNotHeld(String),
    /// The host refused for another reason.
    #[error("{0}")]
    Refused(String),
    /// The first message cannot be said in a message.
    #[error("the first message cannot be sent: {0}")]
    Encode(#[from] EncodeError),
}

impl From<Refusal> for SpawnError {
    fn from(refusal: Refusal) -> Self {
        match refusal.kind {
            RefusalKind::Limit => Self::Limit(refusal.text),
            RefusalKind::NoSuchEntry => Self::NoSuchEntry(refusal.text),
            RefusalKind::UriNotGranted => Self::UriNotGranted(refusal.text),
            RefusalKind::BadUri => Self::BadUri(refusal.text),
            RefusalKind::NoSuchLimit => Self::NoSuchLimit(refusal.text),
            RefusalKind::Closed => Self::Closed(refusal.text),
            RefusalKind::CapabilityNotHeld => Self::CapabilityNotHeld(refusal.text),
            RefusalKind::NotControl | RefusalKind::NameTaken => Self::Refused(refusal.text),
        }
    }
}

/// Something, as a port or a timer, that the host did not give, because a limit is used up. The
/// text names the limit, its value and the option that raises it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Refused(pub String);

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self(refusal.text)
    }
}

/// For the forms of an operation that panic where the host refuses: the place of
/// the panic is the caller's.
#[track_caller]
pub(crate) fn granted<T, E: Display>(result: Result<T, E>) -> T {
    match result {
        Ok(granted) => granted,
        Err(refused) => panic!("{refused}"),
    }
}
