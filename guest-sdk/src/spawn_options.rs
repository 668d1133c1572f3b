//! How an isolate is started.

use crate::bindings::control::Outgoing;
use crate::bindings::isolates::{self, SpawnRequest};
use crate::capabilities::Reach;
use crate::entry::{Entry, Takes, captures};
use crate::run::Run;
use crate::{Capabilities, Incoming, Isolate, Limits, SendPort, SpawnError};
use insula_message::ToMessage;

/// How an isolate is started, where [`Isolate::spawn`] does not say enough.
///
/// All of it is true from the first moment: a listener misses nothing, and an
/// isolate that starts paused has run nothing.
///
/// ```no_run
/// # use insula_guest::*;
/// # #[entry]
/// # fn worker(_: u32) {}
/// # fn example(supervisor: &SendPort) -> Result<(), SpawnError> {
/// let worker = SpawnOptions::new()
///     .name("worker for Ada")
///     .errors_fatal(false)
///     .on_exit(supervisor)
///     .on_error(supervisor)
///     .limits(Limits::new().memory(16 << 20))
///     .spawn(worker, 3)?;
/// # Ok(())
/// # }
/// # fn main() {}
/// ```
#[must_use = "it starts nothing by itself: see `spawn` and `run`"]
#[derive(Clone, Debug)]
pub struct SpawnOptions {
    name: Option<String>,
    paused: bool,
    errors_fatal: bool,
    on_exit: Option<SendPort>,
    on_error: Option<SendPort>,
    limits: Limits,
    reach: Reach,
}

impl Default for SpawnOptions {
    fn default() -> Self {
        Self {
            name: None,
            paused: false,
            errors_fatal: true,
            on_exit: None,
            on_error: None,
            limits: Limits::new(),
            reach: Reach::default(),
        }
    }
}

impl SpawnOptions {
    /// As [`Isolate::spawn`] does it: not paused, errors fatal, the limits and the
    /// capabilities of the spawner.
    pub fn new() -> Self {
        Self::default()
    }

    /// What it is called, for people, in place of its entry's name. The host adds
    /// what makes it unique.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Whether it is paused before its entry runs, as if by its own pause
    /// capability: it begins at [`Control::start`](crate::Control::start).
    pub fn paused(mut self, paused: bool) -> Self {
        self.paused = paused;
        self
    }

    /// Whether an uncaught error ends it, as it does unless this says otherwise.
    /// A panic and a trap always do.
    pub fn errors_fatal(mut self, fatal: bool) -> Self {
        self.errors_fatal = fatal;
        self
    }

    /// Where null is sent when it ends: see
    /// [`Control::add_exit_listener`](crate::Control::add_exit_listener).
    pub fn on_exit(mut self, to: impl Into<SendPort>) -> Self {
        self.on_exit = Some(to.into());
        self
    }

    /// Where its uncaught errors are sent: see
    /// [`Control::add_error_listener`](crate::Control::add_error_listener).
    pub fn on_error(mut self, to: impl Into<SendPort>) -> Self {
        self.on_error = Some(to.into());
        self
    }

    /// Its limits.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// What it may reach of the world outside, and nothing else. Unless this says
    /// otherwise an isolate of this program has what its spawner has, and one of
    /// another program nothing but the usual clocks and random numbers.
    pub fn capabilities(mut self, capabilities: Capabilities) -> Self {
        self.reach = Reach::Only(capabilities);
        self
    }

    /// Lets it reach what its spawner reaches, also where it is of another program.
    pub fn all_capabilities(mut self) -> Self {
        self.reach = Reach::Whole;
        self
    }

    /// Starts an isolate of this program with `entry`, which takes `message`, or
    /// takes nothing when that is `()`.
    pub fn spawn<F, M, Kind>(&self, entry: F, message: M) -> Result<Isolate, SpawnError>
    where
        F: Takes<M, Kind>,
        F::Entry: Entry,
        M: ToMessage<SendPort>,
    {
        self.spawn_for(entry, &message, None)
    }

    /// Starts an isolate of the program at `uri`, with the entry of that name, or
    /// with its default for an empty one, and with a first message.
    ///
    /// The program is loaded after this has answered. Where that fails it is the
    /// reason why the new isolate ended.
    pub fn spawn_uri(
        &self,
        uri: &str,
        entry: &str,
        message: impl ToMessage<SendPort>,
    ) -> Result<Isolate, SpawnError> {
        self.start(Some(uri), Named::new(entry), Some(&message), None)
    }

    /// Runs `entry` in an isolate of its own for what it returns: see
    /// [`Isolate::run`].
    pub fn run<F, M, Kind>(&self, entry: F, argument: M) -> Run<<F::Entry as Entry>::Output>
    where
        F: Takes<M, Kind>,
        F::Entry: Entry<Output: Incoming>,
        M: ToMessage<SendPort>,
    {
        Run::new(|result| self.spawn_for(entry, &argument, Some(result)))
    }

    fn spawn_for<F, M, Kind>(
        &self,
        _: F,
        message: &M,
        result: Option<&SendPort>,
    ) -> Result<Isolate, SpawnError>
    where
        F: Takes<M, Kind>,
        F::Entry: Entry,
        M: ToMessage<SendPort>,
    {
        const { assert!(size_of::<F>() == 0, captures!()) };
        let message = F::TAKES_MESSAGE.then_some(message);
        self.start(None, Named::of::<F::Entry>(), message, result)
    }

    pub(crate) fn start(
        &self,
        uri: Option<&str>,
        entry: Named<'_>,
        message: Option<&impl ToMessage<SendPort>>,
        result: Option<&SendPort>,
    ) -> Result<Isolate, SpawnError> {
        let (mut bytes, mut ports) = (Vec::new(), Vec::new());
        if let Some(message) = message {
            ports = insula_message::encode(message, &mut bytes)?;
        }
        let ports = ports.iter().map(SendPort::resource).collect();
        let spawned = isolates::spawn(&SpawnRequest {
            uri: uri.map(str::to_owned),
            entry: entry.name.to_owned(),
            message: message.is_some().then_some(Outgoing { bytes, ports }),
            name: self.name.clone(),
            paused: self.paused,
            errors_fatal: self.errors_fatal,
            on_exit: self.on_exit.as_ref().map(SendPort::resource),
            on_error: self.on_error.as_ref().map(SendPort::resource),
            result: result.map(SendPort::resource),
            limits: self.limits.iter().map(limit).collect(),
            reach: self.reach.request(),
            #[cfg(not(target_family = "wasm"))]
            start: entry.start,
        })?;
        Ok(spawned.into())
    }
}

/// An entry by its name, and natively with its function.
pub(crate) struct Named<'a> {
    name: &'a str,
    #[cfg(not(target_family = "wasm"))]
    start: Option<fn()>,
}

impl<'a> Named<'a> {
    /// One of another program.
    pub(crate) fn new(name: &'a str) -> Self {
        Self {
            name,
            #[cfg(not(target_family = "wasm"))]
            start: None,
        }
    }

    fn of<E: Entry>() -> Self {
        Self {
            name: E::NAME,
            #[cfg(not(target_family = "wasm"))]
            start: E::START,
        }
    }
}

fn limit((limit, value): (insula_message::Limit, u64)) -> isolates::Limit {
    let name = limit.option().to_owned();
    isolates::Limit { name, value }
}
