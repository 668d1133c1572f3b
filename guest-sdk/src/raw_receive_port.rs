//! A port with a handler and nothing else.
//!
//! A [`RawReceivePort`] and a [`ReceivePort`](crate::ReceivePort) are two views of
//! one thing, a receive port of the host's. The raw one always listens: what comes
//! goes to its handler, and what comes while it has none is lost. The other one
//! lies above it: it listens only while somebody wants a message, so that messages
//! wait in the host until then, and it knows who waits.

use crate::error::granted;
use crate::inbox::Inbox;
use crate::receive_port::{reading, sender};
use crate::{Incoming, Outcome, Refused, SendPort};
use std::rc::Rc;

/// Where messages arrive that are handled at once or not at all. Clones are the
/// same port.
///
/// What comes while there is no handler is lost. While it is open it keeps the
/// isolate alive, with a handler or without, unless it is told not to. It is closed
/// by [`close`](Self::close), or when all of its clones are gone and it has no
/// handler.
///
/// ```no_run
/// # use insula_guest::*;
/// let status = RawReceivePort::new(|status: String, _| println!("{status}"));
/// status.set_keep_isolate_alive(false);
/// status.send_port().send("this is seen").ok();
/// ```
///
/// For messages that wait until somebody wants them there is
/// [`ReceivePort`](crate::ReceivePort), which a raw one can become
/// ([`from_raw`](crate::ReceivePort::from_raw)).
#[derive(Clone, Debug)]
pub struct RawReceivePort(Rc<Inbox>);

impl RawReceivePort {
    /// One more port, whose messages `handler` gets: see
    /// [`set_handler`](Self::set_handler).
    ///
    /// # Panics
    ///
    /// When the isolate may have no more handles. [`try_without_handler`] answers
    /// with an error instead.
    ///
    /// [`try_without_handler`]: Self::try_without_handler
    #[track_caller]
    pub fn new<T: Incoming, R: Outcome>(
        handler: impl FnMut(T, Option<SendPort>) -> R + 'static,
    ) -> Self {
        let port = Self::without_handler();
        port.set_handler(handler);
        port
    }

    /// One more port. Its messages are lost until it has a handler.
    ///
    /// # Panics
    ///
    /// When the isolate may have no more handles. [`try_without_handler`] answers
    /// with an error instead.
    ///
    /// [`try_without_handler`]: Self::try_without_handler
    #[track_caller]
    pub fn without_handler() -> Self {
        granted(Self::try_without_handler())
    }

    /// One more port without a handler, unless the isolate may have no more.
    pub fn try_without_handler() -> Result<Self, Refused> {
        let inbox = Inbox::open()?;
        inbox.set_raw(true);
        Ok(Self(inbox))
    }

    /// Calls `handler` with each message from now on, in place of the handler before
    /// it, as [`ReceivePort::receive`](crate::ReceivePort::receive) does. It may be
    /// called from within a handler. A closed port stays without one.
    #[track_caller]
    pub fn set_handler<T: Incoming, R: Outcome>(
        &self,
        handler: impl FnMut(T, Option<SendPort>) -> R + 'static,
    ) {
        self.0.set_handler(reading(handler));
    }

    /// Takes the handler away: what comes from now on is lost.
    pub fn clear_handler(&self) {
        self.0.clear_handler();
    }

    /// The right to send to it. Of a closed port, one that reaches nobody.
    ///
    /// # Panics
    ///
    /// When the isolate may have no more handles. [`try_send_port`] answers with
    /// an error instead.
    ///
    /// [`try_send_port`]: Self::try_send_port
    #[track_caller]
    pub fn send_port(&self) -> SendPort {
        granted(self.try_send_port())
    }

    /// The right to send to it, unless the isolate may have no more handles.
    pub fn try_send_port(&self) -> Result<SendPort, Refused> {
        sender(&self.0)
    }

    /// Whether it keeps the isolate alive while it is open, as it does when it is
    /// new.
    pub fn set_keep_isolate_alive(&self, on: bool) {
        self.0.set_keep_alive(on);
    }

    /// Whether it keeps the isolate alive: it is open, and was not told not to.
    pub fn keeps_isolate_alive(&self) -> bool {
        self.0.keeps_alive()
    }

    /// Closes the port. To close it once more changes nothing.
    pub fn close(&self) {
        self.0.close();
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }

    pub(crate) fn into_inbox(self) -> Rc<Inbox> {
        self.0
    }
}

impl From<&RawReceivePort> for SendPort {
    fn from(port: &RawReceivePort) -> Self {
        port.send_port()
    }
}
