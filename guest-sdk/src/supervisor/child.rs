//! What a supervisor knows of a child.

use super::Restart;
use crate::{Entry, Isolate, SendPort, SpawnError, SpawnOptions, Takes};
use insula_message::ToMessage;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

/// How a child is started, again and again, and how it is ended.
#[must_use = "it is nothing before it is given to a supervisor"]
#[derive(Clone)]
pub struct ChildSpec {
    pub(super) name: String,
    pub(super) restart: Restart,
    pub(super) shutdown: Shutdown,
    start: Rc<Start>,
    options: SpawnOptions,
}

/// Takes how often it was called before.
type Start = dyn Fn(&SpawnOptions, u32) -> Result<Isolate, SpawnError>;

impl ChildSpec {
    /// A child that is started with `entry`, each time with a copy of `message`. An
    /// entry that takes nothing is started with `()`.
    ///
    /// `name` is what the supervisor knows it by, and what its isolates are called.
    pub fn new<F, M, Kind>(name: impl Into<String>, entry: F, message: M) -> Self
    where
        F: Takes<M, Kind> + Copy + 'static,
        F::Entry: Entry,
        M: ToMessage<SendPort> + Clone + 'static,
    {
        Self::with(name, entry, move |_| message.clone())
    }

    /// As [`new`](Self::new), with a message that is made for each start: `message`
    /// is told how often the child was started before.
    ///
    /// ```no_run
    /// # use insula_guest::supervisor::*;
    /// # use insula_guest::*;
    /// # #[entry]
    /// # fn worker(_: (SendPort, u32)) {}
    /// # fn main() {
    /// let results = port().send_port();
    /// let child = ChildSpec::with("worker", worker, move |restarts| (results.clone(), restarts));
    /// # }
    /// ```
    pub fn with<F, M, Kind>(
        name: impl Into<String>,
        entry: F,
        message: impl Fn(u32) -> M + 'static,
    ) -> Self
    where
        F: Takes<M, Kind> + Copy + 'static,
        F::Entry: Entry,
        M: ToMessage<SendPort> + 'static,
    {
        Self::starting(name, move |options, restarts| {
            options.spawn(entry, message(restarts))
        })
    }

    /// A child that `start` starts, by the options that it is given: of another
    /// program, for one.
    ///
    /// ```no_run
    /// # use insula_guest::supervisor::*;
    /// # use insula_guest::*;
    /// let plugin = ChildSpec::from_fn("plugin", |options| {
    ///     options.spawn_uri("plugins/shout.wasm", "", "a first message")
    /// });
    /// ```
    pub fn from_fn(
        name: impl Into<String>,
        start: impl Fn(&SpawnOptions) -> Result<Isolate, SpawnError> + 'static,
    ) -> Self {
        Self::starting(name, move |options, _| start(options))
    }

    fn starting(
        name: impl Into<String>,
        start: impl Fn(&SpawnOptions, u32) -> Result<Isolate, SpawnError> + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            restart: Restart::default(),
            shutdown: Shutdown::default(),
            start: Rc::new(start),
            options: SpawnOptions::new(),
        }
    }

    /// After which end it is started again.
    pub fn restart(mut self, restart: Restart) -> Self {
        self.restart = restart;
        self
    }

    /// How the supervisor ends it.
    pub fn shutdown(mut self, shutdown: Shutdown) -> Self {
        self.shutdown = shutdown;
        self
    }

    /// How its isolates are started. They are called by the name of the child all
    /// the same.
    pub fn options(mut self, options: SpawnOptions) -> Self {
        self.options = options;
        self
    }

    /// Starts an isolate, after so many others.
    pub(super) fn start(&self, restarts: u32) -> Result<Isolate, SpawnError> {
        (self.start)(&self.options.clone().name(&self.name), restarts)
    }
}

impl fmt::Debug for ChildSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChildSpec")
            .field("name", &self.name)
            .field("restart", &self.restart)
            .field("shutdown", &self.shutdown)
            .finish_non_exhaustive()
    }
}

/// How a supervisor ends a child that runs.
#[derive(Clone)]
pub struct Shutdown {
    pub(super) first: First,
    /// How long the first is waited for, before it is killed.
    pub(super) within: Duration,
}

#[derive(Clone)]
pub(super) enum First {
    Kill,
    KillAfterEvent,
    Ask(Rc<dyn Fn(&SendPort)>),
}

impl Shutdown {
    /// It is killed, whatever it is doing.
    pub fn kill() -> Self {
        Self {
            first: First::Kill,
            within: Duration::ZERO,
        }
    }

    /// It may do its current event to the end. When that takes longer, it is
    /// killed. This is what is done where nothing else is said, within five
    /// seconds.
    pub fn after_event(within: Duration) -> Self {
        Self {
            first: First::KillAfterEvent,
            within,
        }
    }

    /// It is sent `message`, at its first port, and is to end by itself. When it
    /// does not within that time, it is killed.
    pub fn ask(message: impl ToMessage<SendPort> + 'static, within: Duration) -> Self {
        let ask = move |port: &SendPort| {
            // Where it cannot be asked, it is killed when its time is over.
            port.send_message(&message, None).ok();
        };
        Self {
            first: First::Ask(Rc::new(ask)),
            within,
        }
    }
}

impl Default for Shutdown {
    fn default() -> Self {
        Self::after_event(Duration::from_secs(5))
    }
}

impl fmt::Debug for Shutdown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.first {
            First::Kill => f.write_str("kill"),
            First::KillAfterEvent => write!(f, "after the event, within {:?}", self.within),
            First::Ask(_) => write!(f, "ask, within {:?}", self.within),
        }
    }
}
