//! `insula run --watch`: it builds and starts again when something changes.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use insula_guest_c::write_sdk;
use insula_tests::{Folder, c_guest, c_toolchain, guests, in_time};
use serde_json::Value;

use super::started::{Started, start, start_command};

/// A command that tells what it does as JSON, until it is ended.
struct Watched(Started);

impl Watched {
    fn start(program: &Path) -> Result<Self> {
        let mut insula = Command::new(env!("CARGO_BIN_EXE_insula"));
        insula.args(["run", "--watch", "--json"]).arg(program);
        insula.stderr(Stdio::piped()).envs(c_toolchain());
        Ok(Watched(start_command(insula)?))
    }

    /// The next event of this kind, and all before it.
    fn until(self, kind: &'static str) -> Result<(Self, Value, Vec<String>)> {
        in_time(move || {
            let Watched(mut started) = self;
            let mut before = Vec::new();
            loop {
                let line = started.line()?;
                let event: Value = serde_json::from_str(&line)
                    .with_context(|| format!("{line:?} after {before:?}"))?;
                if event["event"] == kind {
                    return Ok((Watched(started), event, before));
                }
                before.push(line);
            }
        })
    }

    /// The same without the others.
    fn next(self, kind: &'static str) -> Result<(Self, Value)> {
        let (watched, event, _) = self.until(kind)?;
        Ok((watched, event))
    }

    fn interrupt(self) -> Result<()> {
        self.0.signal("INT")?;
        let ran = self.0.finish()?;
        assert_eq!(ran.status, Some(130), "{ran:?}");
        Ok(())
    }
}

#[test]
fn a_file_that_changes_runs_in_place_of_what_ran() -> Result<()> {
    let folder = Folder::new("cli-watch-file")?;
    let program = folder.copy(guests::SPIN, "program.wasm")?;
    let watched = Watched::start(&program)?;
    let (watched, printed) = watched.next("output")?;
    assert_eq!(printed["text"], "1 spinning");
    // By a rename, as compilers and editors do it.
    let new = folder.copy(guests::HELLO, "new.wasm")?;
    fs::rename(new, &program)?;
    let (watched, changed) = watched.next("changed")?;
    assert!(
        changed["message"]
            .as_str()
            .is_some_and(|text| text.contains("program.wasm"))
    );
    // The old one has ended before the new one starts.
    let (watched, ended, before) = watched.until("ended")?;
    assert_eq!(ended["stopped"], "changed");
    assert!(
        !before.iter().any(|line| line.contains("\"loaded\"")),
        "{before:?}"
    );
    let (watched, printed) = watched.next("output")?;
    assert_eq!(printed["text"], "hello from an isolate!");
    let (watched, ended) = watched.next("ended")?;
    assert_eq!(
        (&ended["status"], &ended["stopped"]),
        (&0.into(), &Value::Null)
    );
    let (watched, _) = watched.next("waiting")?;

    // What is no program stops nothing, and is told.
    fs::write(&program, "nonsense")?;
    let (watched, error) = watched.next("error")?;
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|text| text.contains("no WebAssembly module"))
    );
    let (watched, _) = watched.next("waiting")?;
    watched.interrupt()
}

#[test]
fn a_crate_is_built_again_and_goes_on_while_that_fails() -> Result<()> {
    let folder = Folder::new("cli-watch-crate")?;
    folder.write(
        "app/Cargo.toml",
        "[package]\nname = \"app\"\nedition = \"2024\"\n[workspace]\n[dependencies]\nother = { path = \"../other\" }\n",
    )?;
    folder.write(
        "app/src/main.rs",
        "mod part;\nfn main() { println!(\"{} {}\", part::WORD, other::WORD); loop {} }",
    )?;
    folder.write("app/src/part.rs", "pub const WORD: &str = \"one\";")?;
    folder.write(
        "other/Cargo.toml",
        "[package]\nname = \"other\"\nedition = \"2024\"\n",
    )?;
    folder.write("other/src/lib.rs", "pub const WORD: &str = \"two\";")?;
    let watched = Watched::start(&folder.path("app"))?;
    let (watched, printed) = watched.next("output")?;
    assert_eq!(printed["text"], "one two");

    folder.write("app/src/part.rs", "nonsense")?;
    let (watched, failed, before) = watched.until("failed")?;
    assert_eq!(
        failed["message"],
        "waiting for a change; what ran before goes on"
    );
    assert!(
        before.iter().all(|line| !line.contains("\"ended\"")),
        "{before:?}"
    );

    folder.write("app/src/part.rs", "pub const WORD: &str = \"three\";")?;
    let (watched, ended) = watched.next("ended")?;
    assert_eq!(ended["stopped"], "changed");
    let (watched, printed) = watched.next("output")?;
    assert_eq!(printed["text"], "three two");

    // What it depends on by a path.
    folder.write("other/src/lib.rs", "pub const WORD: &str = \"four\";")?;
    let (watched, printed) = watched.next("output")?;
    assert_eq!(printed["text"], "three four");

    // What makes no difference starts nothing.
    folder.write(
        "other/src/lib.rs",
        "// Four.\npub const WORD: &str = \"four\";",
    )?;
    let (watched, _, before) = watched.until("unchanged")?;
    assert!(
        before.iter().all(|line| !line.contains("\"ended\"")),
        "{before:?}"
    );
    watched.interrupt()
}

/// Its own copy of the SDK is a source too.
#[test]
fn a_program_in_c_is_built_again() -> Result<()> {
    c_guest(guests::C_HELLO)?;
    let folder = Folder::new("cli-watch-c")?;
    let program = |word: &str| {
        format!(
            "#include <stdio.h>\n#include \"insula.h\"\n\
             INSULA_ENTRY(main) {{ puts({word}); fflush(stdout); for (;;) {{ }} }}\n"
        )
    };
    folder.write("app/src/main.c", program("\"one\""))?;
    write_sdk(&folder.path("app/insula"))?;
    let watched = Watched::start(&folder.path("app"))?;
    let (watched, printed) = watched.next("output")?;
    assert_eq!(printed["text"], "one");

    folder.write("app/src/main.c", program("nonsense"))?;
    let (watched, _) = watched.next("failed")?;
    let header = fs::read_to_string(folder.path("app/insula/insula.h"))?;
    folder.write(
        "app/insula/insula.h",
        header + "\n#define nonsense \"two\"\n",
    )?;
    let (watched, ended) = watched.next("ended")?;
    assert_eq!(ended["stopped"], "changed");
    let (watched, printed) = watched.next("output")?;
    assert_eq!(printed["text"], "two");
    watched.interrupt()
}

#[test]
fn words_say_what_is_going_on() -> Result<()> {
    let folder = Folder::new("cli-watch-words")?;
    let program = folder.copy(guests::SHOUT, "program.wasm")?;
    let mut watched = start(["run", "-w", &program.to_string_lossy()])?;
    assert_eq!(watched.line()?, "LET OTHERS START ME\n");
    let mut told = String::new();
    while !told.contains("waiting") {
        told.push_str(&watched.error_line()?);
    }
    assert_eq!(
        told,
        format!(
            "insula: running {}\ninsula: ended; waiting for a change\n",
            program.display()
        )
    );
    watched.signal("TERM")?;
    assert_eq!(watched.finish()?.status, Some(143));
    Ok(())
}

#[test]
fn what_cannot_be_watched_is_refused() -> Result<()> {
    let ran = super::insula(["run", "--watch", "https://localhost:1/x.wasm"])?;
    ran.refused("https://localhost:1/x.wasm: --watch is for files and folders");
    let ran = super::insula(["run", "--watch", "--stdin", guests::HELLO])?;
    assert_eq!((ran.status, &*ran.stdout), (Some(2), ""));
    assert!(ran.stderr.contains("cannot be used with"), "{ran:?}");
    Ok(())
}
