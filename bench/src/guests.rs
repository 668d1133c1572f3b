//! The guests that are measured, built from their crates.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Each guest and the variable in which measuring processes are told its module.
const GUESTS: [(&str, &str); 2] = [
    ("bench", "INSULA_BENCH_GUEST"),
    ("hello", "INSULA_BENCH_HELLO"),
];

/// Builds them all, and gives what the processes that measure are to be told.
pub fn build() -> Result<Vec<(&'static str, PathBuf)>> {
    let built = |(name, variable)| Ok((variable, build_crate(name)?));
    GUESTS.into_iter().map(built).collect()
}

/// The module of a guest, built if nobody has said where it is.
pub fn module(name: &str) -> Result<PathBuf> {
    let mut guests = GUESTS.into_iter();
    let (_, variable) = guests
        .find(|(known, _)| *known == name)
        .context("no such guest")?;
    match env::var_os(variable) {
        Some(module) => Ok(module.into()),
        None => build_crate(name),
    }
}

fn build_crate(name: &str) -> Result<PathBuf> {
    let guests = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("guests");
    let target = guests.join("target");
    let mut cargo = Command::new("cargo");
    // There the guests' own settings hold, and those that an outer cargo made do not.
    cargo.current_dir(guests.join(name));
    for variable in ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_TARGET"] {
        cargo.env_remove(variable);
    }
    cargo.args(["build", "--release", "--target", "wasm32-wasip1"]);
    let built = cargo.arg("--target-dir").arg(&target).status();
    ensure!(
        built.context("cargo builds the guests")?.success(),
        "{name} does not build; cargo says why above"
    );
    Ok(target.join(format!("wasm32-wasip1/release/{name}.wasm")))
}
