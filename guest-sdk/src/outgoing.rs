//! Messages that the host sends later.

use crate::SendPort;
use crate::bindings::control::Outgoing;
use insula_message::{EncodeError, ToMessage};

/// Lends `message` in the form in which the host takes it.
pub fn with_outgoing<R>(
    message: &impl ToMessage<SendPort>,
    use_it: impl FnOnce(Outgoing) -> R,
) -> Result<R, EncodeError> {
    let mut bytes = Vec::new();
    let ports = insula_message::encode(message, &mut bytes)?;
    let ports = ports.iter().map(SendPort::resource).collect();
    Ok(use_it(Outgoing { bytes, ports }))
}
