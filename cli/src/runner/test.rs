//! Running one test, in a group of its own.

use std::collections::HashMap;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use insula::{Event, Events, ExitReason, Group, Limit, Limits, Program, Runtime, SpawnOptions};
use insula_policy::parse_setting;

use super::captured::{Captured, PLAIN, Printed};
use super::judge::{self, Ended, Outcome, Overdue, told};
use super::module::{Record, START, TestModule};
use super::plain;
use crate::flags::Allowed;

/// What all tests share.
pub struct Host {
    runtime: Runtime,
    program: Program,
    records: std::collections::BTreeMap<String, Record>,
    has_libtest: bool,
    allowed: Allowed,
    captured: Captured,
    heard: Mutex<Heard>,
}

/// How a test went, and what is to be shown of it.
pub struct Done {
    pub outcome: Outcome,
    pub printed: Vec<Printed>,
    /// What else happened in its group.
    pub notes: Vec<String>,
}

/// A run of libtest's own.
pub struct LibtestRun {
    pub reason: ExitReason,
    pub printed: Vec<Printed>,
}

impl Host {
    pub fn new(
        runtime: Runtime,
        module: TestModule,
        allowed: Allowed,
        captured: Captured,
    ) -> Result<Self> {
        if allowed
            .capabilities
            .settings()
            .iter()
            .any(|(name, _)| *name == "args")
        {
            bail!("a test takes no arguments of its program: leave out `args`");
        }
        Ok(Host {
            program: Program::from_bytes(&runtime, &module.bytes)?,
            records: module.records,
            has_libtest: module.has_libtest,
            heard: Mutex::new(Heard::new(runtime.events())),
            runtime,
            allowed,
            captured,
        })
    }

    /// Whether libtest is in the module; else the entries are all its tests.
    pub fn has_libtest(&self) -> bool {
        self.has_libtest
    }

    /// The tests that are entries.
    pub fn records(&self) -> impl Iterator<Item = &str> {
        self.records.keys().map(String::as_str)
    }

    pub fn should_panic(&self, test: &str) -> bool {
        let record = self.records.get(test);
        record.is_some_and(|record| record.should_panic.is_some())
    }

    /// Runs a test.
    pub fn run(&self, test: &str) -> Done {
        let done = match self.records.get(test) {
            Some(record) => self.run_entry(test, record),
            None => self.run_plain(test),
        };
        done.unwrap_or_else(|error| Done {
            outcome: Outcome::Failed(Some(format!("it could not be started: {error:#}"))),
            printed: Vec::new(),
            notes: Vec::new(),
        })
    }

    fn run_entry(&self, test: &str, record: &Record) -> Result<Done> {
        let limits = self.limits_of(record)?;
        // The test tells here that its function has returned.
        let (returns, returned) = self.runtime.port();
        let options = self
            .allowed
            .spawn_options(&self.runtime)
            .entry(&*record.entry)
            .name(test)
            .message(&returns);
        let (group, mut ended) = self.finish(options, limits)?;
        ended.returned = match returned.try_recv() {
            Ok(message) => Some(message.decode::<bool>()?),
            Err(_) => None,
        };
        let notes = self.notes(group, &ended);
        Ok(Done {
            outcome: judge::judge(record, &ended),
            printed: self.captured.take(group),
            notes,
        })
    }

    fn run_plain(&self, test: &str) -> Result<Done> {
        let options = self.libtest_options(&[test, "--exact", "--nocapture", "--include-ignored"]);
        let options = options.name(format!("{PLAIN}{test}"));
        let (group, ended) = self.finish(options, self.allowed.limits.clone())?;
        let lines = self.captured.take(group);
        let (outcome, mut printed) = match &ended.overdue {
            None => plain::judge(test, &ended.reason, lines),
            Some(overdue) => {
                let (_, printed) = plain::judge(test, &ended.reason, lines);
                (Outcome::Failed(Some(judge::late(overdue, None))), printed)
            }
        };
        if !self.captured.is_kept() {
            // Kept until now, as it was mixed with what libtest prints.
            printed.drain(..).for_each(|line| line.let_out());
        }
        Ok(Done {
            outcome,
            printed,
            notes: self.notes(group, &ended),
        })
    }

    /// Runs libtest with arguments that run no test.
    pub fn libtest(&self, arguments: &[&str]) -> Result<LibtestRun> {
        let options = self.libtest_options(arguments).name(PLAIN);
        // Of the module as a whole, and not a test's.
        let usual = Limits::default();
        let limits = self.allowed.limits.clone();
        let limits = limits.turn_cpu(usual.get(Limit::TurnCpu));
        let (group, ended) = self.finish(options, limits)?;
        Ok(LibtestRun {
            reason: ended.reason,
            printed: self.captured.take(group),
        })
    }

    fn libtest_options(&self, arguments: &[&str]) -> SpawnOptions<'static> {
        let capabilities = self.allowed.capabilities.clone();
        let capabilities = arguments
            .iter()
            .fold(capabilities, |capabilities, argument| {
                capabilities.arg(*argument)
            });
        let options = self.allowed.spawn_options(&self.runtime);
        options.entry(START).capabilities(capabilities)
    }

    fn limits_of(&self, record: &Record) -> Result<Limits> {
        let mut settings = record.limits.iter();
        settings.try_fold(self.allowed.limits.clone(), |limits, setting| {
            let (limit, value) = parse_setting(setting)
                .with_context(|| format!("#[insula_guest::test({setting})]"))?;
            Ok(limits.with(limit, value))
        })
    }

    /// Runs a group to its end, or to that of the time that a test may take.
    fn finish(&self, options: SpawnOptions<'_>, limits: Limits) -> Result<(u64, Ended)> {
        let life = limits.get(Limit::Life);
        // For all of the group together, which is kept here.
        let options = options.limits(limits.life(Limits::NONE));
        let run = self.runtime.start_group(&self.program, options)?;
        let group = run.group().number();
        let (end, ended) = mpsc::channel();
        let (reason, is_late) = thread::scope(|scope| {
            scope.spawn(|| end.send(run.wait()));
            if life == Limits::NONE {
                return (ended.recv(), false);
            }
            match ended.recv_timeout(Duration::from_millis(life)) {
                Err(RecvTimeoutError::Timeout) => {
                    run.group().kill();
                    (ended.recv(), true)
                }
                reason => (reason.map_err(|_| mpsc::RecvError), false),
            }
        });
        let reason = reason.context("the test's thread is gone")?;
        let alive = is_late.then(|| self.killed(run.group()));
        let ended = Ended {
            reason,
            returned: None,
            overdue: alive.map(|alive| Overdue { life, alive }),
        };
        Ok((group, ended))
    }

    fn killed(&self, group: &Group) -> Vec<String> {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let events = heard.of(group.number());
        let killed = events.iter().filter_map(|event| match event {
            Event::Exited {
                isolate,
                reason: ExitReason::Killed,
                ..
            } => Some(isolate.clone()),
            _ => None,
        });
        killed.collect()
    }

    /// What happened in a group and is said neither by how the test ended nor by what it
    /// printed.
    fn notes(&self, group: u64, ended: &Ended) -> Vec<String> {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.of(group);
        let events = heard.groups.remove(&group).unwrap_or_default();
        drop(heard);
        let mut notes: Vec<String> = Vec::new();
        for event in events {
            let note = match event {
                Event::LimitHit { isolate, hit, .. } => format!("{isolate} met a limit: {hit}"),
                Event::Exited {
                    isolate, reason, ..
                } if !isolate.ends_with("#1") && reason.is_error() => {
                    format!("{isolate}: {}", told(&reason))
                }
                _ => continue,
            };
            // Of a limit that ended an isolate, its end says it.
            let hit = note.split_once("met a limit: ").map(|(_, hit)| hit);
            let is_told = hit.is_some_and(|hit| ended.reason.to_string().contains(hit));
            if !is_told && !notes.contains(&note) {
                notes.push(note);
            }
        }
        notes
    }
}

/// What the runtime has told, by group.
struct Heard {
    events: Events,
    groups: HashMap<u64, Vec<Event>>,
}

impl Heard {
    fn new(events: Events) -> Self {
        let groups = HashMap::new();
        Heard { events, groups }
    }

    /// What was told of a group so far.
    fn of(&mut self, group: u64) -> &[Event] {
        while let Some(event) = self.events.try_next() {
            let of = match &event {
                Event::Exited { group, .. } | Event::LimitHit { group, .. } => *group,
                _ => continue,
            };
            self.groups.entry(of).or_default().push(event);
        }
        self.groups.get(&group).map_or(&[], Vec::as_slice)
    }
}
