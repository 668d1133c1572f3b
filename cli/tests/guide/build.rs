//! Building what the guide includes and its commands use.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use anyhow::{Result, anyhow, ensure};

use super::root;

/// Where guests are built: beside those of all other tests, so that the SDK is built once.
pub fn target() -> PathBuf {
    root().join("guests/target")
}

/// Builds the guests of the guide, once for all tests.
pub fn guests() -> Result<()> {
    static BUILT: OnceLock<Result<(), String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| build().map_err(|error| format!("{error:#}")));
    built.clone().map_err(|error| anyhow!(error))
}

fn build() -> Result<()> {
    let mut cargo = Command::new("cargo");
    cargo
        .args([
            "build",
            "--release",
            "--locked",
            "--target",
            "wasm32-wasip1",
        ])
        .current_dir(root().join("docs/examples/guests"))
        .env("CARGO_TARGET_DIR", target())
        .stdin(Stdio::null());
    clean(&mut cargo);
    let built = cargo.output()?;
    ensure!(
        built.status.success(),
        "the guide's guests do not build:\n{}",
        String::from_utf8_lossy(&built.stderr)
    );
    Ok(())
}

/// Takes away what an outer cargo has set for the host.
pub fn clean(command: &mut Command) {
    for variable in [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTC_WRAPPER",
        "RUSTC",
        "CARGO_BUILD_TARGET",
        "CARGO_MANIFEST_DIR",
        "CARGO_PKG_NAME",
    ] {
        command.env_remove(variable);
    }
}
