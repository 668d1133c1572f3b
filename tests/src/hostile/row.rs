//! A row of a table: a hostile guest, and how it has to end.

use std::fmt::{self, Display};

use anyhow::{Result, ensure};
use insula::{ExitReason, Limit, Limits, LoadError};

/// A hostile guest, and how it has to end.
pub struct Row {
    pub name: String,
    pub guest: Guest,
    pub limits: Limits,
    pub host: Host,
    pub end: End,
    /// Isolates that have to have ended too, by their names.
    pub others: Vec<(&'static str, End)>,
    /// What else has to hold.
    pub then: Option<Then>,
}

/// Looks at what the host was told.
pub type Then = fn(&crate::Host) -> Result<()>;

/// What a host is given to run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guest {
    /// The body of a module in the text format, without the imports that it names.
    Text(String),
    /// A file.
    File(Vec<u8>),
}

impl Display for Guest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Guest::Text(text) => f.write_str(text),
            Guest::File(bytes) => write!(f, "a file of {} bytes", bytes.len()),
        }
    }
}

/// What a host does with a guest that it has spawned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    /// It waits until nothing can happen in the group any more.
    Waits,
    /// It kills the group, once the guest has printed a line.
    Kills,
}

/// A row of the table.
pub fn row(name: impl Into<String>, wat: impl Into<String>, end: End) -> Row {
    Row {
        name: name.into(),
        guest: Guest::Text(wat.into()),
        limits: Limits::default(),
        host: Host::Waits,
        end,
        others: Vec::new(),
        then: None,
    }
}

/// A row of a module's file, as it is.
pub fn file(name: impl Into<String>, bytes: Vec<u8>, end: End) -> Row {
    Row {
        guest: Guest::File(bytes),
        ..row(name, "", end)
    }
}

/// A row whose guest does not end until the host kills it.
pub fn killed(name: impl Into<String>, wat: impl Into<String>) -> Row {
    Row {
        host: Host::Kills,
        ..row(name, wat, End::Killed)
    }
}

impl Row {
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Expects that the isolate of this name has ended too, and how.
    pub fn and(mut self, name: &'static str, end: End) -> Self {
        self.others.push((name, end));
        self
    }

    pub(super) fn expect(&self, reason: &ExitReason) -> Result<()> {
        let Row { end, guest, .. } = self;
        ensure!(
            end.is(reason, &self.limits),
            "expected {end:?}, it {reason}\n{reason:?}\n{guest}"
        );
        Ok(())
    }

    pub(super) fn expect_error(&self, error: &LoadError) -> Result<()> {
        let Row { end, guest, .. } = self;
        ensure!(
            end.is_error(error),
            "expected {end:?}: {error}\n{error:?}\n{guest}"
        );
        Ok(())
    }

    /// Expects something else of what the host was told.
    pub fn then(mut self, then: Then) -> Self {
        self.then = Some(then);
        self
    }
}

/// The exit reason that a row expects. Texts are key words: each has to be in
/// what the reason says.
#[derive(Debug, Clone)]
pub enum End {
    Ended,
    Exited(i32),
    Trapped(&'static str),
    Panicked(&'static str),
    Limit(Limit),
    Broken(Vec<String>),
    Killed,
    /// Because of the isolate of this name.
    Linked(&'static str),
    /// It is no program: the error's case, and key words of what it says.
    NotLoaded(&'static str, &'static [&'static str]),
}

impl End {
    pub fn broken<const N: usize>(words: [&str; N]) -> Self {
        End::Broken(words.map(str::to_owned).into())
    }

    /// Whether this is why it is no program.
    pub fn is_error(&self, error: &LoadError) -> bool {
        let (text, debug) = (error.to_string(), format!("{error:?}"));
        match self {
            End::NotLoaded(case, words) => {
                debug.split([' ', '{', '(']).next() == Some(*case)
                    && words.iter().all(|word| text.contains(word))
                    && text.len() < 1000
            }
            _ => false,
        }
    }

    pub fn is(&self, reason: &ExitReason, limits: &Limits) -> bool {
        let text = reason.to_string();
        match (self, reason) {
            (End::Ended, ExitReason::Ended) => true,
            (End::Killed, ExitReason::Killed) => true,
            (End::Exited(expected), ExitReason::Exited(code)) => expected == code,
            (End::Trapped(word), ExitReason::Trapped { .. })
            | (End::Panicked(word), ExitReason::Panicked { .. })
            | (End::Linked(word), ExitReason::Linked { .. }) => text.contains(word),
            (End::Limit(limit), ExitReason::Limit { hit, .. }) => {
                let value = limits.get(*limit);
                hit.limit == *limit
                    && hit.value == value
                    && text.contains(&value.to_string())
                    && text.contains(&format!("Limits::{}", limit.option()))
            }
            (End::Broken(words), ExitReason::ContractBroken { what, .. }) => {
                words.iter().all(|word| what.contains(word))
            }
            _ => false,
        }
    }
}
