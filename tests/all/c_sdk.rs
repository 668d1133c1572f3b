//! The library for C compiles without a warning.

use std::path::Path;

use anyhow::{Context, Result};
use insula_guest_c::{FILES, Toolchain};
use insula_tests::{c_guest, c_toolchain};

use crate::guests;

const SDK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../guest-sdk/c/sdk");

#[test]
fn the_library_compiles_without_a_warning() -> Result<()> {
    c_guest(guests::C_HELLO)?;
    let toolchain = match c_toolchain() {
        Some((_, folder)) => Toolchain::in_folder(Path::new(folder))?,
        None => Toolchain::find()?,
    };
    let sources = FILES.iter().filter(|(name, _)| name.ends_with(".c"));
    let output = toolchain
        .command()
        .args(["-std=c11", "-O2", "-fsyntax-only"])
        .args(["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion"])
        .args(["-Wstrict-prototypes", "-Wmissing-prototypes", "-Werror"])
        .args(sources.map(|(name, _)| Path::new(SDK).join(name)))
        .output()
        .context("clang does not start")?;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
    Ok(())
}
