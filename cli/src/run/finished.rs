//! The end of a run: all that is told then is told here.

use std::process::ExitCode;

use insula::{ExitReason, Group, Runtime};

use super::stop::Why;
use crate::report;

/// A run that is over. The runtime is still there, and nothing happens in it.
pub struct Finished<'a> {
    pub runtime: &'a Runtime,
    pub group: &'a Group,
    /// Why the first isolate ended.
    pub reason: ExitReason,
    /// Why the run was ended, where it did not end by itself.
    pub stopped: Option<Why>,
}

impl Finished<'_> {
    /// Tells the user what there is to tell, and gives the exit status.
    pub fn tell(&self) -> ExitCode {
        for error in self.runtime.cache_errors() {
            report::error(&error.into());
        }
        match self.stopped {
            Some(Why::Signal(signal)) => {
                let spawned = self.group.spawned();
                let isolates = if spawned == 1 { "isolate" } else { "isolates" };
                report::note(&format!(
                    "stopped by {}, after {spawned} {isolates}",
                    signal.name()
                ));
                ExitCode::from(signal.status())
            }
            None => report::status(&self.reason),
        }
    }
}
