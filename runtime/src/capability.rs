//! Tokens that cannot be forged, at the host's end.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::message::SendPort;
use crate::port::{Port, PortRef, Target};
use crate::port_ids::{PortIds, identity};

/// Something that is equal to itself and its clones, wherever they were sent, and
/// to nothing else. Nobody can make one that is equal to yours.
///
/// ```
/// use insula::Capability;
///
/// let one = Capability::new();
/// assert_eq!(one, one.clone());
/// assert_ne!(one, Capability::new());
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Capability(SendPort);

impl Capability {
    /// One that is equal to no other.
    #[expect(
        clippy::new_without_default,
        reason = "it is a new thing in the world, no value"
    )]
    pub fn new() -> Self {
        Capability(SendPort::new(PortRef::new(
            Port::new(PortIds::Process.take(1), Target::Capability, None),
            None,
        )))
    }

    pub(crate) fn from_port(port: SendPort) -> Self {
        Capability(port)
    }

    pub(crate) fn port(&self) -> &PortRef {
        self.0.port()
    }

    pub(crate) fn id(&self) -> u64 {
        self.0.port().id()
    }
}

/// As in Dart, a send port is a capability.
impl From<&SendPort> for Capability {
    fn from(port: &SendPort) -> Self {
        Capability(port.clone())
    }
}

impl fmt::Debug for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Capability({:016x})", identity(self.id()))
    }
}

impl Serialize for Capability {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Capability {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        SendPort::deserialize(deserializer).map(Capability)
    }
}
