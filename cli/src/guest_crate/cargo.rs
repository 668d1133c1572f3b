//! Cargo, and what it needs to build for isolates.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{color, report};

pub const TARGET: &str = "wasm32-wasip1";

/// Makes sure that the toolchain which builds `folder` has the wasm target.
pub fn add_target(folder: &Path) -> Result<()> {
    let library = command(folder, "rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()
        .context("rustc could not be started: install Rust with rustup (https://rustup.rs)")?;
    if Path::new(String::from_utf8_lossy(&library.stdout).trim()).is_dir() {
        return Ok(());
    }
    report::note(&format!("adding the Rust target {TARGET}"));
    let added = command(folder, "rustup")
        .args(["target", "add", TARGET])
        .stdout(Stdio::null())
        .status();
    match added {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => bail!("the Rust target {TARGET} could not be added; rustup says why above"),
        Err(_) => bail!(
            "the Rust target {TARGET} is missing, and there is no rustup to add it: install it \
             with your toolchain, or get rustup (https://rustup.rs) and then `rustup target add \
             {TARGET}`"
        ),
    }
}

/// A command that runs in the guest's folder, where the guest's own settings
/// hold, without what an outer cargo set for the host.
pub fn command(folder: &Path, program: &str) -> Command {
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
    if let Some(when) = color::chosen() {
        command.env("CARGO_TERM_COLOR", when);
    }
    command
}
