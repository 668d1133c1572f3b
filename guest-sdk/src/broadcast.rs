//! One message to many ports.

use crate::SendPort;
use crate::error::sent;
use crate::send_port::with_encoded;
use crate::{EncodeError, SendError};
use insula_message::ToMessage;

/// Sends a copy of `message` to each of the ports, in their order, and answers with
/// what became of each. The message is encoded once.
///
/// ```no_run
/// # use insula_guest::*;
/// # fn example(mut subscribers: Vec<SendPort>) -> Result<(), EncodeError> {
/// let mut results = broadcast(&subscribers, "some news")?.into_iter();
/// // Those who are gone are no subscribers any more.
/// subscribers.retain(|_| results.next() != Some(Err(SendError::Closed)));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// The value cannot be said in a message: it was sent to nobody.
pub fn broadcast<'a>(
    ports: impl IntoIterator<Item = &'a SendPort>,
    message: impl ToMessage<SendPort>,
) -> Result<Vec<Result<(), SendError>>, EncodeError> {
    with_encoded(&message, |bytes, inside| {
        let send = |port: &SendPort| sent(port.resource().send(bytes, inside, None));
        ports.into_iter().map(send).collect()
    })
}
