//! What hosts in tests know of `guests/actor`.

use anyhow::Result;
use insula::{Control, Isolate, ReceivePort, SendPort, SpawnOptions, Value};
use insula_tests::{HANG, Host};
use serde::{Deserialize, Serialize};

use crate::guests;

/// A part of what `guests/actor` understands.
#[derive(Serialize)]
pub enum Command {
    Note(u64),
    Fail(String),
    Spawn(Child),
    Sync,
    Close,
}

#[derive(Serialize)]
pub struct Child {
    pub log: SendPort,
    pub paused: bool,
    pub errors_fatal: bool,
}

/// What the SDK sends for an isolate that was spawned.
#[derive(Deserialize)]
pub struct Spawned {
    pub control: Control,
    pub port: SendPort,
}

/// An actor that says what it does to a port of the host's.
pub fn actor(host: &Host, options: SpawnOptions<'_>) -> Result<(Isolate, ReceivePort)> {
    let program = host.program(guests::ACTOR)?;
    let (log, said) = host.runtime.port();
    let options = options.entry("actor").message(&log);
    Ok((host.runtime.spawn(&program, options)?, said))
}

pub fn sync(actor: &Isolate) -> Result<()> {
    Ok(actor.port().call_timeout(&Command::Sync, HANG)?)
}

/// The next thing that is said, within the time that a test may take.
pub fn next(said: &ReceivePort) -> Result<Value> {
    Ok(said.recv_timeout(HANG)?.decode()?)
}

/// Has an actor spawn one more.
pub fn spawn_by(parent: &SendPort, log: &SendPort) -> Result<Spawned> {
    let child = Child {
        log: log.clone(),
        paused: false,
        errors_fatal: true,
    };
    Ok(parent.call_timeout(&Command::Spawn(child), HANG)?)
}
