//! The same programs, run by real isolates.

use anyhow::{Context, Result, bail, ensure};
use insula::{
    Capability, Control, ExitReason, Figures, Priority, Program, ReceivePort, Received, SendPort,
    SpawnOptions, Value,
};
use insula_tests::{HANG, Host, in_time};
use serde::{Deserialize, Serialize};

use crate::guests;
use crate::model::Trace;
use crate::program::{CAPABILITIES, Step, When};

/// As in `guests/actor`.
#[derive(Serialize)]
enum Command {
    Note(u64),
    Forward { to: SendPort, note: u64 },
    Fail(String),
    Spawn(Child),
    Sync,
    Close,
}

#[derive(Serialize)]
struct Child {
    log: SendPort,
    paused: bool,
    errors_fatal: bool,
}

/// What the SDK sends for an isolate that was spawned.
#[derive(Deserialize)]
struct Spawned {
    control: Control,
    port: SendPort,
}

pub struct World {
    host: Host,
    program: Program,
    before: Figures,
}

struct Actor {
    control: Control,
    port: SendPort,
    /// What is said of it, by itself and by the host.
    log: ReceivePort,
    log_sender: SendPort,
}

/// One program that runs.
struct Run<'a> {
    world: &'a World,
    actors: Vec<Actor>,
    capabilities: Vec<Capability>,
}

impl World {
    pub fn new() -> Result<Self> {
        let host = Host::with(|builder| builder.max_isolates(128))?;
        let program = host.program(guests::ACTOR)?;
        let before = host.runtime.figures();
        Ok(World {
            host,
            program,
            before,
        })
    }

    /// Runs a program; `ended` says which isolates have ended after each step.
    pub fn run(&self, program: &[Step], ended: &[Vec<bool>]) -> Result<Trace> {
        let mut run = Run {
            world: self,
            actors: Vec::new(),
            capabilities: (0..CAPABILITIES).map(|_| Capability::new()).collect(),
        };
        for (number, step) in program.iter().enumerate() {
            run.step(number, step)
                .with_context(|| format!("step {number}: {step:?}"))?;
            run.settle(&ended[number])
                .with_context(|| format!("after step {number}: {step:?}"))?;
        }
        run.finish()
    }

    /// Nothing is left of all the programs.
    pub fn finish_clean(self) -> Result<()> {
        let after = self.host.runtime.figures();
        let comparable = |mut figures: Figures| {
            figures.workers = 0;
            figures
        };
        ensure!(
            comparable(after) == comparable(self.before),
            "before: {:?}, after: {after:?}",
            self.before
        );
        in_time(move || drop(self.host));
        Ok(())
    }
}

fn priority(when: When) -> Priority {
    match when {
        When::Now => Priority::Immediate,
        When::BeforeNextEvent => Priority::BeforeNextEvent,
    }
}

impl Run<'_> {
    fn at(&self, number: usize) -> &Actor {
        &self.actors[number % self.actors.len()]
    }

    fn step(&mut self, number: usize, step: &Step) -> Result<()> {
        let note = number as u64;
        match *step {
            Step::Spawn {
                by,
                paused,
                errors_fatal,
            } => {
                let by = by.map(|by| self.at(by)).filter(|by| by.takes_commands());
                let actor = match by {
                    Some(by) => self.spawn_inside(by, paused, errors_fatal)?,
                    None => self.spawn(paused, errors_fatal)?,
                };
                self.actors.push(actor);
            }
            Step::Send { to } => self.command(to, Command::Note(note))?,
            Step::Forward { via, to } => {
                let to = self.at(to).port.clone();
                self.command(via, Command::Forward { to, note })?;
            }
            Step::Fail { to } => self.command(to, Command::Fail(format!("error {number}")))?,
            Step::Close { of } => self.command(of, Command::Close)?,
            Step::Pause { of, by } => self.at(of).control.pause_with(&self.capabilities[by])?,
            Step::Resume { of, by } => self.at(of).control.resume(&self.capabilities[by])?,
            Step::Start { of } => self.at(of).control.start()?,
            Step::Ping { of, when } => {
                let actor = self.at(of);
                let pong = format!("pong {number}");
                let asked = actor.control.ping(&actor.log_sender, &pong, priority(when));
                ensure!(
                    asked.is_ok() != actor.has_ended(),
                    "a ping of {}: {asked:?}",
                    actor.control.name()
                );
            }
            Step::Kill { of, when, tree } => {
                let control = &self.at(of).control;
                if tree {
                    control.kill_tree_with(priority(when))?;
                } else {
                    control.kill_with(priority(when))?;
                }
            }
            Step::KillWithoutRight { of } => {
                let watching = self.at(of).control.without_rights();
                ensure!(watching.kill().is_err(), "killed without the right to");
                ensure!(watching.pause().is_err(), "paused without the right to");
            }
            Step::ErrorsFatal { of, on } => self.at(of).control.set_errors_fatal(on)?,
            Step::AddExitListener { of } => {
                let actor = self.at(of);
                let response = format!("exit {number}");
                let added = actor
                    .control
                    .add_exit_listener(&actor.log_sender, &response);
                ensure!(added.is_ok() != actor.has_ended(), "a listener: {added:?}");
            }
            Step::RemoveExitListener { of } => {
                let actor = self.at(of);
                actor.control.remove_exit_listener(&actor.log_sender);
            }
            Step::AddMonitor { of } => {
                let actor = self.at(of);
                let response = format!("monitor {number}");
                actor.control.add_monitor(&actor.log_sender, &response)?;
            }
        }
        Ok(())
    }

    fn spawn(&self, paused: bool, errors_fatal: bool) -> Result<Actor> {
        let world = self.world;
        let (log_sender, log) = world.host.runtime.port();
        let options = SpawnOptions::new()
            .entry("actor")
            .message(&log_sender)
            .paused(paused)
            .errors_fatal(errors_fatal)
            .on_error(&log_sender);
        let isolate = world.host.runtime.spawn(&world.program, options)?;
        Ok(Actor {
            control: isolate.control().clone(),
            port: isolate.port().clone(),
            log,
            log_sender,
        })
    }

    fn spawn_inside(&self, by: &Actor, paused: bool, errors_fatal: bool) -> Result<Actor> {
        let (log_sender, log) = self.world.host.runtime.port();
        let child = Child {
            log: log_sender.clone(),
            paused,
            errors_fatal,
        };
        let spawned: Spawned = by.port.call_timeout(&Command::Spawn(child), HANG)?;
        spawned.control.add_error_listener(&log_sender)?;
        Ok(Actor {
            control: spawned.control,
            port: spawned.port,
            log,
            log_sender,
        })
    }

    fn command(&self, to: usize, command: Command) -> Result<()> {
        let actor = self.at(to);
        let ended = actor.has_ended();
        let sent = actor.port.send(&command);
        ensure!(
            sent.is_ok() != ended,
            "a command to {}: {sent:?}",
            actor.control.name()
        );
        Ok(())
    }

    /// Waits until every isolate has done what it can: twice, as one may have sent
    /// to another.
    fn settle(&self, ended: &[bool]) -> Result<()> {
        for _ in 0..2 {
            for (actor, ended) in self.actors.iter().zip(ended) {
                let name = actor.control.name();
                if *ended {
                    let reason = actor.control.wait_timeout(HANG);
                    ensure!(reason.is_some(), "{name} should have ended");
                } else if actor.takes_commands() {
                    let synced: Result<(), _> = actor.port.call_timeout(&Command::Sync, HANG);
                    synced.with_context(|| format!("{name} should live"))?;
                }
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Trace> {
        let mut trace = Vec::new();
        for actor in &self.actors {
            actor.control.kill()?;
            let ended = actor.control.wait_timeout(HANG);
            ensure!(ended.is_some(), "{} cannot be killed", actor.control.name());
        }
        for actor in self.actors {
            let Actor {
                log, log_sender, ..
            } = actor;
            drop(log_sender);
            drop(actor.control);
            trace.push(log.iter().map(|said| text(&said)).collect::<Result<_>>()?);
        }
        Ok(trace)
    }
}

/// What was said, as the model says it.
fn text(said: &Received) -> Result<String> {
    match said.decode()? {
        Value::Int(note) => Ok(note.to_string()),
        Value::String(text) => Ok(text.to_string()),
        Value::List(parts) => match &parts[..] {
            // An error: its text and its backtrace.
            [Value::String(error), Value::String(_)] if error.starts_with("error") => {
                Ok(error.to_string())
            }
            _ => {
                let (monitor, reason): (String, ExitReason) = said.decode()?;
                let why = match reason {
                    ExitReason::Killed => "killed",
                    ExitReason::Ended => "ended",
                    ExitReason::Failed { .. } => "failed",
                    other => bail!("{monitor}: {other}"),
                };
                Ok(format!("{monitor}: {why}"))
            }
        },
        other => bail!("nobody says {other:?}"),
    }
}

impl Actor {
    fn has_ended(&self) -> bool {
        self.control.exit_reason().is_some()
    }

    fn takes_commands(&self) -> bool {
        !self.has_ended() && !self.control.is_paused()
    }
}
