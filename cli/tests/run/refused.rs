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
    for (entry, meant) in [("hullo", " (did you mean `hello`?)"), ("serve", "")] {
        insula_run([guests::HELLO, entry])?.refused(&format!(
            "{} has no entry `{entry}`; it has `echo`, `hello`, `main`{meant}",
            guests::HELLO
        ));
    }
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
        " exports no memory named `memory`, so no message could reach it (rustc and clang export \
         it unless they are told not to: link it anew for wasm32-wasip1)",
    )?;
    refused(
        folder.write("crate/README", "")?.parent().expect("crate"),
        ": there is no Cargo.toml in it, so it is no guest crate (`insula new` makes one)",
    )?;
    let uri = folder.uri("nowhere.wasm");
    insula_run([&uri])?.refused(&format!(
        "{} could not be read: No such file or directory (os error 2) (is the path right, and may \
         you read it?)",
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
        (&["rnu"], "a similar subcommand exists: 'run'"),
        (&["inpsect"], "a similar subcommand exists: 'inspect'"),
        (
            &["run", guests::HELLO, "--deterministic=x"],
            "it has to be a whole number, as in `--deterministic 7`",
        ),
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

/// Every error that a flag can help with names it, or says what else to do.
#[test]
fn errors_say_what_to_do() -> Result<()> {
    let folder = Folder::new("cli-advice")?;
    let unknown = "(module (import \"env\" \"f\" (func)) (memory (export \"memory\") 1) \
                   (func (export \"insula:entry/main\")))";
    let unknown = folder.write("unknown.wasm", wat::parse_str(unknown)?)?;
    let broken = folder.write("broken.wasm", b"\0asm\x01\0\0\0\x63\xff")?;
    let text = folder.write("broken.wat", "(modul)")?;
    let nowhere = folder.path("nowhere");
    for (arguments, says) in [
        (
            &[unknown.as_os_str()][..],
            "`insula inspect` shows all that it imports",
        ),
        (&[broken.as_os_str()], "was it cut off or changed?"),
        (
            &["--wat".as_ref(), text.as_os_str()],
            "it is no WebAssembly text",
        ),
        (
            &[
                guests::HELLO.as_ref(),
                "--policy".as_ref(),
                nowhere.as_os_str(),
            ],
            "`insula schema` says what stands in one",
        ),
        (
            &[
                guests::HELLO.as_ref(),
                "--dir".as_ref(),
                nowhere.as_os_str(),
            ],
            "mkdir ",
        ),
        (
            &[guests::HELLO.as_ref(), "--limit=wasm_stack=1".as_ref()],
            "set it with `--limit wasm_stack=256KiB`",
        ),
        (
            &[
                guests::HELLO.as_ref(),
                "--limit=message_bytes=1".as_ref(),
                "--message=[1,2]".as_ref(),
            ],
            "give a smaller `--message`",
        ),
        (&["https:nowhere".as_ref()], "write https://HOST/PATH"),
        (
            &["https://localhost:1/x.wasm".as_ref()],
            "is the host right, and is there a network?",
        ),
    ] {
        let ran = insula_run(arguments)?;
        assert_eq!((ran.status, &*ran.stdout), (Some(2), ""), "{ran:?}");
        assert!(ran.stderr.contains(says), "no {says}: {ran:?}");
    }
    // A cache that cannot be used is no reason not to run.
    let file = folder.write("file", "")?;
    let ran = insula_run([guests::HELLO.as_ref(), "--cache".as_ref(), file.as_os_str()])?;
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(ran.stderr.contains("`--no-cache` nowhere"), "{ran:?}");
    Ok(())
}
