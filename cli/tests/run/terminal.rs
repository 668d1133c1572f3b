//! Colours and progress: on a terminal, and nowhere else. `script` of util-linux gives
//! a command a terminal of its own.

use std::io::Read as _;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use insula_policy::Digest;
use insula_tests::https::{Answer, HttpsServer};
use insula_tests::{Folder, guests, in_time};

use super::finish;

/// A colour or another style begins so.
const STYLE: &str = "\x1b[";

/// The command with these arguments on a terminal of its own, whose output is that of
/// the command that is given.
fn on_terminal(arguments: &[&str]) -> Command {
    let words = arguments.iter().map(|argument| format!("'{argument}'"));
    let words = words.collect::<Vec<_>>().join(" ");
    let mut script = Command::new("script");
    script.args(["-q", "-e", "-c"]);
    script.arg(format!("'{}' {words}", env!("CARGO_BIN_EXE_insula")));
    script.arg("/dev/null");
    plain_environment(&mut script);
    script.env("TERM", "xterm-256color");
    script
}

fn piped(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_insula"));
    command.args(arguments);
    plain_environment(&mut command);
    command
}

fn plain_environment(command: &mut Command) {
    for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI"] {
        command.env_remove(variable);
    }
}

/// Whether it was coloured; it said what it had to.
fn is_colored(command: Command) -> Result<bool> {
    let ran = finish(command)?;
    let all = ran.stdout + &ran.stderr;
    assert!(all.contains(" main goes on"), "{all:?}");
    assert!(all.contains("panicked at"), "{all:?}");
    Ok(all.contains(STYLE))
}

#[test]
fn colours_are_for_terminals() -> Result<()> {
    let run = |is_terminal: bool, flags: &[&str]| {
        // It prints with names in front, and isolates of it panic.
        let arguments = [&["run", guests::PANICS], flags].concat();
        match is_terminal {
            true => on_terminal(&arguments),
            false => piped(&arguments),
        }
    };
    assert!(is_colored(run(true, &[]))?);
    assert!(!is_colored(run(false, &[]))?);
    assert!(!is_colored(run(true, &["--color=never"]))?);
    assert!(!is_colored(run(true, &["--color", "never"]))?);
    assert!(is_colored(run(false, &["--color=always"]))?);
    for (variable, value, is_terminal, expected) in [
        ("NO_COLOR", "1", true, false),
        ("CLICOLOR_FORCE", "1", false, true),
        ("CLICOLOR", "0", true, false),
        ("TERM", "dumb", true, false),
    ] {
        let mut command = run(is_terminal, &[]);
        command.env(variable, value);
        assert_eq!(is_colored(command)?, expected, "{variable}");
    }
    // What was said goes before what the environment says.
    let mut command = run(false, &["--color=always"]);
    command.env("NO_COLOR", "1");
    assert!(is_colored(command)?);
    Ok(())
}

#[test]
fn help_and_usage_are_coloured_too() -> Result<()> {
    for arguments in [&["--help"][..], &["run", "--nonsense"]] {
        let ran = finish(on_terminal(arguments))?;
        assert!(ran.stdout.contains(STYLE), "{ran:?}");
        let ran = finish(piped(arguments))?;
        assert!(!(ran.stdout + &ran.stderr).contains(STYLE));
        let ran = finish(piped(&[arguments, &["--color=always"]].concat()))?;
        assert!((ran.stdout + &ran.stderr).contains(STYLE));
    }
    Ok(())
}

/// A program that is in the middle of being fetched, when it is long enough.
#[test]
fn progress_is_for_terminals() -> Result<()> {
    let hello = std::fs::read(guests::HELLO)?;
    let digest = Digest::of(&hello).to_string();
    let server = HttpsServer::start(move |_| Answer::Halves(hello.clone()))?;
    let folder = Folder::new("cli-progress")?;
    let trusted = folder.write("ca.pem", server.certificate())?;
    let (uri, trusted) = (server.uri("/hello.wasm"), trusted.to_string_lossy());
    let arguments = [
        "run",
        &uri,
        "--no-cache",
        "--ca-file",
        &trusted,
        "--digest",
        &digest,
    ];
    let mut script = on_terminal(&arguments);
    script.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = script.spawn()?;
    let mut stdout = child.stdout.take().context("no pipe")?;
    let shown = in_time(move || -> Result<String> {
        let (mut shown, mut part) = (String::new(), [0; 4096]);
        while !shown.contains("fetching https://localhost") {
            let read = stdout.read(&mut part)?;
            anyhow::ensure!(read > 0, "it ended: {shown}");
            shown.push_str(&String::from_utf8_lossy(&part[..read]));
        }
        server.go_on();
        stdout.read_to_string(&mut shown)?;
        child.wait()?;
        Ok(shown)
    })?;
    // It is taken away before anything else is printed.
    let (progress, printed) = shown.split_once("[hello").context("it ran")?;
    assert!(
        progress.ends_with("\x1b[2K") || progress.contains("\r\x1b[2K"),
        "{progress:?}"
    );
    assert!(!printed.contains("fetching"), "{printed:?}");
    Ok(())
}
