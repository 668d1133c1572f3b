//! `insula run --watch`: builds and starts again when something changes.
//!
//! What runs goes on until what is to replace it is built: a build that fails takes
//! nothing away.

mod changes;
mod sources;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result};
use insula_policy::Digest;

use super::stop::{Stop, Why};
use super::{Prepared, Run};
use crate::flags::Found;
use crate::report;
use crate::signals::{self, Signal};
use changes::Changes;

/// Something that the loop has to deal with.
enum Happening {
    /// A file, as the user would call it.
    Changed(PathBuf),
    Built(Result<Found>),
    /// A run, with its exit status.
    Ended(Result<ExitCode>),
    Signal(Signal),
}

/// So long it has to be quiet before what was changed is built: editors and compilers
/// change several files, or one in several steps.
const QUIET: Duration = Duration::from_millis(100);

struct Watch {
    run: Arc<Run>,
    prepared: Arc<Prepared>,
    happens: Sender<Happening>,
    changes: Changes,
    building: bool,
    /// Something has changed since the build began.
    is_stale: bool,
    running: Option<Running>,
    /// What is to run once what runs has ended.
    next: Option<Found>,
    /// What ran last.
    last: Option<Digest>,
}

struct Running {
    stop: Stop,
    thread: JoinHandle<()>,
}

/// Builds and runs until a signal comes.
pub fn watch(run: Run, prepared: Prepared) -> Result<ExitCode> {
    run.program.check_watched()?;
    let (happens, happened) = channel();
    let signal = happens.clone();
    signals::listen(move |at| {
        let _ = signal.send(Happening::Signal(at));
    })?;
    let mut watch = Watch {
        changes: Changes::new(happens.clone())?,
        run: Arc::new(run),
        prepared: Arc::new(prepared),
        happens,
        building: false,
        is_stale: false,
        running: None,
        next: None,
        last: None,
    };
    watch
        .changes
        .also(&sources::known(watch.run.program.place(), None))?;
    watch.build();
    watch.until_signal(&happened)
}

impl Watch {
    fn until_signal(&mut self, happened: &Receiver<Happening>) -> Result<ExitCode> {
        loop {
            let mut happening = happened.recv().context("nothing can happen any more")?;
            if let Happening::Changed(file) = happening {
                let (file, then) = settle(file, happened);
                self.changed(&file);
                let Some(then) = then else { continue };
                happening = then;
            }
            match happening {
                Happening::Changed(file) => self.changed(&file),
                Happening::Built(built) => self.built(built),
                Happening::Ended(ended) => self.ended(ended),
                Happening::Signal(signal) => return Ok(self.stopped(signal)),
            }
        }
    }

    fn changed(&mut self, file: &std::path::Path) {
        report::state("changed", &format!("{} has changed", file.display()));
        if self.building {
            self.is_stale = true;
        } else {
            self.build();
        }
    }

    fn build(&mut self) {
        (self.building, self.is_stale) = (true, false);
        let place = self.run.program.place();
        if self.run.program.is_built() {
            report::state("building", &format!("building {place}"));
        }
        let (run, prepared, happens) = (
            self.run.clone(),
            self.prepared.clone(),
            self.happens.clone(),
        );
        thread::spawn(move || {
            let built = run.program.find(&run.cache, &prepared.allowed);
            let _ = happens.send(Happening::Built(built));
        });
    }

    fn built(&mut self, built: Result<Found>) {
        self.building = false;
        // Also where it failed: what it is made of may be known better by now.
        let module = built.as_ref().ok().and_then(Found::path);
        let sources = sources::known(self.run.program.place(), module);
        if let Err(error) = self.changes.also(&sources) {
            report::warning(&format!("{error:#}"));
        }
        if self.is_stale {
            return self.build();
        }
        match built.and_then(|found| Ok((Digest::of(&found.module()?), found))) {
            Ok((digest, _)) if self.last == Some(digest) => {
                report::state("unchanged", "the program is the same");
            }
            Ok((digest, found)) => {
                self.last = Some(digest);
                match &self.running {
                    Some(running) => {
                        self.next = Some(found);
                        running.stop.now(Why::Changed);
                    }
                    None => self.start(found),
                }
            }
            Err(error) => {
                report::error(&error);
                let still = match self.running {
                    Some(_) => "; what ran before goes on",
                    None => "",
                };
                report::state("failed", &format!("waiting for a change{still}"));
            }
        }
    }

    fn start(&mut self, found: Found) {
        let stop = Stop::default();
        report::state("starting", &format!("running {}", found.shown()));
        let (run, prepared, happens) = (
            self.run.clone(),
            self.prepared.clone(),
            self.happens.clone(),
        );
        let stopped = stop.clone();
        let thread = thread::spawn(move || {
            let ended = run.once(&prepared, &found, &stopped, || Ok(()));
            let _ = happens.send(Happening::Ended(ended));
        });
        self.running = Some(Running { stop, thread });
    }

    fn ended(&mut self, ended: Result<ExitCode>) {
        if let Some(running) = self.running.take() {
            let _ = running.thread.join();
        }
        if let Some(next) = self.next.take() {
            return self.start(next);
        }
        let how = match ended {
            Ok(status) if status == ExitCode::SUCCESS => "ended",
            Ok(_) => "failed",
            Err(error) => {
                report::error(&error);
                "failed"
            }
        };
        report::state("waiting", &format!("{how}; waiting for a change"));
    }

    fn stopped(&mut self, signal: Signal) -> ExitCode {
        if let Some(running) = self.running.take() {
            running.stop.now(Why::Signal(signal));
            let _ = running.thread.join();
        }
        ExitCode::from(signal.status())
    }
}

/// Waits until nothing changes for a moment, or something else happens. Gives the file
/// that changed last.
fn settle(first: PathBuf, happened: &Receiver<Happening>) -> (PathBuf, Option<Happening>) {
    let mut last = first;
    loop {
        match happened.recv_timeout(QUIET) {
            Ok(Happening::Changed(file)) => last = file,
            Ok(other) => return (last, Some(other)),
            Err(_) => return (last, None),
        }
    }
}
