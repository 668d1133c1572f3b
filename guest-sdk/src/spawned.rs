//! What a spawner gets.

use crate::bindings::isolates::Spawned;
use crate::entry::{Entry, Takes};
use crate::error::granted;
use crate::{Control, Incoming, Run, SendError, SendPort, SpawnError, SpawnOptions, isolate};
use insula_message::ToMessage;
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::ops::Deref;

/// An isolate as its spawner knows it: the right to send to its first port, and
/// as a [`Control`], to which it derefs, every right over it.
///
/// It travels in messages. The isolate goes on when it is dropped.
///
/// ```no_run
/// use insula_guest::*;
///
/// #[entry]
/// fn worker(name: String) {
///     port().receive(move |job: String, _| println!("{name} does {job}"));
/// }
///
/// #[main]
/// async fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let worker = Isolate::spawn(worker, "Ada".to_string());
///     worker.port().send("the sums")?;
///     worker.kill_with(Priority::BeforeNextEvent)?;
///     println!("{}", worker.monitor().await.reason);
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Isolate {
    control: Control,
    port: SendPort,
}

impl Isolate {
    /// Starts an isolate of this program with `entry`, which takes `message`. An
    /// entry that takes nothing is spawned with `()`.
    ///
    /// It answers at once. What is sent to the isolate before it runs waits for
    /// it. [`SpawnOptions`] say more of how it starts.
    ///
    /// ```no_run
    /// # use insula_guest::*;
    /// # #[entry]
    /// # fn echo() {}
    /// # #[entry]
    /// # fn count(_: u32) {}
    /// # fn example() {
    /// let echo = Isolate::spawn(echo, ());
    /// let count = Isolate::spawn(count, 100);
    /// # }
    /// # fn main() {}
    /// ```
    ///
    /// # Panics
    ///
    /// When there may be no more isolates, or when the message cannot be encoded.
    /// [`try_spawn`](Self::try_spawn) answers with an error instead.
    #[track_caller]
    pub fn spawn<F, M, Kind>(entry: F, message: M) -> Self
    where
        F: Takes<M, Kind>,
        F::Entry: Entry,
        M: ToMessage<SendPort>,
    {
        granted(Self::try_spawn(entry, message))
    }

    /// As [`spawn`](Self::spawn), unless there may be no more isolates.
    pub fn try_spawn<F, M, Kind>(entry: F, message: M) -> Result<Self, SpawnError>
    where
        F: Takes<M, Kind>,
        F::Entry: Entry,
        M: ToMessage<SendPort>,
    {
        SpawnOptions::new().spawn(entry, message)
    }

    /// Runs `entry` with `argument` in an isolate of its own, for what it returns.
    /// An entry that takes nothing is run with `()`.
    ///
    /// The isolate ends when the entry has returned. Where it ends before,
    /// because it panics, is killed, or has nothing left to wait for, the future
    /// says so, with the reason. Dropping the future kills the isolate.
    ///
    /// ```no_run
    /// use insula_guest::*;
    ///
    /// #[entry]
    /// fn parse(text: String) -> Result<u32, String> {
    ///     text.parse().map_err(|error| format!("{text}: {error}"))
    /// }
    ///
    /// #[main]
    /// async fn main() -> Result<(), RunError> {
    ///     match Isolate::run(parse, "12".to_string()).await? {
    ///         Ok(number) => println!("{number}"),
    ///         Err(error) => println!("not a number: {error}"),
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn run<F, M, Kind>(entry: F, argument: M) -> Run<<F::Entry as Entry>::Output>
    where
        F: Takes<M, Kind>,
        F::Entry: Entry<Output: Incoming>,
        M: ToMessage<SendPort>,
    {
        SpawnOptions::new().run(entry, argument)
    }

    /// Sends a last message to `to`, and ends the isolate that calls it: see
    /// [`isolate::exit_with`](crate::isolate::exit_with).
    pub fn exit(to: &SendPort, message: impl ToMessage<SendPort>) -> Result<Infallible, SendError> {
        isolate::exit_with(to, message)
    }

    /// The right to send to its first port.
    pub fn port(&self) -> &SendPort {
        &self.port
    }

    /// Everything but the right to send to it.
    pub fn control(&self) -> &Control {
        &self.control
    }

    pub(crate) fn into_port(self) -> SendPort {
        self.port
    }

    pub(crate) fn into_control(self) -> Control {
        self.control
    }
}

impl Deref for Isolate {
    type Target = Control;

    fn deref(&self) -> &Control {
        &self.control
    }
}

impl From<Spawned> for Isolate {
    fn from(spawned: Spawned) -> Self {
        Self {
            control: spawned.isolate.into(),
            port: spawned.port.into(),
        }
    }
}
