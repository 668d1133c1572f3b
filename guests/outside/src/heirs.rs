//! Isolates that get a part of what their spawner has.

use insula_guest::*;
use serde::{Deserialize, Serialize};

use crate::steps::{self, Step};

/// An isolate to spawn, and what it is to do.
#[derive(Serialize, Deserialize)]
pub struct Heir {
    name: String,
    /// Its program, where that is another one.
    uri: Option<String>,
    /// What it gets: what is usual where nothing is said.
    gets: Option<Vec<Step>>,
    steps: Vec<Step>,
    heirs: Vec<Heir>,
}

#[entry]
pub async fn heir(this: Heir) {
    steps::do_all(&this.steps);
    for heir in this.heirs {
        let name = heir.name.clone();
        match spawn(heir) {
            Ok(heir) => {
                let reason = heir.monitor().await.reason;
                if !reason.is_ended() {
                    println!("{name} {reason}");
                }
            }
            Err(SpawnError::CapabilityNotHeld(text)) => println!("{name} is refused: {text}"),
            Err(error) => println!("{name} is not spawned: {error}"),
        }
    }
}

fn spawn(heir: Heir) -> Result<Isolate, SpawnError> {
    let mut options = SpawnOptions::new().name(&heir.name);
    if let Some(gets) = &heir.gets {
        options = match gets.as_slice() {
            [(all, _)] if all == "all" => options.all_capabilities(),
            gets => options.capabilities(gets.iter().fold(Capabilities::new(), give)),
        };
    }
    match heir.uri.clone() {
        Some(uri) => options.spawn_uri(&uri, "heir", heir),
        None => options.spawn(self::heir, heir),
    }
}

fn give(capabilities: Capabilities, (what, about): &Step) -> Capabilities {
    let about: Vec<&str> = about.iter().map(String::as_str).collect();
    match (what.as_str(), about.as_slice()) {
        ("read", [path, name]) => capabilities.dir(*path, *name, Access::ReadOnly),
        ("write", [path, name]) => capabilities.dir(*path, *name, Access::ReadWrite),
        ("variable", [name]) => capabilities.env(*name),
        ("arguments", []) => capabilities.args(),
        ("programs", [uri]) => capabilities.programs(*uri),
        ("frozen clock", []) => capabilities.clock(Clock::Frozen),
        ("same clock", []) => capabilities.clock(Clock::Same),
        ("no clock", []) => capabilities.clock(Clock::Off),
        ("no random numbers", []) => capabilities.random(false),
        _ => panic!("there is no {what} {about:?} to give"),
    }
}
