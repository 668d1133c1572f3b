//! What a group may reach of the world outside: closed by default, opened one by
//! one by the host.

mod clock;
mod dir;
mod random;
mod settings;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub use clock::ClockAccess;
pub use dir::{Access, BadDirGrant, DirGrant};
pub use random::Random;

use crate::given::Given;

/// What a group may reach of the world outside. Everything is closed by default. An
/// isolate hands on to those that it spawns what it has, or less.
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
    pub(crate) given: Vec<Given>,
}

/// What the first isolate of a group reads from its standard input. Every other isolate
/// finds it at its end: two readers would take each other's bytes.
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

    /// Lets guests see the host's folder `host` as `guest`. It is opened when the group
    /// is spawned, and no path, link or renaming leads out of it. What is in it and is
    /// neither file nor folder (a pipe, a device) cannot be opened.
    ///
    /// What guests write there is on no budget of Insula's: give the folder a quota.
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

    /// Sets a variable in guests' environment, of which nothing else is the host's.
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

    /// What the group's first isolate reads from its standard input.
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

    /// Lets the group spawn this module by exactly this URI, of any scheme: one that the
    /// host has fetched, or has in a database. Nothing is fetched when it is spawned.
    #[must_use]
    pub fn program(mut self, uri: impl Into<String>, module: impl Into<Vec<u8>>) -> Self {
        self.given.push(Given {
            uri: uri.into().into(),
            module: module.into().into(),
        });
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
