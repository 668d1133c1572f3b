//! An isolate that does what it is told and says what it did: what random
//! programs are made of, in tests that compare them with a model.

use insula_guest::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
enum Command {
    /// Says this number.
    Note(u64),
    /// Has another one say it.
    Forward { to: SendPort, note: u64 },
    /// Fails with this text.
    Fail(String),
    /// Spawns one more, and answers with it.
    Spawn(Child),
    /// Answers.
    Sync,
    /// Closes its port, and has nothing to live for any more.
    Close,
}

#[derive(Serialize, Deserialize)]
struct Child {
    log: SendPort,
    paused: bool,
    errors_fatal: bool,
}

#[entry]
fn actor(log: SendPort) {
    port().receive(move |command: Command, reply: Option<SendPort>| {
        match command {
            Command::Note(note) => log.send(note).map_err(|error| error.to_string())?,
            Command::Forward { to, note } => {
                // Whether anybody is there is the model's affair.
                to.send(Command::Note(note)).ok();
            }
            Command::Fail(text) => return Err(text),
            Command::Spawn(child) => {
                let options = SpawnOptions::new()
                    .paused(child.paused)
                    .errors_fatal(child.errors_fatal);
                let spawned = options.spawn(actor, child.log);
                let spawned = spawned.map_err(|error| error.to_string())?;
                answer(reply, &spawned)?;
            }
            Command::Sync => answer(reply, &())?,
            Command::Close => port().close(),
        }
        Ok(())
    });
}

fn answer(reply: Option<SendPort>, answer: &impl Serialize) -> Result<(), String> {
    let reply = reply.ok_or("no reply port")?;
    reply.send(answer).map_err(|error| error.to_string())
}

#[main]
fn main() {
    println!("this program is run by a test, entry by entry");
}
