//! What an isolate of one's own may reach of the world outside.

use crate::bindings::isolates;

/// What a new isolate may reach of the world outside, for
/// [`SpawnOptions`](crate::SpawnOptions): what is said here, and nothing else.
///
/// All of it has to be the spawner's own. What is not is refused when the isolate is
/// spawned ([`SpawnError::CapabilityNotHeld`](crate::SpawnError::CapabilityNotHeld)).
/// Standard input cannot be handed on.
///
/// ```no_run
/// # use insula_guest::*;
/// # #[entry]
/// # fn count() {}
/// # fn example() -> Result<(), SpawnError> {
/// let capabilities = Capabilities::new()
///     .dir("/data/texts", "/texts", Access::ReadOnly)
///     .env("LANG");
/// SpawnOptions::new().capabilities(capabilities).spawn(count, ())?;
/// # Ok(())
/// # }
/// # fn main() {}
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Capabilities(isolates::Capabilities);

/// What an isolate may do in a folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Read what is there.
    #[default]
    ReadOnly,
    /// Read, write, make and remove. The spawner has to have that itself.
    ReadWrite,
}

/// What an isolate's clocks show. Timers run whatever it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Clock {
    /// Whole milliseconds, or what the spawner's show where those are coarser.
    #[default]
    Usual,
    /// What the spawner's show.
    Same,
    /// The time at which the turn began, all through the turn. Refused where the
    /// spawner's clocks show nothing.
    Frozen,
    /// Nothing: asking for the time is an error.
    Off,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self(isolates::Capabilities {
            folders: Vec::new(),
            environment: Vec::new(),
            programs: Vec::new(),
            arguments: false,
            clock: isolates::Clock::Usual,
            random: true,
        })
    }
}

impl Capabilities {
    /// The usual clocks and random numbers, and nothing else.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets it see one of the spawner's folders, or one below that, `path`, as `name`.
    pub fn dir(mut self, path: impl Into<String>, name: impl Into<String>, access: Access) -> Self {
        self.0.folders.push(isolates::Folder {
            path: path.into(),
            name: name.into(),
            writable: access == Access::ReadWrite,
        });
        self
    }

    /// Gives it a variable of the spawner's environment.
    pub fn env(mut self, name: impl Into<String>) -> Self {
        self.0.environment.push(name.into());
        self
    }

    /// Gives it the spawner's arguments, behind its own name.
    pub fn args(mut self) -> Self {
        self.0.arguments = true;
        self
    }

    /// Lets it spawn programs from a folder or a file within what the spawner may: a
    /// `file:` URI, or a path relative to this program.
    pub fn programs(mut self, uri: impl Into<String>) -> Self {
        self.0.programs.push(uri.into());
        self
    }

    /// What its clocks show.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.0.clock = match clock {
            Clock::Usual => isolates::Clock::Usual,
            Clock::Same => isolates::Clock::Same,
            Clock::Frozen => isolates::Clock::Frozen,
            Clock::Off => isolates::Clock::Off,
        };
        self
    }

    /// Whether it has random numbers, as the spawner does. It has unless this says
    /// otherwise.
    pub fn random(mut self, on: bool) -> Self {
        self.0.random = on;
        self
    }
}

/// What is asked for when an isolate is spawned.
#[derive(Clone, Debug, Default)]
pub(crate) enum Reach {
    #[default]
    Usual,
    Whole,
    Only(Capabilities),
}

impl Reach {
    pub(crate) fn request(&self) -> isolates::Reach {
        match self {
            Self::Usual => isolates::Reach::Usual,
            Self::Whole => isolates::Reach::Whole,
            Self::Only(capabilities) => isolates::Reach::Only(capabilities.0.clone()),
        }
    }
}
