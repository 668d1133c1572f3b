//! Programs that a host has at hand and grants under URIs of its choice.

use std::fmt;
use std::sync::Arc;

/// A module that guests may spawn by a URI. Where it came from is the host's business.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) uri: Arc<str>,
    pub(crate) module: Arc<[u8]>,
}

impl fmt::Debug for Given {
    /// Without the module.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Given")
            .field("uri", &self.uri)
            .field("bytes", &self.module.len())
            .finish()
    }
}
