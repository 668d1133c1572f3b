//! The library for C compiles without a warning, and its README is true.

use std::path::Path;

use anyhow::{Context, Result};
use insula::{ExitReason, Program, SpawnOptions};
use insula_guest_c::{FILES, Project, Toolchain};
use insula_tests::{Folder, Host, c_guest, c_toolchain};

use crate::guests;

const SDK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../guest-sdk/c/sdk");

fn toolchain() -> Result<Toolchain> {
    // Says what is missing, where there is none.
    c_guest(guests::C_HELLO)?;
    Ok(match c_toolchain() {
        Some((_, folder)) => Toolchain::in_folder(Path::new(folder))?,
        None => Toolchain::find()?,
    })
}

#[test]
fn the_library_compiles_without_a_warning() -> Result<()> {
    let sources = FILES.iter().filter(|(name, _)| name.ends_with(".c"));
    let output = toolchain()?
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

/// The program in the README is one.
#[test]
fn the_readme_is_true() -> Result<()> {
    let readme = std::fs::read_to_string(Path::new(SDK).join("../README.md"))?;
    let (_, rest) = readme.split_once("```c\n").context("no program in it")?;
    let (program, _) = rest.split_once("```").context("no end of it")?;
    let folder = Folder::new("c-readme")?;
    folder.write("readme/src/main.c", program)?;
    let project = Project::in_folder(&folder.path("readme")).context("no project")?;
    let module = project.build(&toolchain()?)?;
    let host = Host::new()?;
    let program = Program::from_file(&host.runtime, module)?;
    assert_eq!(host.run(&program, SpawnOptions::new())?, ExitReason::Ended);
    assert_eq!(host.lines_of("greeter#2"), ["hello, Ada"]);
    assert_eq!(host.lines_of("main#1"), ["that went: it is done"]);
    Ok(())
}
