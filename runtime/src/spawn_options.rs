//! How a host spawns an isolate.

use std::ops::RangeInclusive;
use std::sync::Arc;

use insula_message::{EncodeError, ToMessage};

use crate::capabilities::Capabilities;
use crate::group::GroupCore;
use crate::limits::Limits;
use crate::message::{self, SendPort};
use crate::port::Message;

/// What a group may weigh.
pub const WEIGHTS: RangeInclusive<u32> = 1..=10_000;

type Encode<'a> = Box<dyn FnOnce(&Arc<GroupCore>) -> Result<Message, EncodeError> + 'a>;

/// How an isolate is spawned, and what its group may use.
#[must_use]
#[derive(Default)]
pub struct SpawnOptions<'a> {
    pub(crate) entry: Option<String>,
    pub(crate) message: Option<Encode<'a>>,
    pub(crate) limits: Option<Limits>,
    pub(crate) capabilities: Capabilities,
    pub(crate) weight: Option<u32>,
    pub(crate) name: Option<String>,
    pub(crate) paused: bool,
    pub(crate) errors_not_fatal: bool,
    pub(crate) output_fatal: bool,
    pub(crate) on_exit: Option<SendPort>,
    pub(crate) on_error: Option<SendPort>,
    pub(crate) result: Option<SendPort>,
}

impl<'a> SpawnOptions<'a> {
    /// The default entry, no first message, the default limits, nothing granted.
    pub fn new() -> Self {
        SpawnOptions::default()
    }

    /// The entry to run, in place of the program's default one.
    pub fn entry(mut self, entry: impl Into<String>) -> Self {
        self.entry = Some(entry.into());
        self
    }

    /// The first message: what an entry with an argument gets.
    pub fn message<T: ToMessage<SendPort> + ?Sized>(mut self, message: &'a T) -> Self {
        self.message = Some(Box::new(|group| message::encode(message, Some(group))));
        self
    }

    /// What the isolate and its group may use, in place of what the runtime was made
    /// with.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// What the group may reach of the world outside. Nothing by default.
    pub fn capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// How much of the CPU its group gets beside others that want it too: in
    /// proportion to their weights, however many isolates each has. From 1 to
    /// 10,000; 100 by default.
    pub fn weight(mut self, weight: u32) -> Self {
        self.weight = Some(weight);
        self
    }

    /// What the isolate is called, in place of its entry's name. A number is put
    /// behind it.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Whether it is paused before its entry runs, as if by its own pause
    /// capability: [`Control::start`](crate::Control::start) lets it go on. Not paused by default.
    pub fn paused(mut self, paused: bool) -> Self {
        self.paused = paused;
        self
    }

    /// Whether an error that nothing in it catches ends it, as it does by
    /// default. A panic and a trap always do.
    pub fn errors_fatal(mut self, fatal: bool) -> Self {
        self.errors_not_fatal = !fatal;
        self
    }

    /// Whether an isolate of the group that prints more than
    /// [`Limits::output_bytes`] or [`Limits::output_lines`] allows ends. By default
    /// what the group prints is dropped from then on, with one notice.
    pub fn output_fatal(mut self, fatal: bool) -> Self {
        self.output_fatal = fatal;
        self
    }

    /// A port that gets null when the isolate has ended.
    pub fn on_exit(mut self, listener: &SendPort) -> Self {
        self.on_exit = Some(listener.clone());
        self
    }

    /// A port that gets each uncaught error, as a list of its text and its
    /// backtrace.
    pub fn on_error(mut self, listener: &SendPort) -> Self {
        self.on_error = Some(listener.clone());
        self
    }

    /// Lets the group spawn programs from a `file:` URI: a folder with all that
    /// is below it, or one file. Nothing is granted by default. The same as
    /// [`Capabilities::programs`].
    pub fn grant_uri(mut self, uri: impl Into<String>) -> Self {
        self.capabilities.programs.push(uri.into());
        self
    }
}

impl std::fmt::Debug for SpawnOptions<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SpawnOptions")
            .field("entry", &self.entry)
            .field("limits", &self.limits)
            .field("capabilities", &self.capabilities)
            .finish_non_exhaustive()
    }
}
