//! `insula build`: the module, where it is, and what takes how many bytes in it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use insula_tests::Folder;
use serde_json::Value;

use super::{finish, insula, insula_run};

const HELLO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../guests/hello");

#[test]
fn a_crate_is_built_and_measured() -> Result<()> {
    let folder = Folder::new("cli-build")?;
    let copy = folder.path("copy.wasm");
    let copied = copy.to_string_lossy();
    let ran = insula(["build", HELLO, "--json", "-o", &copied])?;
    assert_eq!(ran.status, Some(0), "{ran:?}");
    let report: Value = serde_json::from_str(&ran.stdout)?;
    let module = std::fs::read(&copy)?;
    assert_eq!(report["module"], &*copied);
    assert_eq!(report["bytes"], module.len());
    assert_eq!(
        report["entries"],
        serde_json::json!(["echo", "hello", "main"])
    );
    // Names stay, and so backtraces have them.
    assert!(report["name_bytes"].as_u64() > Some(10_000), "{report}");
    let crates = report["largest_crates"].as_array().context("crates")?;
    assert!(
        crates.iter().any(|part| part["name"] == "insula_guest"),
        "{report}"
    );
    let sizes = |parts: &Value| -> Vec<_> {
        let parts = parts.as_array().into_iter().flatten();
        parts
            .filter_map(|part| part["code_bytes"].as_u64())
            .collect()
    };
    let functions = sizes(&report["largest_functions"]);
    assert_eq!(functions.len(), 10);
    assert!(functions.is_sorted_by(|one, next| one >= next));
    assert!(
        sizes(&report["largest_crates"]).iter().sum::<u64>()
            <= report["code_bytes"].as_u64().context("code")?
    );
    let ran = insula_run([&copy])?;
    assert_eq!((ran.status, &*ran.stdout), (Some(0), super::HELLO));
    Ok(())
}

#[test]
fn it_is_told_in_words() -> Result<()> {
    let ran = insula(["build", HELLO])?;
    assert_eq!(ran.status, Some(0), "{ran:?}");
    for words in ["hello.wasm", "the crates with most code", "insula_guest"] {
        assert!(ran.stdout.contains(words), "no {words}: {ran:?}");
    }
    Ok(())
}

/// Names that an author has stripped would be missed where it matters.
#[test]
fn names_stay_where_the_crate_strips_them() -> Result<()> {
    let folder = Folder::new("cli-build-stripped")?;
    folder.write(
        "Cargo.toml",
        "[package]\nname = \"mine\"\nedition = \"2024\"\n[workspace]\n[profile.release]\nstrip = true\n",
    )?;
    folder.write("src/main.rs", "fn main() { std::process::exit(3); }")?;
    let path = folder.path("");
    let ran = insula(["build", "--json", &path.to_string_lossy()])?;
    let report: Value = serde_json::from_str(&ran.stdout)?;
    assert!(report["name_bytes"].as_u64() > Some(1_000), "{report}");
    Ok(())
}

#[test]
fn what_cannot_be_built_is_refused_at_once() -> Result<()> {
    let workspace = Path::new(HELLO).join("..");
    let workspace = workspace.to_string_lossy();
    let ran = insula(["build", &workspace])?;
    assert_eq!((ran.status, &*ran.stdout), (Some(2), ""));
    for words in [
        "it is a workspace of several crates",
        "guests/hello/../hello, ",
    ] {
        assert!(ran.stderr.contains(words), "no {words}: {ran:?}");
    }
    let folder = Folder::new("cli-build-broken")?;
    folder.write("Cargo.toml", "[package\n")?;
    let path = folder.path("");
    let ran = insula(["build", &path.to_string_lossy()])?;
    assert_eq!((ran.status, &*ran.stdout), (Some(2), ""));
    assert!(
        ran.stderr.contains("cargo cannot read the crate: "),
        "{ran:?}"
    );
    Ok(())
}

/// Without what is needed to build, one line says what that is and where it comes from.
#[test]
fn what_is_missing_for_a_build_is_named() -> Result<()> {
    let folder = Folder::new("cli-build-missing")?;
    let build = || -> Result<super::Ran> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_insula"));
        command
            .args(["build", HELLO])
            .env("PATH", folder.path("bin"));
        finish(command)
    };
    let script = |name: &str, line: &str| -> Result<()> {
        let path = folder.write(&format!("bin/{name}"), format!("#!/bin/sh\n{line}\n"))?;
        Ok(std::fs::set_permissions(
            path,
            std::fs::Permissions::from_mode(0o755),
        )?)
    };
    build()?.refused(
        "cargo could not be started: it builds the guest crate, and comes with rustup \
         (https://rustup.rs): No such file or directory (os error 2)",
    );
    let cargo = std::env::var("CARGO")?;
    let rustc = Path::new(&cargo).with_file_name("rustc");
    script(
        "cargo",
        &format!("RUSTC='{}' exec '{cargo}' \"$@\"", rustc.display()),
    )?;
    build()?.refused(
        "rustc could not be started: install Rust with rustup (https://rustup.rs): No such file \
         or directory (os error 2)",
    );
    // A toolchain without the target, and nobody who could add it.
    script("rustc", "echo /nowhere")?;
    let ran = build()?;
    assert_eq!((ran.status, &*ran.stdout), (Some(2), ""), "{ran:?}");
    let last = ran.stderr.lines().last().context("it says why")?;
    assert!(
        last.contains("the Rust target wasm32-wasip1 is missing, and there is no rustup to add it"),
        "{last}"
    );
    Ok(())
}
