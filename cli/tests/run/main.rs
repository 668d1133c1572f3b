//! The command `insula`, as a user starts it: what it prints, and its exit status.

mod ambient;
mod build;
mod c;
mod c_new;
mod c_tests;
mod cache;
mod deterministic;
mod doctor;
mod https;
mod inspect;
mod json;
mod looking;
mod outside;
mod policy;
mod refused;
mod shells;
mod signals;
mod started;
mod terminal;
mod text;
mod told;
mod watch;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Result;
use insula_tests::{Folder, guests, in_time, panics_place as place};

/// What came of a run.
#[derive(Debug, PartialEq)]
struct Ran {
    status: Option<i32>,
    stdout: String,
    stderr: String,
}

fn insula_run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Result<Ran> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_insula"));
    command.arg("run").args(arguments);
    finish(command)
}

/// Another command than `run`.
fn insula<'a>(arguments: impl IntoIterator<Item = &'a str>) -> Result<Ran> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_insula"));
    command.args(arguments);
    finish(command)
}

fn finish(mut command: Command) -> Result<Ran> {
    // The guests' own target folder is what the tests' build script has filled.
    command.env_remove("CARGO_TARGET_DIR").stdin(Stdio::null());
    // Not the cache of who runs the tests.
    command.env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"));
    let output = in_time(move || command.output())?;
    Ok(Ran {
        status: output.status.code(),
        stdout: String::from_utf8(output.stdout)?,
        stderr: String::from_utf8(output.stderr)?,
    })
}

impl Ran {
    /// It ended as it should and had nothing to tell but this.
    #[track_caller]
    fn printed(&self, stdout: &str) {
        let stdout = stdout.to_owned();
        assert_eq!(
            *self,
            Ran {
                status: Some(0),
                stdout,
                stderr: String::new()
            }
        );
    }

    /// The guest failed, for a reason that begins so.
    #[track_caller]
    fn failed(&self, stdout: &str, reason: &str) {
        assert_eq!(self.status, Some(1), "{self:?}");
        assert_eq!(self.stdout, stdout);
        assert_eq!(self.stderr.lines().next(), Some(reason));
    }

    /// It was wrong use, and nothing ran.
    #[track_caller]
    fn refused(&self, stderr: &str) {
        let stderr = format!("insula: {stderr}\n");
        assert_eq!(
            *self,
            Ran {
                status: Some(2),
                stdout: String::new(),
                stderr
            }
        );
    }

    /// What isolates print beside each other is in no order.
    fn sorted(&self) -> Vec<&str> {
        let mut lines: Vec<_> = self.stdout.lines().collect();
        lines.sort_unstable();
        lines
    }
}

/// A module whose entry `main` does this.
fn module(folder: &Folder, name: &str, body: &str) -> Result<PathBuf> {
    let text = format!(
        r#"(module
            (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
            (memory (export "memory") 1)
            (func $boom {body})
            (func $main (export "insula:entry/main") call $boom))"#
    );
    folder.write(name, wat::parse_str(text)?)
}

/// How a panic at this place of the guest `panics` is told.
fn panicked(text: &str) -> String {
    format!("panicked at {}", place(text))
}

const HELLO: &str = "[hello#2] hello from an isolate!\n[main#1] I received: Hello from main\n";

#[test]
fn a_wasm_file_runs() -> Result<()> {
    insula_run([guests::HELLO])?.printed(HELLO);
    Ok(())
}

#[test]
fn a_file_uri_runs() -> Result<()> {
    let folder = Folder::new("cli-uri")?;
    folder.copy(guests::HELLO, "hello there.wasm")?;
    insula_run([folder.uri("hello there.wasm")])?.printed(HELLO);
    Ok(())
}

#[test]
fn a_guest_crates_folder_is_built_and_runs() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../guests/hello");
    let ran = insula_run([&folder])?;
    assert_eq!((ran.status, &*ran.stdout), (Some(0), HELLO), "{ran:?}");
    // Cargo says on stderr what it does.
    assert!(ran.stderr.contains("Finished `release` profile"), "{ran:?}");
    Ok(())
}

#[test]
fn prefixes_are_for_more_than_one_isolate_and_can_be_turned_off() -> Result<()> {
    insula_run([guests::SHOUT])?.printed("LET OTHERS START ME\n");
    insula_run(["--no-prefix", guests::HELLO])?
        .printed("hello from an isolate!\nI received: Hello from main\n");
    Ok(())
}

#[test]
fn an_entry_runs_by_its_name_with_a_message() -> Result<()> {
    insula_run([guests::PINGPONG, "main", "--message", "10"])?.printed("[main#1] 10 round trips\n");
    let takes = panicked("#[entry]\nfn takes_a_number");
    insula_run([guests::PANICS, "takes_a_number", "--message=7"])?.printed("");
    insula_run([guests::PANICS, "takes_a_number", "--message", "\"seven\""])?.failed(
        "",
        &format!("insula: takes_a_number#1 {takes}: the first message: expected int, found string"),
    );
    insula_run([guests::PANICS, "takes_a_number"])?.failed(
        "",
        &format!(
            "insula: takes_a_number#1 {takes}: this entry takes a first message, and there is none"
        ),
    );
    insula_run([guests::URI, "--message", r#"["a.wasm", "ünïcödé"]"#])?.printed(
        "a.wasm: refused: the host has not granted `a.wasm` to this isolate (a host grants \
         prefixes with `SpawnOptions::grant_uri`, the command line with `--grant-uri`)\n\
         ünïcödé: refused: the host has not granted `ünïcödé` to this isolate (a host grants \
         prefixes with `SpawnOptions::grant_uri`, the command line with `--grant-uri`)\n",
    );
    Ok(())
}

#[test]
fn limits_are_set_by_name() -> Result<()> {
    insula_run([guests::SPIN, "spinner", "--limit", "turn_cpu=20ms"])?.failed(
        "",
        "insula: spinner#1 stopped: the limit of 20 ms of computing in one turn is reached \
         (raise it with `Limits::turn_cpu`, or `--limit turn_cpu=..` at a shell)",
    );
    insula_run([guests::SHOUT, "--limit=memory=64KiB"])?.failed(
        "",
        "insula: main#1 stopped: the limit of 65536 bytes of memory in one isolate is reached \
         (raise it with `Limits::memory`, or `--limit memory=..` at a shell)",
    );
    // As `wasmtime run` calls them.
    insula_run([guests::SHOUT, "-W", "max-memory-size=65536"])?.failed(
        "",
        "insula: main#1 stopped: the limit of 65536 bytes of memory in one isolate is reached \
         (raise it with `Limits::memory`, or `--limit memory=..` at a shell)",
    );
    for (given, says) in [
        (
            "fuel=1000",
            "-W fuel=1000: turns are limited by time and not by instructions",
        ),
        ("max-memory", "-W max-memory: it has to be NAME=VALUE"),
        ("max-memory-siz=1", ": did you mean `max-memory-size`?"),
    ] {
        let ran = insula_run([guests::SHOUT, "-W", given])?;
        assert_eq!((ran.status, &*ran.stdout), (Some(2), ""), "{ran:?}");
        assert!(ran.stderr.contains(says), "no {says}: {ran:?}");
    }
    let settings = [
        "--limit=memory=8MiB",
        "--limit=group_memory=1GiB",
        "--limit=isolates=1",
    ];
    insula_run(settings.into_iter().chain([guests::SHOUT]))?.printed("LET OTHERS START ME\n");

    let names = insula::Limits::names().collect::<Vec<_>>().join(", ");
    let no_amount = |given: &str| {
        format!(
            "`{given}` is no amount of bytes: a whole number, with KiB, MiB or GiB behind it or \
             not, or `none`"
        )
    };
    for (limit, why) in [
        ("memory", "it has to be NAME=VALUE".to_owned()),
        ("memory=", no_amount("")),
        ("memory=much", no_amount("much")),
        ("memory=-1", no_amount("-1")),
        ("memory=10s", no_amount("10s")),
        ("memory=17179869184GiB", no_amount("17179869184GiB")),
        (
            "memry=1",
            "there is no limit `memry`: did you mean `memory`?".to_owned(),
        ),
        (
            "patience=1",
            format!("there is no limit `patience`; there is {names}"),
        ),
    ] {
        let ran = insula_run([guests::SHOUT, "--limit", limit])?;
        ran.refused(&format!("--limit {limit}: {why}"));
    }
    Ok(())
}

#[test]
fn a_run_ends_when_nothing_can_happen_any_more() -> Result<()> {
    // `main` returns at once, and servers that nobody can reach wait for ever.
    let ran = insula_run([guests::UNREACHABLE])?;
    assert_eq!((ran.status, &*ran.stderr), (Some(0), ""));
    assert_eq!(
        ran.sorted(),
        [
            "[keeper#2] holds 1",
            "[keeper#3] holds 1",
            "[keeper#3] holds 2",
            "[main#1] main is done",
        ]
    );
    // A server by itself, which nobody ever calls.
    insula_run([guests::HELLO, "echo"])?.printed("");
    Ok(())
}

#[test]
fn programs_are_spawned_from_where_it_was_granted() -> Result<()> {
    let folder = Folder::new("cli-grant")?;
    folder.copy(guests::URI, "program/uri.wasm")?;
    folder.copy(guests::SHOUT, "program/shout.wasm")?;
    let run = |grant: &OsStr| {
        let program = folder.path("program/uri.wasm");
        insula_run([program.as_os_str(), OsStr::new("--grant-uri"), grant])
    };
    let (path, uri) = (folder.path("program"), folder.uri("program"));
    for grant in [path.as_os_str(), OsStr::new(&uri)] {
        let ran = run(grant)?;
        assert_eq!(ran.status, Some(0));
        assert_eq!(
            ran.stdout,
            "[main#1] shout.wasm: HELLO FROM ANOTHER PROGRAM AND A MESSAGE\n\
             [main#1] nowhere.wasm: nobody answers\n"
        );
        assert_eq!(
            ran.stderr,
            format!(
                "insula: shout#3 could not be started: {} could not be read: \
                 No such file or directory (os error 2)\n",
                folder.path("program/nowhere.wasm").display()
            )
        );
    }
    let nowhere = folder.path("nowhere");
    run(nowhere.as_os_str())?.refused(&format!(
        "--grant-uri {}: give a file or folder that is there: No such file or directory (os \
         error 2)",
        nowhere.display()
    ));
    run(OsStr::new("file://example.org/"))?.refused(
        "a URI could not be granted: `file://example.org/` does not name a program: \
         it names no local file (`--grant-uri` takes a path or a file: URI)",
    );
    Ok(())
}

const COMMAND: &str = "hello from a plain command\narguments: [\"_start#1\"]\nvariables: 0\n\
                       bytes on stdin: 0\nfiles: false\n";

#[test]
fn a_plain_command_runs_and_exits_with_its_code() -> Result<()> {
    insula_run([guests::COMMAND])?.printed(COMMAND);
    insula_run([guests::COMMAND, "_start"])?.printed(COMMAND);

    let folder = Folder::new("cli-command")?;
    for (code, status) in [(0, 0), (7, 7), (255, 255), (256, 1), (-1, 1)] {
        let body = format!("(call $proc_exit (i32.const {code})) unreachable");
        let ran = insula_run([module(&folder, "exits.wasm", &body)?])?;
        assert_eq!((ran.status, &*ran.stdout), (Some(status), ""));
        let told = match code {
            0 => String::new(),
            _ => format!("insula: main#1 exited with code {code}\n"),
        };
        assert_eq!(ran.stderr, told);
    }
    Ok(())
}

#[test]
fn a_closed_stdin_is_no_trouble() -> Result<()> {
    for (module, expected) in [(guests::COMMAND, COMMAND), (guests::HELLO, HELLO)] {
        let mut command = Command::new("sh");
        command.args(["-c", r#"exec "$0" run "$1" <&-"#]);
        command.arg(env!("CARGO_BIN_EXE_insula")).arg(module);
        finish(command)?.printed(expected);
    }
    Ok(())
}
