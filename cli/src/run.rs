//! `insula run`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Args;
use insula::{Limits, Program, Runtime, SpawnOptions, Stdio, Value};

use crate::{guest_crate, report};

#[derive(Args)]
pub struct Run {
    /// A guest crate's folder, a .wasm file, or a file: URI.
    program: String,
    /// The entry to run [default: `main`, or `_start`, or the only one].
    entry: Option<String>,
    /// The entry's first message, as JSON.
    #[arg(long, value_name = "JSON")]
    message: Option<String>,
    /// Lets the program spawn others from here: a file: URI or a path, of a
    /// folder or of one file.
    #[arg(long, value_name = "URI")]
    grant_uri: Vec<String>,
    /// Sets a limit, as in `--limit memory=16MiB` or `--limit turn_cpu=500`.
    #[arg(long, value_name = "NAME=VALUE")]
    limit: Vec<String>,
    /// Prints lines without the name of their isolate in front.
    #[arg(long)]
    no_prefix: bool,
}

impl Run {
    pub fn run(self) -> Result<ExitCode> {
        let message = self.message.as_deref().map(parse_message).transpose()?;
        let limits = self
            .limit
            .iter()
            .try_fold(Limits::default(), |limits, limit| {
                set_limit(limits, limit).with_context(|| format!("--limit {limit}"))
            })?;
        let file = self.find_program()?;
        let runtime = Runtime::builder()
            .output(Stdio::new().prefix(!self.no_prefix))
            .on_exit(report::exit)
            .limits(limits)
            .start()?;
        let program = if file.starts_with("file:") {
            Program::from_uri(&runtime, &file)?
        } else {
            Program::from_file(&runtime, &file)?
        };

        let mut options = SpawnOptions::new();
        if let Some(entry) = self.entry {
            options = options.entry(entry);
        }
        if let Some(message) = &message {
            options = options.message(message);
        }
        for uri in &self.grant_uri {
            options = options.grant_uri(as_uri(uri)?);
        }
        let isolate = runtime.spawn(&program, options)?;
        let group = isolate.group().clone();
        let reason = isolate.join();
        group.wait();
        Ok(report::status(&reason))
    }

    /// The .wasm file or URI that the user means; builds a guest crate.
    fn find_program(&self) -> Result<String> {
        let given = &self.program;
        let path = Path::new(given);
        if given.starts_with("file:") || path.is_file() {
            return Ok(given.clone());
        }
        if path.is_dir() {
            let built = guest_crate::build(path)?;
            return Ok(built.to_string_lossy().into_owned());
        }
        bail!(
            "{given}: there is no such file or folder (give a guest crate's folder, a .wasm file or a file: URI)"
        )
    }
}

fn parse_message(json: &str) -> Result<Value> {
    let json: serde_json::Value = serde_json::from_str(json).context(
        "--message is no valid JSON (a string needs its own quotes: --message '\"text\"')",
    )?;
    Ok(Value::from(json))
}

/// A path as a URI; a URI as it is.
fn as_uri(given: &str) -> Result<String> {
    if given.starts_with("file:") {
        return Ok(given.to_owned());
    }
    let path: PathBuf = Path::new(given)
        .canonicalize()
        .with_context(|| format!("--grant-uri {given}"))?;
    insula::file_uri(&path)
        .with_context(|| format!("--grant-uri {given}: it cannot be said as a URI"))
}

fn set_limit(limits: Limits, limit: &str) -> Result<Limits> {
    let (name, value) = limit.split_once('=').context("it has to be NAME=VALUE")?;
    let value = parse_amount(value).with_context(|| format!("`{value}` is no amount"))?;
    let names = || Limits::names().collect::<Vec<_>>().join(", ");
    limits
        .set(name, value)
        .with_context(|| format!("there is no limit `{name}`; there is {}", names()))
}

/// A number, with KiB, MiB or GiB behind it where it counts bytes.
fn parse_amount(text: &str) -> Option<u64> {
    let (number, shift) = [("KiB", 10), ("MiB", 20), ("GiB", 30)]
        .into_iter()
        .find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, shift)))
        .unwrap_or((text, 0));
    let number: u64 = number.trim().parse().ok()?;
    number.checked_mul(1 << shift)
}
