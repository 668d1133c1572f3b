//! The end of a run: all that is told then is told here.

use std::process::ExitCode;
use std::time::Duration;

use insula::{ExitReason, Group, Runtime};

use super::events;
use super::stats::Stats;
use super::stop::Why;
use crate::report;
use crate::signals::Signal;

/// A run that is over. The runtime is still there, and nothing happens in it.
pub struct Finished<'a> {
    pub runtime: &'a Runtime,
    pub group: &'a Group,
    /// Why the first isolate ended.
    pub reason: ExitReason,
    /// Why the run was ended, where it did not end by itself.
    pub stopped: Option<Why>,
    /// How long it took.
    pub wall: Duration,
    /// What the program is called.
    pub program: &'a str,
    /// Whether people want figures.
    pub stats: bool,
    /// Whether a program reads what is told.
    pub json: bool,
}

impl Finished<'_> {
    /// Tells the user what there is to tell, and gives the exit status.
    pub fn tell(&self) -> ExitCode {
        for error in self.runtime.cache_errors() {
            report::warning(&format!(
                "{error} (`--cache DIR` keeps programs elsewhere, `--no-cache` nowhere)"
            ));
        }
        let status = self.status();
        if self.json {
            events::ended(self, status);
        } else if let Some(signal) = self.signal() {
            let spawned = self.group.spawned();
            let isolates = if spawned == 1 { "isolate" } else { "isolates" };
            report::note(&format!(
                "stopped by {}, after {spawned} {isolates}",
                signal.name()
            ));
        }
        if self.stats && !self.json {
            for line in Stats::of(self).lines() {
                report::note(&line);
            }
        }
        ExitCode::from(status)
    }

    /// The signal that ended it, if one did.
    pub fn signal(&self) -> Option<Signal> {
        match self.stopped {
            Some(Why::Signal(signal)) => Some(signal),
            Some(Why::Changed) | None => None,
        }
    }

    fn status(&self) -> u8 {
        match self.signal() {
            Some(signal) => signal.status(),
            None => report::status(&self.reason),
        }
    }
}
