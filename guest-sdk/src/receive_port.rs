//! Where messages arrive.

use crate::error::granted;
use crate::inbox::Inbox;
use crate::{Incoming, Messages, Recv, RecvAs, Refused, SendPort};
use std::cell::OnceCell;
use std::rc::Rc;

/// The isolate's first receive port: the one whose send port the spawner got.
///
/// Each call answers with the same port.
///
/// ```no_run
/// # use insula_guest::*;
/// #[entry]
/// fn shout() {
///     port().receive(|text: String, reply| {
///         if let Some(reply) = reply {
///             reply.send(text.to_uppercase()).ok();
///         }
///     });
/// }
/// # fn main() {}
/// ```
pub fn port() -> ReceivePort {
    thread_local! {
        static FIRST: OnceCell<ReceivePort> = const { OnceCell::new() };
    }
    FIRST.with(|first| first.get_or_init(|| ReceivePort(Inbox::first())).clone())
}

/// Where messages arrive. Clones are the same port.
///
/// A message is taken by whoever has been waiting longest with [`recv`] or with
/// a stream of [`messages`], and when nobody waits, by the handler given to
/// [`receive`]. As long as there is none of them, messages wait, and the port
/// does not keep the isolate alive; once there is, it does, until it is closed.
///
/// A port is closed by [`close`], or when all of its clones are gone and it has no
/// handler.
///
/// [`recv`]: Self::recv
/// [`messages`]: Self::messages
/// [`receive`]: Self::receive
/// [`close`]: Self::close
#[derive(Clone, Debug)]
pub struct ReceivePort(Rc<Inbox>);

impl ReceivePort {
    /// One more port.
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

    /// One more port, unless the isolate may have no more.
    pub fn try_new() -> Result<Self, Refused> {
        Inbox::open().map(Self)
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
        self.0.sender().unwrap_or_else(closed_send_port)
    }

    /// Calls `handler` with each message and with the port for an answer, if the
    /// sender wants one. The messages that came before are kept for it. It takes
    /// the place of the handler before it, if there was one.
    ///
    /// The type of the handler's first argument says how messages are read: as a
    /// type of yours, as a [`Value`](crate::Value) whatever they are, or as they
    /// arrived, as a [`Message`](crate::Message). One that is of another type is dropped, with a
    /// line on stderr that says what was expected, what was found and where.
    ///
    /// ```no_run
    /// # use insula_guest::*;
    /// let mut sum = 0;
    /// port().receive(move |number: i64, reply: Option<SendPort>| {
    ///     sum += number;
    ///     if let Some(reply) = reply {
    ///         reply.send(sum).ok();
    ///     }
    /// });
    /// ```
    pub fn receive<T: Incoming>(&self, mut handler: impl FnMut(T, Option<SendPort>) + 'static) {
        self.0.set_handler(Box::new(move |mut message| {
            let reply = message.take_reply();
            match T::from_message(message) {
                Ok(value) => handler(value, reply),
                Err(error) => eprintln!("a message was dropped: {error}"),
            }
        }));
    }

    /// The next message. None when the port is closed.
    ///
    /// ```no_run
    /// # use insula_guest::*;
    /// #[entry]
    /// async fn log() {
    ///     while let Some(message) = port().recv().await {
    ///         println!("{message:?}");
    ///     }
    /// }
    /// # fn main() {}
    /// ```
    pub fn recv(&self) -> Recv {
        Recv::new(&self.0)
    }

    /// The next message, read as a `T`.
    ///
    /// ```no_run
    /// # use insula_guest::*;
    /// # async fn example() -> Result<(), RecvError> {
    /// let (name, age): (String, u32) = port().recv_as().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn recv_as<T: Incoming>(&self) -> RecvAs<T> {
        RecvAs::new(self.recv())
    }

    /// The messages as a [`Stream`](futures_core::Stream), which ends when the
    /// port is closed.
    pub fn messages(&self) -> Messages {
        Messages::new(&self.0)
    }

    /// Closes the port. What waits in it is dropped, who waits for it is told. To
    /// close it once more changes nothing.
    ///
    /// The isolate ends when it has no port left that anybody waits for, and no
    /// timer.
    pub fn close(&self) {
        self.0.close();
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

/// A send port of a port that is closed already.
fn closed_send_port() -> Result<SendPort, Refused> {
    ReceivePort::try_new()?.try_send_port()
}
