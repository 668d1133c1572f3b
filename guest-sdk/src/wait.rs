//! What was asked of the host with a token and comes about later.

use crate::bindings::ports::SendStatus;

/// Called when the host says that the wait with this token is over.
pub fn settled(_token: u64, _status: SendStatus) {}
