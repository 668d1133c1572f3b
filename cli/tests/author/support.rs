//! Guest crates of their own, built by the real cargo, and what came of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, Result};
use insula_tests::Folder;

/// The workspace's folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// What came of a command.
#[derive(Debug)]
pub struct Ran {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Runs a command in a guest crate's folder, as an author would who has installed
/// `insula`. All crates share one target folder, so that what they depend on is
/// compiled once.
pub fn run(folder: &Path, program: &str, arguments: &[&str]) -> Result<Ran> {
    // cargo has a lock on that folder anyway; here it is no time of a test's.
    static CARGO: Mutex<()> = Mutex::new(());
    let _alone = CARGO.lock().unwrap_or_else(PoisonError::into_inner);
    let insula = Path::new(env!("CARGO_BIN_EXE_insula"));
    let installed = insula.parent().context("it is in a folder")?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let paths = [installed.to_owned()].into_iter();
    let path = std::env::join_paths(paths.chain(std::env::split_paths(&path)))?;
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(folder)
        .env("PATH", path);
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    command.env("CARGO_TARGET_DIR", temporary.join("guests"));
    // Not the cache of who runs the tests.
    command.env("XDG_CACHE_HOME", temporary);
    // Nothing is fetched: what the guests of this repository need is there.
    command.env("CARGO_NET_OFFLINE", "true");
    for variable in [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_BUILD_TARGET",
        "RUSTC_WORKSPACE_WRAPPER",
    ] {
        command.env_remove(variable);
    }
    let output = command.output().with_context(|| program.to_owned())?;
    Ok(Ran {
        status: output.status.code(),
        stdout: String::from_utf8(output.stdout)?,
        stderr: String::from_utf8(output.stderr)?,
    })
}

/// Versions that are there already, as the guests of this repository use them.
pub fn lock(folder: &Path) -> Result<()> {
    fs::copy(root().join("guests/Cargo.lock"), folder.join("Cargo.lock"))?;
    Ok(())
}

/// A guest crate of this name, with this program, set up without a runner.
pub fn guest(folder: &Folder, name: &str, program: &str) -> Result<()> {
    let sdk = root().join("guest-sdk").canonicalize()?;
    folder.write(
        "Cargo.toml",
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
             [dependencies]\ninsula-guest = {{ path = {sdk:?} }}\n\n[workspace]\n"
        ),
    )?;
    folder.write("src/main.rs", program)?;
    lock(&folder.path("."))?;
    let config = fs::read_to_string(root().join("guests/.cargo/config.toml"))?;
    folder.write(".cargo/config.toml", config)?;
    Ok(())
}

/// The guest crate in `cli/tests/author/tested`, with these flags of the runner.
pub fn tested(folder: &Folder, flags: &[&str]) -> Result<()> {
    without_runner(folder)?;
    let runner: Vec<_> = ["insula", "runner"].iter().chain(flags).collect();
    let config = fs::read_to_string(folder.path(".cargo/config.toml"))?;
    let target = "[target.wasm32-wasip1]\n";
    let config = config.replace(target, &format!("{target}runner = {runner:?}\n"));
    folder.write(".cargo/config.toml", config)?;
    Ok(())
}

/// The same, where no runner is set up.
pub fn without_runner(folder: &Folder) -> Result<()> {
    guest(folder, "tested", include_str!("tested/main.rs"))
}

impl Ran {
    /// How each test went.
    pub fn tests(&self) -> BTreeMap<&str, &str> {
        let lines = self.stdout.lines();
        let tests = lines.filter_map(|line| line.strip_prefix("test ")?.split_once(" ... "));
        tests.collect()
    }

    /// The names of the tests that went so.
    pub fn that(&self, went: &str) -> Vec<&str> {
        let tests = self.tests().into_iter();
        tests
            .filter(|(_, how)| how.starts_with(went))
            .map(|(test, _)| test)
            .collect()
    }

    /// What is shown of a test that has failed.
    #[track_caller]
    pub fn shown(&self, test: &str) -> &str {
        let start = format!("---- {test} stdout ----\n");
        let shown = self.stdout.split_once(&start);
        let (_, shown) = shown.unwrap_or_else(|| panic!("{test} is not shown: {self:?}"));
        shown.split_once("\n\n").map_or(shown, |(shown, _)| shown)
    }
}
