//! Who is measured: this crate's own contestants, and the peers that are found.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::machine;
use crate::measurement::{self, NOT_MEASURED};
use crate::rows::Row;

/// Tells measurements to take less time: for the smallest form, which decides
/// nothing.
pub const QUICK: &str = "INSULA_BENCH_QUICK";

/// What this crate measures itself, in processes of its own.
pub const OWN: [&str; 5] = ["insula", "insula-1", "insula-dense", "floor", "memcpy"];

/// A peer that does the same in another way, in rows with this at the end of their
/// names.
const WAYS: [(&str, &str); 1] = [("dart", "-uri")];

/// Somebody who is measured.
pub struct Contestant {
    pub name: String,
    /// The script of a peer; none for this crate's own.
    script: Option<PathBuf>,
    /// What is put behind the names of rows.
    way: &'static str,
    /// What it says of its version, or why it is not there.
    pub version: Result<String, String>,
}

impl Contestant {
    /// Whether it is to be asked for this row.
    pub fn is_asked(&self, row: &Row) -> bool {
        self.script.is_some() || row.own.contains(&self.name.as_str())
    }

    /// Whether its failure is a failure of this crate.
    pub fn is_own(&self) -> bool {
        self.script.is_none()
    }

    /// The process that measures one row at one size.
    pub fn command(&self, row: &Row, size: u64, quick: bool) -> Result<Command> {
        let mut command = match &self.script {
            Some(script) => {
                let mut command = Command::new(script);
                command.arg(format!("{}{}", row.name, self.way));
                command
            }
            None => {
                let mut command = Command::new(env::current_exe()?);
                command.args(["measure", &self.name, row.name]);
                command
            }
        };
        command.arg(size.to_string());
        if quick {
            command.env(QUICK, "1");
        } else {
            command.env_remove(QUICK);
        }
        Ok(command)
    }
}

/// This crate's own, and a peer for each folder in `peers`; of these only the chosen
/// ones, where some were chosen.
pub fn find(peers: &Path, chosen: &[String]) -> Result<Vec<Contestant>> {
    let mut all: Vec<_> = OWN.iter().map(|name| own(name)).collect();
    let mut names = Vec::new();
    if peers.is_dir() {
        for entry in fs::read_dir(peers).context("the peers could not be listed")? {
            let entry = entry?;
            if entry.path().join("run").is_file() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
    }
    names.sort();
    for name in names {
        let script = peers.join(&name).join("run");
        let version = version(&script);
        let ways = WAYS.iter().filter(|(peer, _)| *peer == name);
        for way in [""].into_iter().chain(ways.map(|(_, way)| *way)) {
            all.push(Contestant {
                name: format!("{name}{way}"),
                script: Some(script.clone()),
                way,
                version: version.clone(),
            });
        }
    }
    for name in chosen {
        if !all.iter().any(|contestant| contestant.name == *name) {
            let known: Vec<_> = all.iter().map(|c| c.name.as_str()).collect();
            bail!(
                "there is no contestant `{name}`; there is {}",
                known.join(", ")
            );
        }
    }
    all.retain(|contestant| chosen.is_empty() || chosen.contains(&contestant.name));
    Ok(all)
}

fn own(name: &str) -> Contestant {
    let version = match name {
        "memcpy" => "the system's own".to_owned(),
        "floor" => format!("wasmtime {}", machine::locked_version("wasmtime")),
        "insula-1" => format!("insula {}, one worker", env!("CARGO_PKG_VERSION")),
        "insula-dense" => format!("insula {}, dense profile", env!("CARGO_PKG_VERSION")),
        _ => format!("insula {}", env!("CARGO_PKG_VERSION")),
    };
    Contestant {
        name: name.to_owned(),
        script: None,
        way: "",
        version: Ok(version),
    }
}

/// What a peer says of itself, or why it is not there.
fn version(script: &Path) -> Result<String, String> {
    let mut command = Command::new(script);
    command.arg("--version");
    match measurement::run(command, Duration::from_secs(30)) {
        Err(error) => Err(format!("{error:#}")),
        Ok(ended) if ended.code == Some(0) => Ok(ended.stdout.trim().to_owned()),
        Ok(ended) if ended.code == Some(NOT_MEASURED.into()) => Err(ended.last_line_of_stderr()),
        Ok(ended) => Err(format!(
            "`run --version` failed: {}",
            ended.last_line_of_stderr()
        )),
    }
}
