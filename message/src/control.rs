//! The words about controlling isolates that a guest and its host share.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a handle to an isolate may allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// To pause the isolate and to let it go on.
    Pause,
    /// To end it, to link to it, and to say whether errors end it.
    Terminate,
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pause => "pause",
            Self::Terminate => "terminate",
        })
    }
}

/// An error that nothing in an isolate has caught, as its error listeners are
/// told of it: in a message, the list of its two texts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(from = "(String, String)", into = "(String, String)")]
#[error("{error}")]
#[non_exhaustive]
pub struct RemoteError {
    /// What the error said.
    pub error: String,
    /// The functions on the stack, innermost first, a line each. Empty where
    /// nothing is known.
    pub backtrace: String,
}

impl From<(String, String)> for RemoteError {
    fn from((error, backtrace): (String, String)) -> Self {
        Self { error, backtrace }
    }
}

impl From<RemoteError> for (String, String) {
    fn from(error: RemoteError) -> Self {
        (error.error, error.backtrace)
    }
}
