//! What is wrong with a policy file, and where.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A policy that is not taken: what is wrong, in which file and where in it.
///
/// Prints as `plugin.toml:3:1: ..`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError(Box<What>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct What {
    file: Option<PathBuf>,
    place: Option<Place>,
    kind: PolicyErrorKind,
}

/// A place in a file, as editors count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The character in it, from 1.
    pub column: usize,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyErrorKind {
    /// The file could not be read.
    #[error("it could not be read: {0}")]
    Read(String),
    /// It is larger than any policy.
    #[error("it is larger than {limit} bytes, and no policy has to be")]
    TooLarge {
        /// The most bytes of a policy.
        limit: usize,
    },
    /// It is not TOML: a key that stands there twice is not, either.
    #[error("it is no TOML: {0}")]
    Syntax(String),
    /// A key that means nothing.
    #[error("{}", unknown(table, key, suggestion.as_deref(), known))]
    UnknownKey {
        /// The table that it stands in; empty at the top of the file.
        table: String,
        /// The key.
        key: String,
        /// The known key that is most like it, if one is.
        suggestion: Option<String>,
        /// All that are known there.
        known: Vec<String>,
    },
    /// A value that its key does not take.
    #[error("{0}")]
    Value(String),
}

fn unknown(table: &str, key: &str, suggestion: Option<&str>, known: &[String]) -> String {
    let place = match table {
        "" => String::new(),
        table => format!(" in [{table}]"),
    };
    match suggestion {
        Some(suggestion) => format!("there is no `{key}`{place}: did you mean `{suggestion}`?"),
        None => format!("there is no `{key}`{place}; there is {}", known.join(", ")),
    }
}

impl PolicyError {
    /// What is wrong.
    pub fn kind(&self) -> &PolicyErrorKind {
        &self.0.kind
    }

    /// Where in the file.
    pub fn place(&self) -> Option<Place> {
        self.0.place
    }

    /// Which file, where the policy came from one.
    pub fn file(&self) -> Option<&Path> {
        self.0.file.as_deref()
    }

    pub(crate) fn new(kind: PolicyErrorKind) -> Self {
        PolicyError(Box::new(What {
            file: None,
            place: None,
            kind,
        }))
    }

    pub(crate) fn at(mut self, text: &str, span: Option<Range<usize>>) -> Self {
        self.0.place = span.map(|span| Place::of(text, span.start));
        self
    }

    pub(crate) fn of_file(mut self, file: &Path) -> Self {
        self.0.file = Some(file.to_owned());
        self
    }
}

impl Place {
    fn of(text: &str, byte: usize) -> Self {
        let before = String::from_utf8_lossy(&text.as_bytes()[..byte.min(text.len())]);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        Place {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.file {
            Some(file) => write!(f, "{}", file.display())?,
            None => f.write_str("the policy")?,
        }
        if let Some(Place { line, column }) = self.0.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.0.kind)
    }
}

impl std::error::Error for PolicyError {}
