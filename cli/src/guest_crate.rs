//! Building a guest crate: the wasm target is added where it is missing, and
//! cargo does the rest.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

const TARGET: &str = "wasm32-wasip1";

/// Builds the guest crate in `folder` in release mode and gives the module.
pub fn build(folder: &Path) -> Result<PathBuf> {
    if !folder.join("Cargo.toml").is_file() {
        bail!(
            "{}: there is no Cargo.toml in it, so it is no guest crate",
            folder.display()
        );
    }
    add_target(folder)?;
    let mut cargo = command(folder, "cargo")
        .args(["build", "--release", "--target", TARGET])
        .arg("--message-format=json-render-diagnostics")
        .stdout(Stdio::piped())
        .spawn()
        .context("cargo could not be started: it builds the guest crate, and comes with rustup")?;
    let output = cargo.stdout.take().context("cargo's output is missing")?;
    let mut modules = modules(BufReader::new(output), folder)?;
    if !cargo.wait()?.success() {
        bail!(
            "{}: the guest crate does not build; cargo says why above",
            folder.display()
        );
    }
    match (modules.pop(), modules.is_empty()) {
        (Some(module), true) => Ok(module),
        (None, _) => bail!(
            "{}: the crate builds no program for {TARGET} (it needs a src/main.rs)",
            folder.display()
        ),
        (Some(last), false) => {
            modules.push(last);
            let names: Vec<_> = modules
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            bail!(
                "{}: the crate builds several programs; run one of them: {}",
                folder.display(),
                names.join(", ")
            )
        }
    }
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

/// Makes sure that the toolchain which builds `folder` has the wasm target.
fn add_target(folder: &Path) -> Result<()> {
    let library = command(folder, "rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .context("rustc could not be started: install Rust with rustup")?;
    if Path::new(String::from_utf8_lossy(&library.stdout).trim()).is_dir() {
        return Ok(());
    }
    eprintln!("insula: adding the Rust target {TARGET}");
    let added = command(folder, "rustup")
        .args(["target", "add", TARGET])
        .stdout(Stdio::null())
        .status();
    match added {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => bail!("the Rust target {TARGET} could not be added; rustup says why above"),
        Err(_) => bail!(
            "the Rust target {TARGET} is missing, and there is no rustup to add it: install it with your toolchain"
        ),
    }
}

/// A command that runs in the guest's folder, where the guest's own settings
/// hold, without what an outer cargo set for the host.
fn command(folder: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    for variable in [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC_WORKSPACE_WRAPPER",
        "CARGO_BUILD_TARGET",
    ] {
        command.env_remove(variable);
    }
    command
}
