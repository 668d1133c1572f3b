//! Where messages arrive.

use crate::error::granted;
use crate::inbox::{Handler, Inbox};
use crate::{
    Incoming, Message, Messages, Outcome, RawReceivePort, Recv, RecvAs, RecvAsWhere, RecvWhere,
    Refused, SendPort, panic,
};
use std::cell::OnceCell;
use std::panic::Location;
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
/// A message is taken by whoever has been waiting longest with [`recv`], with a
/// stream of [`messages`], or with [`recv_where`] for one like this, and when
/// nobody waits for it, by the handler given to [`receive`]. As long as there is
/// none of them, messages wait, and the port does not keep the isolate alive; once
/// there is, it does, until it is closed or told not to
/// ([`set_keep_isolate_alive`]).
///
/// It lies on the same port of the host's as a [`RawReceivePort`], which has a
/// handler and nothing else, and no room for messages to wait in.
///
/// A port is closed by [`close`], or when all of its clones are gone and it has no
/// handler.
///
/// [`recv`]: Self::recv
/// [`recv_where`]: Self::recv_where
/// [`messages`]: Self::messages
/// [`set_keep_isolate_alive`]: Self::set_keep_isolate_alive
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

    /// The port that `raw` and its clones are, with room for messages to wait in
    /// from now on. The handler that it had is gone.
    pub fn from_raw(raw: RawReceivePort) -> Self {
        let inbox = raw.into_inbox();
        inbox.clear_handler();
        inbox.set_raw(false);
        Self(inbox)
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

    /// Calls `handler` with each message and with the port for an answer, if the
    /// sender wants one. The messages that came before are kept for it. It takes
    /// the place of the handler before it, if there was one.
    ///
    /// The type of the handler's first argument says how messages are read: as a
    /// type of yours, as a [`Value`](crate::Value) whatever they are, or as they
    /// arrived, as a [`Message`](crate::Message). One that is of another type is dropped, with a
    /// line on stderr that says what was expected, what was found and where.
    ///
    /// The handler returns nothing, or a `Result<(), E>` whose error can be
    /// displayed. An `Err` is an error that nothing has caught: error listeners are
    /// told, and it ends the isolate where errors are fatal, as they are unless
    /// somebody has said otherwise.
    ///
    /// It may close the port, send to it, and give its place to another handler.
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
    #[track_caller]
    pub fn receive<T: Incoming, R: Outcome>(
        &self,
        handler: impl FnMut(T, Option<SendPort>) -> R + 'static,
    ) {
        self.0.set_handler(reading(handler));
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

    /// The first message that `wanted` says yes to, of those that wait and those
    /// that come. The others stay, in their order, for whoever else waits and for
    /// the handler. It ends with None when the port is closed.
    ///
    /// ```no_run
    /// # use insula_guest::*;
    /// # async fn example(printer: SendPort) -> Result<(), Box<dyn std::error::Error>> {
    /// // What else comes meanwhile can be had with `recv` afterwards.
    /// let urgent = port()
    ///     .recv_where(|message| message.decode::<(String, u8)>().is_ok_and(|(_, level)| level > 7))
    ///     .await;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Each message that is kept stays in the isolate's own memory.
    pub fn recv_where<F: FnMut(&Message) -> bool>(&self, wanted: F) -> RecvWhere<F> {
        RecvWhere::new(&self.0, wanted)
    }

    /// The first message that can be read as a `T` and that `wanted` says yes to.
    /// The others stay, as with [`recv_where`](Self::recv_where).
    ///
    /// ```no_run
    /// # use insula_guest::*;
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Answer {
    ///     id: u64,
    ///     text: String,
    /// }
    ///
    /// # async fn example(id: u64) -> Result<(), RecvError> {
    /// let answer = port().recv_as_where(|answer: &Answer| answer.id == id).await?;
    /// println!("{}", answer.text);
    /// # Ok(())
    /// # }
    /// ```
    pub fn recv_as_where<T: Incoming, F: FnMut(&T) -> bool>(&self, wanted: F) -> RecvAsWhere<T, F> {
        RecvAsWhere::new(&self.0, wanted)
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

    /// Whether the port keeps the isolate alive while somebody waits for its
    /// messages, as it does when it is new.
    ///
    /// ```no_run
    /// # use insula_guest::*;
    /// // Listens for as long as something else goes on.
    /// let control = ReceivePort::new();
    /// control.set_keep_isolate_alive(false);
    /// control.receive(|command: String, _| println!("{command}"));
    /// ```
    pub fn set_keep_isolate_alive(&self, on: bool) {
        self.0.set_keep_alive(on);
    }

    /// Whether it would keep the isolate alive: it is open, and was not told not
    /// to.
    pub fn keeps_isolate_alive(&self) -> bool {
        self.0.keeps_alive()
    }

    /// Whether it was closed.
    pub fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

/// The right to send to a port. Of a closed one, one that reaches nobody.
pub(crate) fn sender(inbox: &Inbox) -> Result<SendPort, Refused> {
    match inbox.sender() {
        Some(sender) => sender,
        None => ReceivePort::try_new()?.try_send_port(),
    }
}

/// A handler of messages that are read as its argument's type says. Its errors are
/// said to come from where this is called.
#[track_caller]
pub(crate) fn reading<T: Incoming, R: Outcome>(
    mut handler: impl FnMut(T, Option<SendPort>) -> R + 'static,
) -> Handler {
    let place = Location::caller();
    Box::new(move |mut message| {
        let reply = message.take_reply();
        match T::from_arrived(message) {
            Ok(value) => panic::report(handler(value, reply), place),
            Err(error) => eprintln!("a message was dropped: {error}"),
        }
    })
}
