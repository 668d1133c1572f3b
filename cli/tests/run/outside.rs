//! What a program reaches of the world outside, as the flags say.

use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use insula_tests::{Folder, guests, in_time};

use super::{Ran, insula_run};

fn does(flags: &[&str], steps: &str) -> Result<Ran> {
    let program = [guests::OUTSIDE, "does", "--message", steps];
    insula_run(program.iter().chain(flags))
}

/// With something on standard input, which is closed behind it or stays open.
fn with_input(arguments: &[&str], input: &str, closed: bool) -> Result<Ran> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_insula"));
    command.args(["run", guests::OUTSIDE]).args(arguments);
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let mut pipe = child.stdin.take().context("no pipe")?;
    pipe.write_all(input.as_bytes())?;
    let open = (!closed).then_some(pipe);
    let output = in_time(move || child.wait_with_output())?;
    drop(open);
    Ok(Ran {
        status: output.status.code(),
        stdout: String::from_utf8(output.stdout)?,
        stderr: String::from_utf8(output.stderr)?,
    })
}

#[test]
fn nothing_is_there_without_a_flag() -> Result<()> {
    let shown = "arguments: []\nvariables: []\ninput: \"\"\n";
    with_input(&[], "not for guests", true)?.printed(shown);
    Ok(())
}

#[test]
fn arguments_variables_and_input_are_what_the_flags_say() -> Result<()> {
    let flags = [
        "--env",
        "LANG=la",
        "--env",
        "EMPTY=",
        "--stdin",
        "--",
        "-v",
        "two words",
    ];
    with_input(&flags, "ave\nCaesar", true)?.printed(
        "arguments: [\"-v\", \"two words\"]\n\
         variables: [(\"EMPTY\", \"\"), (\"LANG\", \"la\")]\n\
         input: \"ave\\nCaesar\"\n",
    );
    // One of this process's own, and nothing else of its environment.
    let path = std::env::var("PATH")?;
    insula_run([guests::OUTSIDE, "--env", "PATH"])?.printed(&format!(
        "arguments: []\nvariables: [(\"PATH\", {path:?})]\ninput: \"\"\n"
    ));
    Ok(())
}

#[test]
fn a_folder_is_read_and_written_as_the_flag_says() -> Result<()> {
    let folder = Folder::new("cli-folder")?;
    folder.write("letter", "salve")?;
    let path = folder.path("");
    let path = path.to_string_lossy();
    let steps =
        |path: &str| format!(r#"[["read",["{path}/letter"]],["append",["{path}/letter","!"]]]"#);
    let read_only = |path: &str| {
        format!("read {path}/letter: salve\nappend {path}/letter !: PermissionDenied 63\n")
    };
    let written = |path: &str| format!("read {path}/letter: salve\nappend {path}/letter !: done\n");
    let own = path.trim_end_matches('/');
    does(&["--dir", &format!("{own}::/data::ro")], &steps("/data"))?.printed(&read_only("/data"));
    does(&["--dir", &format!("{own}::ro")], &steps(own))?.printed(&read_only(own));
    does(&["--dir", &format!("{own}::/data")], &steps("/data"))?.printed(&written("/data"));
    folder.write("letter", "salve")?;
    does(&["--dir", own], &steps(own))?.printed(&written(own));
    assert_eq!(std::fs::read(folder.path("letter"))?, b"salve!");
    Ok(())
}

#[test]
fn flags_that_grant_nothing_are_refused() -> Result<()> {
    let none = "nowhere-at-all";
    insula_run([guests::OUTSIDE, "--dir", none])?.refused(&format!(
        "the folder {none} could not be granted as `{none}`: No such file or directory (os error \
         2) (`--dir` takes a folder that is there: `mkdir {none}` makes it)"
    ));
    insula_run([guests::OUTSIDE, "--env", "INSULA_NOT_SET"])?.refused(
        "--env INSULA_NOT_SET: it is not set here, so give it a value: --env \
         INSULA_NOT_SET=VALUE",
    );
    for text in ["", "::", "a::b::c", "a::b::ro::d", "::/data"] {
        let ran = insula_run([guests::OUTSIDE, "--dir", text])?;
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{text}");
        assert!(
            ran.stderr.contains("HOST::GUEST::ro"),
            "{text}: {}",
            ran.stderr
        );
    }
    Ok(())
}

/// A guest that waits for input that never comes holds nobody up, and a kill ends it.
#[test]
fn a_wait_for_input_ends_with_a_kill() -> Result<()> {
    let ran = with_input(&["is_killed", "--stdin"], "", false)?;
    assert_eq!(ran.status, Some(1), "{ran:?}");
    assert_eq!(ran.stdout, "[kills#2] the other waits\n");
    assert_eq!(ran.stderr, "insula: is_killed#1 killed\n");
    Ok(())
}
