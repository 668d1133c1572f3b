//! Tokens that cannot be forged.

use crate::bindings::ports;
use crate::error::granted;
use crate::{Refused, SendPort};
use serde::{Deserialize, Serialize};

/// A token that nobody can make but from one they were given: equal to its
/// clones, wherever they were sent, and to nothing else.
///
/// It stands for a right. Whoever is shown it knows that it was handed on by
/// somebody who had it. [`Control::pause_with`](crate::Control::pause_with) takes
/// any, and only who has it can take the pause away again. A [`SendPort`] is one
/// too: `Capability::from(&port)`.
///
/// ```no_run
/// # use insula_guest::*;
/// let ticket = Capability::new();
/// let guest = ticket.clone(); // sent to somebody, and shown by them later
/// assert_eq!(guest, ticket);
/// assert_ne!(guest, Capability::new());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Capability(SendPort);

impl Capability {
    /// One more, equal to no other.
    ///
    /// # Panics
    ///
    /// When the isolate may have no more handles. [`try_new`](Self::try_new)
    /// answers with an error instead.
    #[expect(
        clippy::new_without_default,
        reason = "it is a new thing in the world, no value"
    )]
    #[track_caller]
    pub fn new() -> Self {
        granted(Self::try_new())
    }

    /// One more, unless the isolate may have no more handles.
    pub fn try_new() -> Result<Self, Refused> {
        let port = ports::SendPort::capability()?;
        Ok(Self(port.into()))
    }

    pub(crate) fn resource(&self) -> &ports::SendPort {
        self.0.resource()
    }
}

impl From<ports::SendPort> for Capability {
    fn from(port: ports::SendPort) -> Self {
        Self(port.into())
    }
}

impl From<SendPort> for Capability {
    fn from(port: SendPort) -> Self {
        Self(port)
    }
}

impl From<&SendPort> for Capability {
    fn from(port: &SendPort) -> Self {
        Self(port.clone())
    }
}
