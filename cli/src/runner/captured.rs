//! What tests print, by their groups.

use std::collections::HashMap;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use insula::{Line, Output, Stream};

/// The isolates of plain tests are called by this and the test's name. What libtest
/// prints around a test is taken away before it is shown.
pub const PLAIN: &str = "plain test ";

/// A line that a test printed.
#[derive(Debug, Clone, PartialEq)]
pub struct Printed {
    /// Who printed it, where that was not the test's own isolate.
    isolate: Option<String>,
    pub stream: Stream,
    pub text: String,
}

impl Printed {
    /// Whether the test's own isolate printed it.
    pub fn is_own(&self) -> bool {
        self.isolate.is_none()
    }

    #[cfg(test)]
    pub fn new(stream: Stream, text: impl Into<String>) -> Self {
        Printed {
            isolate: None,
            stream,
            text: text.into(),
        }
    }

    #[cfg(test)]
    pub fn by(self, isolate: &str) -> Self {
        Printed {
            isolate: Some(isolate.to_owned()),
            ..self
        }
    }

    /// As it is shown.
    pub fn shown(&self) -> String {
        let text = insula::harmless(&self.text);
        match &self.isolate {
            None => text,
            Some(isolate) => format!("[{}] {text}", insula::harmless(isolate)),
        }
    }

    /// Prints it at once.
    pub fn let_out(&self) {
        let line = self.shown() + "\n";
        // Whether anybody still reads it is not the test's concern.
        let _ = match self.stream {
            Stream::Stdout => std::io::stdout().lock().write_all(line.as_bytes()),
            Stream::Stderr => std::io::stderr().lock().write_all(line.as_bytes()),
        };
    }
}

/// Takes what tests print.
#[derive(Clone)]
pub struct Captured {
    groups: Arc<Mutex<HashMap<u64, Vec<Printed>>>>,
    is_kept: bool,
}

impl Captured {
    pub fn new(is_kept: bool) -> Self {
        Captured {
            groups: Arc::default(),
            is_kept,
        }
    }

    /// Whether nothing is let out before a test is over.
    pub fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// What the group of a test has printed, in order.
    pub fn take(&self, group: u64) -> Vec<Printed> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        groups.remove(&group).unwrap_or_default()
    }
}

impl Output for Captured {
    fn line(&self, line: &Line<'_>) {
        // A group's first isolate has the number 1.
        let is_test = line.isolate.ends_with("#1");
        let printed = Printed {
            isolate: (!is_test).then(|| line.isolate.to_owned()),
            stream: line.stream,
            text: line.text.to_owned(),
        };
        if self.is_kept || line.isolate.starts_with(PLAIN) {
            let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
            groups.entry(line.group).or_default().push(printed);
        } else {
            printed.let_out();
        }
    }
}
