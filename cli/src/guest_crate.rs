//! Building a guest crate: the wasm target is added where it is missing, and
//! cargo does the rest.

pub mod cargo;
mod programs;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use cargo::{TARGET, add_target, command};

/// A crate to be built, and which of its programs is meant.
#[derive(Debug, Clone, Copy)]
pub struct GuestCrate<'a> {
    pub folder: &'a Path,
    pub bin: Option<&'a str>,
}

/// Why nothing can be built.
const NO_CARGO: &str = "cargo could not be started: it builds the guest crate, and comes with rustup (https://rustup.rs)";

/// What is built as an author may have set it up, but for one thing: an isolate that
/// fails is told with its functions, so their names stay.
const NAMES: &str = "profile.release.strip=\"debuginfo\"";

/// Builds a guest crate in release mode and gives the module.
pub fn build(guest: GuestCrate) -> Result<PathBuf> {
    let GuestCrate { folder, bin } = guest;
    if !folder.join("Cargo.toml").is_file() {
        bail!(
            "{}: there is no Cargo.toml in it, so it is no guest crate (`insula new` makes one)",
            folder.display()
        );
    }
    programs::check(guest)?;
    add_target(folder)?;
    let mut cargo = command(folder, "cargo");
    cargo
        .args(["build", "--release", "--target", TARGET])
        .args(["--config", NAMES])
        .arg("--message-format=json-render-diagnostics")
        .stdout(Stdio::piped());
    if let Some(bin) = bin {
        cargo.args(["--bin", bin]);
    }
    let mut cargo = cargo.spawn().context(NO_CARGO)?;
    let output = cargo.stdout.take().context("cargo's output is missing")?;
    let mut modules = modules(BufReader::new(output), folder)?;
    if !cargo.wait()?.success() {
        bail!(
            "{}: the guest crate does not build; cargo says why above",
            folder.display()
        );
    }
    modules
        .pop()
        .with_context(|| format!("{}: cargo built no module of it", folder.display()))
}

/// The modules among what cargo says it built of the crate in `folder`.
fn modules(messages: impl BufRead, folder: &Path) -> Result<Vec<PathBuf>> {
    let manifest = folder.canonicalize()?.join("Cargo.toml");
    let mut modules = Vec::new();
    for line in messages.lines() {
        let Ok(message) = serde_json::from_str::<serde_json::Value>(&line?) else {
            continue;
        };
        let is_own = message["reason"] == "compiler-artifact"
            && message["manifest_path"]
                .as_str()
                .is_some_and(|path| Path::new(path) == manifest);
        if !is_own {
            continue;
        }
        let files = message["filenames"].as_array().into_iter().flatten();
        let files = files.filter_map(|file| file.as_str()).map(PathBuf::from);
        modules.extend(files.filter(|file| file.extension().is_some_and(|end| end == "wasm")));
    }
    Ok(modules)
}
