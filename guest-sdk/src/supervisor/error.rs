//! What can go wrong with a supervisor.

use crate::{ExitReason, Refused, SpawnError};
use std::time::Duration;
use thiserror::Error;

/// Why a supervisor, or something that was asked of it, has failed.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SupervisorError {
    /// It gave up: a child has ended once too often. All children have ended.
    #[error(
        "child {child} {reason}, and there were too many restarts: there may be {max_restarts} \
         within {within:?} (see `Supervisor::intensity`)"
    )]
    TooManyRestarts {
        /// The child that was the last to fail.
        child: String,
        /// Why that one ended.
        reason: ExitReason,
        /// How many restarts there may be..
        max_restarts: u32,
        /// ..within this time: see
        /// [`Supervisor::intensity`](super::Supervisor::intensity).
        within: Duration,
    },
    /// A child could not be started the first time.
    #[error("child {child} could not be started: {error}")]
    NotStarted {
        /// The child.
        child: String,
        /// Why not.
        error: SpawnError,
    },
    /// There is a child of that name already.
    #[error("there is a child named {0} already: each needs a name of its own")]
    NameTaken(String),
    /// There is no child of that name.
    #[error("there is no child named {0}")]
    NoSuchChild(String),
    /// The supervisor is over, or about to be: it has no children any more.
    #[error("the supervisor is over, and has no children any more")]
    Over,
    /// The host gave no port for the notices.
    #[error(transparent)]
    Refused(#[from] Refused),
}
