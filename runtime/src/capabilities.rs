//! What a group may reach of the world outside: closed by default, opened one by
//! one by the host.

mod clock;
mod random;
mod settings;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub use clock::ClockAccess;
pub use random::Random;

/// What a group may reach of the world outside. Everything is closed by default.
///
/// ```
/// use insula::{Access, Capabilities};
///
/// let capabilities = Capabilities::default()
///     .dir("/srv/maps", "/maps", Access::ReadOnly)
///     .env("LANG", "C.UTF-8")
///     .arg("--verbose");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    pub(crate) dirs: Vec<DirGrant>,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) args: Vec<String>,
    pub(crate) stdin: Stdin,
    pub(crate) clock: ClockAccess,
    pub(crate) random: Random,
    pub(crate) programs: Vec<String>,
}

/// A folder of the host's that guests see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DirGrant {
    pub(crate) host: PathBuf,
    pub(crate) guest: String,
    pub(crate) access: Access,
}

/// What a guest may do in a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Access {
    /// Read what is there.
    #[default]
    ReadOnly,
    /// Read, write, make and remove.
    ReadWrite,
}

/// What a guest reads from its standard input.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Stdin {
    /// Nothing: it is at its end.
    #[default]
    Closed,
    /// These bytes.
    Bytes(Vec<u8>),
    /// What the host's own standard input gives.
    Inherit,
}

/// A text that names none of the choices there are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is no {what}; there is {choices}")]
pub struct UnknownName {
    given: String,
    what: &'static str,
    choices: String,
}

impl Capabilities {
    /// These, with time and chance the same at each run.
    pub(crate) fn repeatable(mut self, seed: u64) -> Self {
        if self.clock != ClockAccess::Off {
            self.clock = ClockAccess::Virtual;
        }
        if self.random == Random::Real {
            self.random = Random::Seeded(seed);
        }
        self
    }

    /// Lets guests see the host's folder `host` as `guest`.
    #[must_use]
    pub fn dir(
        mut self,
        host: impl Into<PathBuf>,
        guest: impl Into<String>,
        access: Access,
    ) -> Self {
        self.dirs.push(DirGrant {
            host: host.into(),
            guest: guest.into(),
            access,
        });
        self
    }

    /// Sets a variable in guests' environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    /// Adds an argument behind the isolate's name.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// What guests read from their standard input.
    #[must_use]
    pub fn stdin(mut self, stdin: Stdin) -> Self {
        self.stdin = stdin;
        self
    }

    /// What guests' clocks show.
    #[must_use]
    pub fn clock(mut self, clock: ClockAccess) -> Self {
        self.clock = clock;
        self
    }

    /// What guests' random numbers are.
    #[must_use]
    pub fn random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// Lets the group spawn programs from a `file:` URI: a folder with all that is
    /// below it, or one file.
    #[must_use]
    pub fn programs(mut self, uri: impl Into<String>) -> Self {
        self.programs.push(uri.into());
        self
    }
}
