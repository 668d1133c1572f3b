//! Wrong use, and programs that cannot be loaded: one line that says why, and
//! exit status 2.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use insula_tests::{Folder, guests};

use super::{finish, insula_run};

#[test]
fn a_message_that_is_no_json_is_refused() -> Result<()> {
    let ran = insula_run([guests::HELLO, "--message", "seven"])?;
    ran.refused(
        "--message is no valid JSON (a string needs its own quotes: --message '\"text\"'): \
         expected value at line 1 column 1",
    );
    Ok(())
}

#[test]
fn an_entry_that_is_not_there_is_refused_with_those_that_are() -> Result<()> {
    insula_run([guests::HELLO, "hullo"])?.refused(&format!(
        "{} has no entry `hullo`; it has `echo`, `hello`, `main`",
        guests::HELLO
    ));
    Ok(())
}

/// Everything that is no program, and the one line that says why.
#[test]
fn what_is_no_program_is_refused() -> Result<()> {
    let folder = Folder::new("cli-no-program")?;
    let refused = |path: &Path, why: &str| -> Result<()> {
        insula_run([path])?.refused(&format!("{}{why}", path.display()));
        Ok(())
    };
    refused(
        &folder.path("nowhere.wasm"),
        ": there is no such file or folder (give a guest crate's folder, a .wasm file or a \
         file: or https: URI)",
    )?;
    refused(
        &folder.write("notes.txt", "Some notes.\n")?,
        " is no WebAssembly module: it starts with \"Some notes.\\n\", not with \\0asm \
         (compile it for wasm32-wasip1)",
    )?;
    refused(
        &folder.write("escape.wasm", "\x1b[31m")?,
        " is no WebAssembly module: it starts with \"\\u{1b}[31m\", not with \\0asm \
         (compile it for wasm32-wasip1)",
    )?;
    refused(
        &folder.write("module.wat", "(module)")?,
        " is WebAssembly text: turn it into a binary first, as with `wat2wasm` (or run it \
         with `--wat` at a shell)",
    )?;
    refused(
        &folder.write("component.wasm", wat::parse_str("(component)")?)?,
        " is a component, and isolates are made of core modules (compile it for wasm32-wasip1 \
         without turning it into a component)",
    )?;
    refused(
        &folder.write("empty.wasm", "")?,
        " is no WebAssembly module: it starts with \"\", not with \\0asm \
         (compile it for wasm32-wasip1)",
    )?;
    refused(
        &folder.write("module.wasm", wat::parse_str("(module)")?)?,
        " exports no memory named `memory`, so no message could reach it",
    )?;
    refused(
        folder.write("crate/README", "")?.parent().expect("crate"),
        ": there is no Cargo.toml in it, so it is no guest crate (`insula new` makes one)",
    )?;
    let uri = folder.uri("nowhere.wasm");
    insula_run([&uri])?.refused(&format!(
        "{} could not be read: No such file or directory (os error 2)",
        folder.path("nowhere.wasm").display()
    ));
    Ok(())
}

/// A crate of its own, with these files in `src`.
fn write_crate(folder: &Folder, files: &[(&str, &str)]) -> Result<()> {
    folder.write(
        "Cargo.toml",
        "[package]\nname = \"mine\"\nedition = \"2024\"\n[workspace]\n",
    )?;
    for (name, source) in files {
        folder.write(&format!("src/{name}"), source)?;
    }
    Ok(())
}

#[test]
fn a_crate_that_builds_no_program_or_several_is_refused() -> Result<()> {
    let main = "fn main() { println!(\"hello from a crate\"); }";
    let folder = Folder::new("cli-crate")?;
    write_crate(&folder, &[("main.rs", main)])?;
    let path = folder.path("");
    let ran = insula_run([&path])?;
    assert_eq!(
        (ran.status, &*ran.stdout),
        (Some(0), "hello from a crate\n")
    );

    let folder = Folder::new("cli-broken-crate")?;
    write_crate(&folder, &[("main.rs", "fn main() { nonsense }")])?;
    let path = folder.path("");
    let ran = insula_run([&path])?;
    assert_eq!((ran.status, &*ran.stdout), (Some(2), ""));
    assert!(ran.stderr.contains("cannot find value `nonsense`"));
    assert_eq!(
        ran.stderr.lines().last(),
        Some(&*format!(
            "insula: {}: the guest crate does not build; cargo says why above",
            path.display()
        ))
    );

    let folder = Folder::new("cli-library")?;
    write_crate(&folder, &[("lib.rs", "")])?;
    let path = folder.path("");
    let ran = insula_run([&path])?;
    assert_eq!((ran.status, &*ran.stdout), (Some(2), ""));
    assert_eq!(
        ran.stderr.lines().last(),
        Some(&*format!(
            "insula: {}: the crate builds no program for wasm32-wasip1 (it needs a src/main.rs)",
            path.display()
        ))
    );

    let folder = Folder::new("cli-programs")?;
    write_crate(&folder, &[("bin/a.rs", main), ("bin/b.rs", main)])?;
    let path = folder.path("");
    let ran = insula_run([&path])?;
    assert_eq!((ran.status, &*ran.stdout), (Some(2), ""));
    let last = ran.stderr.lines().last().context("it says why")?;
    assert_eq!(
        last,
        format!(
            "insula: {}: the crate builds several programs; say which with `--bin NAME`: a, b",
            path.display()
        )
    );
    let ran = insula_run([path.as_os_str(), "--bin=b".as_ref()])?;
    assert_eq!(
        (ran.status, &*ran.stdout),
        (Some(0), "hello from a crate\n")
    );
    let ran = insula_run([path.as_os_str(), "--bin=c".as_ref()])?;
    ran.refused(&format!(
        "{}: the crate has no program `c`; it has a, b",
        path.display()
    ));
    Ok(())
}

#[test]
fn wrong_use_is_refused() -> Result<()> {
    for (arguments, says) in [
        (&[][..], "Usage: insula [OPTIONS] <COMMAND>"),
        (&["nonsense"], "unrecognized subcommand 'nonsense'"),
        (&["--nonsense"], "unexpected argument '--nonsense' found"),
        (&["run"], "required arguments were not provided"),
        (
            &["run", guests::HELLO, "main", "too much"],
            "unexpected argument 'too much' found",
        ),
        (
            &["run", guests::HELLO, "--messages"],
            "a similar argument exists: '--message'",
        ),
        (
            &["run", guests::HELLO, "--message"],
            "a value is required for '--message <JSON>'",
        ),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_insula"));
        command.args(arguments);
        let ran = finish(command)?;
        assert_eq!((ran.status, &*ran.stdout), (Some(2), ""), "{arguments:?}");
        assert!(ran.stderr.contains(says), "{ran:?}");
    }
    Ok(())
}
