//! Builds every guest in `guests/`, and lists the modules for the tests.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-wasip1";

fn main() -> Result<(), Box<dyn Error>> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?)
        .join("..")
        .canonicalize()?;
    let guests = root.join("guests");
    for source in ["guests", "guest-sdk", "message", "wit"] {
        watch(&root.join(source))?;
    }
    add_target(&guests)?;
    let target_dir = guests.join("target");
    let built = command(&guests, "cargo")
        .args([
            "build",
            "--release",
            "--locked",
            "--target",
            TARGET,
            "--target-dir",
        ])
        .arg(&target_dir)
        .status()?;
    if !built.success() {
        return Err("the guests do not build; cargo says why above".into());
    }
    let modules = target_dir.join(TARGET).join("release");
    fs::write(
        PathBuf::from(env::var("OUT_DIR")?).join("guests.rs"),
        constants(&guests, &modules)?,
    )?;
    println!("cargo::rustc-env=INSULA_GUESTS={}", modules.display());
    Ok(())
}

/// A constant for each guest: a guest that no test uses is dead code, which the
/// compiler tells.
fn constants(guests: &Path, modules: &Path) -> Result<String, Box<dyn Error>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(guests)? {
        let path = entry?.path();
        if path.join("Cargo.toml").is_file() {
            names.push(
                path.file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned(),
            );
        }
    }
    names.sort();
    let mut text = String::new();
    for name in names {
        let module = modules.join(format!("{name}.wasm"));
        writeln!(
            text,
            "pub const {}: &str = {module:?};",
            name.to_uppercase()
        )?;
    }
    Ok(text)
}

/// Rebuilds when a file of the guests' changes, and not for what they build.
fn watch(folder: &Path) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            if !path.ends_with("target") {
                watch(&path)?;
            }
        } else {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
    println!("cargo::rerun-if-changed={}", folder.display());
    Ok(())
}

fn add_target(guests: &Path) -> Result<(), Box<dyn Error>> {
    let library = command(guests, "rustc")
        .args(["--print", "target-libdir", "--target", TARGET])
        .output()?;
    if Path::new(String::from_utf8_lossy(&library.stdout).trim()).is_dir() {
        return Ok(());
    }
    let added = command(guests, "rustup")
        .args(["target", "add", TARGET])
        .status();
    if !added.is_ok_and(|status| status.success()) {
        return Err(
            format!("the Rust target {TARGET} is missing and rustup could not add it").into(),
        );
    }
    Ok(())
}

/// A command for the guests, without what the outer cargo set for the host: under
/// clippy, build scripts inherit its driver.
fn command(guests: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(guests);
    for variable in [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTC_WRAPPER",
        "RUSTC",
        "CARGO_BUILD_TARGET",
    ] {
        command.env_remove(variable);
    }
    command
}
