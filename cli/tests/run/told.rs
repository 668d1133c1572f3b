//! What is told about guests that fail, and what guests print.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};

use anyhow::Result;
use insula_tests::{Folder, guests};

use super::{Ran, insula_run, module, panicked};

fn failed(code: &str) -> String {
    panicked(code).replacen("panicked", "failed", 1)
}

#[test]
fn a_trap_is_told_with_its_functions() -> Result<()> {
    let folder = Folder::new("cli-trap")?;
    for (body, trap) in [
        ("unreachable", "wasm `unreachable` instruction executed"),
        (
            "(drop (i32.div_u (i32.const 1) (i32.const 0)))",
            "integer divide by zero",
        ),
        (
            "(drop (i32.load (i32.const -1)))",
            "out of bounds memory access",
        ),
    ] {
        let ran = insula_run([module(&folder, "trap.wasm", body)?])?;
        let stderr =
            format!("insula: main#1 trapped: wasm trap: {trap}\n    in boom\n    in main\n");
        assert_eq!(
            ran,
            Ran {
                status: Some(1),
                stdout: String::new(),
                stderr
            }
        );
    }
    Ok(())
}

/// Each call is a datagram here. What guests print meanwhile would come in between.
#[test]
fn what_is_told_is_told_in_one_piece() -> Result<()> {
    let (ours, theirs) = UnixDatagram::pair()?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_insula"));
    command.args(["run", guests::PANICS, "fails"]);
    command.env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"));
    command.stdin(Stdio::null()).stderr(OwnedFd::from(theirs));
    assert_eq!(command.status()?.code(), Some(1));
    ours.set_nonblocking(true)?;
    let mut piece = [0; 4096];
    let length = ours.recv(&mut piece)?;
    let piece = std::str::from_utf8(&piece[..length])?;
    assert!(piece.starts_with("insula: fails#1 failed"), "{piece:?}");
    assert!(piece.ends_with('\n'), "{piece:?}");
    Ok(())
}

/// A name is a guest's own words, on a terminal and for a program.
#[test]
fn no_name_of_an_isolate_does_anything_to_a_terminal() -> Result<()> {
    let name = "\u{1b}[2J\u{9b}31m\u{202e}\u{2028}\ninsula: all is well";
    let message = serde_json::to_string(name)?;
    let run = [guests::OPTIONS, "fails_as", "--message", &message];
    let ran = insula_run(run)?;
    let heeded = |text: &str| {
        text.chars()
            .any(|c| c != '\n' && insula::harmless(&c.to_string()) != c.to_string())
    };
    assert!(!heeded(&ran.stderr), "{:?}", ran.stderr);
    let lines = ran.stderr.lines();
    let told: Vec<_> = lines.filter(|line| line.starts_with("insula: ")).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("\\n") && told[0].contains("panicked"),
        "{told:?}"
    );

    let ran = insula_run(run.into_iter().chain(["--json"]))?;
    assert!(!heeded(&ran.stdout), "{:?}", ran.stdout);
    let events = ran
        .stdout
        .lines()
        .map(serde_json::from_str::<serde_json::Value>);
    let events = events.collect::<Result<Vec<_>, _>>()?;
    let names = events.iter().filter_map(|event| event["isolate"].as_str());
    assert!(
        names.clone().any(|told| told.starts_with(name)),
        "{events:?}"
    );
    Ok(())
}

#[test]
fn a_failure_is_told_with_its_place_and_entry() -> Result<()> {
    let ran = insula_run([guests::PANICS, "fails"])?;
    let fails = failed("#[entry]\nfn fails");
    ran.failed(
        "",
        &format!("insula: fails#1 {fails}: an entry that returns an error"),
    );
    // Nothing of the SDK's.
    let functions: Vec<_> = ran.stderr.lines().skip(1).collect();
    assert_eq!(functions, ["    in insula:entry/fails"]);
    Ok(())
}

#[test]
fn who_ends_because_of_another_is_told_with_the_cause() -> Result<()> {
    let ran = insula_run([guests::LINKS, "linked", "--message", "\"panic\""])?;
    assert_eq!((ran.status, &*ran.stdout), (Some(1), ""));
    let reasons: Vec<_> = ran
        .stderr
        .lines()
        .filter(|line| !line.starts_with("    in "))
        .collect();
    let [worker, linked] = reasons[..] else {
        panic!("{reasons:?}");
    };
    let why = worker.strip_prefix("insula: worker#2 ").expect("its name");
    assert!(why.starts_with("panicked at links/src/main.rs:"), "{why}");
    let because = "insula: linked#1 ended because it was linked to worker#2, which ";
    assert_eq!(linked, format!("{because}{why}"));
    Ok(())
}

#[test]
fn what_a_supervisor_has_dealt_with_is_told_and_is_not_the_exit_status() -> Result<()> {
    let ran = insula_run([guests::SUPERVISED])?;
    assert_eq!(ran.status, Some(0));
    let last = ran.stdout.lines().last();
    assert_eq!(last, Some("[main#1] there is bread"));
    let told = ran.stderr.lines().next().expect("the panic");
    assert!(told.starts_with("insula: kneader#3 panicked at supervised/src/main.rs:"));
    assert!(told.ends_with(": the dough is too dry"));
    Ok(())
}

#[test]
fn what_happens_to_children_is_told_and_is_not_the_exit_status() -> Result<()> {
    let ran = insula_run([guests::PANICS])?;
    assert_eq!(ran.status, Some(0));
    assert_eq!(
        ran.stdout,
        "[main#1] panics is gone\n[main#1] traps is gone\n[main#1] overflows is gone\n\
         [main#1] fails is gone\n[main#1] main goes on\n"
    );
    let mut reasons: Vec<_> = ran
        .stderr
        .lines()
        .filter(|line| !line.starts_with("    in "))
        .collect();
    reasons.sort_unstable();
    let fails = failed("#[entry]\nfn fails");
    let panics = panicked("assert!(number < 3");
    assert_eq!(
        reasons,
        [
            &*format!("insula: fails#5 {fails}: an entry that returns an error"),
            "insula: overflows#4 stopped: the limit of 262144 bytes of stack in one turn is reached \
             (raise it with `Limits::wasm_stack` in `RuntimeBuilder::limits`, or \
             `--limit wasm_stack=..` at a shell)",
            &*format!("insula: panics#2 {panics}: there is no number 7 in [1, 2, 3]"),
            "insula: traps#3 trapped: wasm trap: wasm `unreachable` instruction executed",
        ]
    );
    Ok(())
}

#[test]
fn lines_are_whole_labelled_and_harmless() -> Result<()> {
    let ran = insula_run([guests::OUTPUT])?;
    assert_eq!(ran.status, Some(0));
    assert_eq!(
        ran.sorted(),
        [
            "[main#1] a last line without an end",
            "[main#1] control characters: \\u{1b}[31mred\\u{1b}[0m \\u{7}bell \\u{8}back \
             \\rreturn \\u{9b}31m",
            "[main#1] not control characters: tab\there, ünïcödé, 🏛",
            "[writer#2] a:one a:line a:in a:pieces ",
            "[writer#3] b:one b:line b:in b:pieces ",
            "[writer#4] c:one c:line c:in c:pieces ",
        ]
    );
    let mut to_stderr: Vec<_> = ran.stderr.lines().collect();
    to_stderr.sort_unstable();
    assert_eq!(
        to_stderr,
        [
            "[writer#2] a to stderr",
            "[writer#3] b to stderr",
            "[writer#4] c to stderr"
        ]
    );
    Ok(())
}
