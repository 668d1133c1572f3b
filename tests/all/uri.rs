//! Part 10: `spawn_uri` starts another program from where the host granted it, and
//! from nowhere else.

use anyhow::Result;
use insula::{Capabilities, ExitReason, LoadError, Program, SpawnError, SpawnOptions};
use insula_tests::Host;

use crate::guests;
use insula_tests::Folder;

/// `program/uri.wasm`, which starts what it is told, beside `program/shout.wasm`
/// and others; `outside/shout.wasm` is not for it.
struct Programs {
    host: Host,
    folder: Folder,
}

impl Programs {
    fn new(name: &str) -> Result<Self> {
        let folder = Folder::new(name)?;
        folder.copy(guests::URI, "program/uri.wasm")?;
        folder.copy(guests::SHOUT, "program/shout.wasm")?;
        folder.copy(guests::SHOUT, "program/below/it is.wasm")?;
        folder.copy(guests::SHOUT, "outside/shout.wasm")?;
        let host = Host::new()?;
        Ok(Programs { host, folder })
    }

    /// What the guest prints when it is to start these, with these grants.
    fn run(&self, grants: &[&str], uris: &[&str]) -> Result<Vec<String>> {
        let before = self.host.lines_of("main#1").len();
        let program = Program::from_file(&self.host.runtime, self.folder.path("program/uri.wasm"))?;
        let mut options = SpawnOptions::new().message(uris);
        for grant in grants {
            options = options.grant_uri(self.folder.uri(grant));
        }
        assert_eq!(self.host.run(&program, options)?, ExitReason::Ended);
        Ok(self.host.lines_of("main#1").split_off(before))
    }

    fn started(uri: &str) -> String {
        format!("{uri}: HELLO FROM ANOTHER PROGRAM AND A MESSAGE")
    }

    fn not_granted(uri: &str) -> String {
        format!(
            "{uri}: refused: the host has not granted `{uri}` to this isolate (a host grants \
             prefixes with `SpawnOptions::grant_uri`, the command line with `--grant-uri`)"
        )
    }

    fn not_loaded(uri: &str) -> String {
        format!("{uri}: nobody answers")
    }

    /// Why the isolate of this name was not started.
    fn why_not(&self, name: &str) -> String {
        match self.host.exit_of(name) {
            Some(ExitReason::NotStarted(why)) => why,
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn a_granted_program_starts_with_entry_and_first_message() -> Result<()> {
    let programs = Programs::new("uri-granted")?;
    let absolute = programs.folder.uri("program/below/it is.wasm");
    assert!(absolute.ends_with("below/it%20is.wasm"));
    let uris = [
        "shout.wasm",
        "./below/../shout.wasm",
        "below/it is.wasm",
        &absolute,
    ];
    let lines = programs.run(&["program"], &uris)?;
    assert_eq!(lines, uris.map(Programs::started));
    for number in 2..=5 {
        let name = format!("shout#{number}");
        assert_eq!(programs.host.exit_of(&name), Some(ExitReason::Ended));
    }
    Ok(())
}

#[test]
fn a_program_that_is_being_loaded_is_killed() -> Result<()> {
    for priority in ["now", "later", "tree"] {
        let programs = Programs::new(&format!("uri-killed-{priority}"))?;
        let runtime = &programs.host.runtime;
        let program = Program::from_file(runtime, programs.folder.path("program/uri.wasm"))?;
        let options = SpawnOptions::new()
            .entry("kills")
            .message(priority)
            .grant_uri(programs.folder.uri("program"));
        assert_eq!(programs.host.run(&program, options)?, ExitReason::Ended);
        let lines = programs.host.lines_of("kills#1");
        assert_eq!(lines, ["true", "Err(NoAnswer)", "killed"], "{priority}");
        assert_eq!(programs.host.exit_of("shout#2"), Some(ExitReason::Killed));
        let after = runtime.figures();
        assert_eq!((after.isolates, after.ports, after.waits), (0, 0, 0));
    }
    Ok(())
}

#[test]
fn nothing_is_granted_by_default() -> Result<()> {
    let programs = Programs::new("uri-default")?;
    let absolute = programs.folder.uri("program/shout.wasm");
    let uris = ["shout.wasm", &absolute];
    assert_eq!(programs.run(&[], &uris)?, uris.map(Programs::not_granted));
    assert_eq!(programs.host.exit_of("shout#2"), None);
    // What one group was granted is granted to no other.
    let started = uris.map(Programs::started);
    assert_eq!(programs.run(&["program"], &uris)?, started);
    assert_eq!(programs.run(&[], &uris)?, uris.map(Programs::not_granted));
    Ok(())
}

#[test]
fn dots_do_not_lead_out_of_what_is_granted() -> Result<()> {
    let programs = Programs::new("uri-dots")?;
    let outside = programs.folder.uri("outside/shout.wasm");
    let through = format!("{}/../outside/shout.wasm", programs.folder.uri("program"));
    let escaped = format!(
        "{}/%2e%2e/outside/shout.wasm",
        programs.folder.uri("program")
    );
    let slash = format!(
        "{}/..%2foutside%2fshout.wasm",
        programs.folder.uri("program")
    );
    let root = "../".repeat(100) + "etc/passwd";
    let sibling = programs.folder.uri("program-of-another/shout.wasm");
    let uris = [
        "../outside/shout.wasm",
        "below/../../outside/shout.wasm",
        &outside,
        &through,
        &escaped,
        &slash,
        &root,
        &sibling,
        "/etc/passwd",
        "file:///etc/passwd",
    ];
    let lines = programs.run(&["program"], &uris)?;
    assert_eq!(lines, uris.map(Programs::not_granted));
    // All that was wrong with the first of them is that it was not granted.
    let lines = programs.run(&["program", "outside"], &uris[..6])?;
    let started: Vec<_> = uris[..6].iter().map(|uri| Programs::started(uri)).collect();
    assert_eq!(lines, started);
    Ok(())
}

#[test]
fn links_do_not_lead_out_of_what_is_granted() -> Result<()> {
    let programs = Programs::new("uri-links")?;
    let folder = &programs.folder;
    folder.link(folder.path("outside/shout.wasm"), "program/absolute.wasm")?;
    folder.link("../outside/shout.wasm", "program/relative.wasm")?;
    folder.link("../outside", "program/folder")?;
    folder.link("shout.wasm", "program/inside.wasm")?;
    folder.link("below", "program/linked")?;
    folder.link("loop.wasm", "program/loop.wasm")?;
    let uris = [
        "inside.wasm",
        "linked/it is.wasm",
        "absolute.wasm",
        "relative.wasm",
        "folder/shout.wasm",
        "loop.wasm",
    ];
    let lines = programs.run(&["program"], &uris)?;
    let expected: Vec<_> = uris[..2]
        .iter()
        .map(|uri| Programs::started(uri))
        .chain(uris[2..].iter().map(|uri| Programs::not_loaded(uri)))
        .collect();
    assert_eq!(lines, expected);
    for (number, name) in (4..).zip(["absolute.wasm", "relative.wasm", "folder/shout.wasm"]) {
        let path = folder.path("program").join(name);
        assert_eq!(
            programs.why_not(&format!("shout#{number}")),
            format!(
                "{} could not be read: a path led outside of the filesystem",
                path.display()
            )
        );
    }
    assert!(
        programs
            .why_not("shout#7")
            .contains("loop.wasm could not be read: ")
    );
    Ok(())
}

#[test]
fn one_file_may_be_granted() -> Result<()> {
    let programs = Programs::new("uri-file")?;
    let uris = ["shout.wasm", "uri.wasm", "below/it is.wasm"];
    let lines = programs.run(&["program/shout.wasm"], &uris)?;
    assert_eq!(
        lines,
        [
            Programs::started(uris[0]),
            Programs::not_granted(uris[1]),
            Programs::not_granted(uris[2])
        ]
    );
    Ok(())
}

#[test]
fn what_is_no_uri_of_a_program_is_refused() -> Result<()> {
    let programs = Programs::new("uri-bad")?;
    let uris = [
        "",
        "shout.wasm\0",
        "http://example.org/shout.wasm",
        "data:application/wasm,x",
        "file://example.org/shout.wasm",
    ];
    let lines = programs.run(&["program"], &uris)?;
    let expected = [
        "it is empty or holds a zero byte",
        "it is empty or holds a zero byte",
        "only `file:` URIs are served",
        "only `file:` URIs are served",
        "it names no local file",
    ];
    let expected: Vec<_> = uris
        .iter()
        .zip(expected)
        .map(|(uri, why)| format!("{uri}: refused: `{uri}` does not name a program: {why}"))
        .collect();
    assert_eq!(lines, expected);
    Ok(())
}

#[test]
fn a_program_that_cannot_be_loaded_is_the_exit_reason_of_its_isolate() -> Result<()> {
    let programs = Programs::new("uri-unloadable")?;
    let folder = &programs.folder;
    let nowhere = folder.path("program/nowhere.wasm");
    let below = folder.path("program/below");
    let text = folder.write("program/text.wasm", "no wasm")?;
    let other = folder.copy(guests::HELLO, "program/hello.wasm")?;
    let uris = ["nowhere.wasm", "below", "text.wasm", "hello.wasm"];
    let lines = programs.run(&["program"], &uris)?;
    assert_eq!(lines, uris.map(Programs::not_loaded));
    assert_eq!(
        ["shout#2", "shout#3", "shout#4", "shout#5"].map(|name| programs.why_not(name)),
        [
            format!(
                "{} could not be read: No such file or directory (os error 2)",
                nowhere.display()
            ),
            format!(
                "{} could not be read: it is no ordinary file",
                below.display()
            ),
            format!(
                "{} is no WebAssembly module: it starts with \"no wasm\", not with \\0asm \
                 (compile it for wasm32-wasip1)",
                text.display()
            ),
            format!(
                "{} has no entry `shout`; it has `echo`, `hello`, `main`",
                other.display()
            ),
        ]
    );
    Ok(())
}

/// A path is relative to the spawner's program, which has to be a file then.
#[test]
fn nothing_is_relative_to_a_program_from_bytes() -> Result<()> {
    let programs = Programs::new("uri-bytes")?;
    let bytes = std::fs::read(guests::URI)?;
    let program = Program::from_bytes(&programs.host.runtime, &bytes)?;
    let absolute = programs.folder.uri("program/shout.wasm");
    let uris = ["shout.wasm", &absolute];
    let options = SpawnOptions::new()
        .message(&uris)
        .grant_uri(programs.folder.uri("program"));
    assert_eq!(programs.host.run(&program, options)?, ExitReason::Ended);
    assert_eq!(
        programs.host.lines_of("main#1"),
        [
            "shout.wasm: refused: `shout.wasm` does not name a program: the asking program came \
             from no file, so nothing is relative to it",
            &Programs::started(&absolute),
        ]
    );
    Ok(())
}

#[test]
fn a_grant_of_what_is_not_there_is_an_error_of_the_hosts() -> Result<()> {
    let programs = Programs::new("uri-grant")?;
    let program = programs.host.program(guests::URI)?;
    let nowhere = programs.folder.path("nowhere");
    for (uri, expected) in [
        (
            programs.folder.uri("nowhere"),
            format!(
                "a URI could not be granted: {} could not be read: No such file or directory \
                 (os error 2)",
                nowhere.display()
            ),
        ),
        (
            String::from("http://example.org/"),
            String::from(
                "a URI could not be granted: `http://example.org/` does not name a program: only \
                 `file:` URIs are served",
            ),
        ),
    ] {
        let refused = programs
            .host
            .runtime
            .spawn(&program, SpawnOptions::new().grant_uri(uri));
        let error = refused.expect_err("it is not there");
        assert!(matches!(
            &error,
            SpawnError::Grant(LoadError::Read { .. } | LoadError::BadUri { .. })
        ));
        assert_eq!(error.to_string(), expected);
    }
    Ok(())
}

/// A host may have programs at hand, wherever they came from.
#[test]
fn a_program_of_the_hosts_own_is_spawned_by_its_uri_alone() -> Result<()> {
    let programs = Programs::new("uri-given")?;
    let runtime = &programs.host.runtime;
    let shout = std::fs::read(guests::SHOUT)?;
    let program = Program::from_file(runtime, guests::URI)?;
    let (uri, other) = (
        "https://example.org/shout.wasm",
        "https://example.org/other.wasm",
    );
    let broken = "db:broken";
    let capabilities = Capabilities::default()
        .program(uri, shout)
        .program(broken, *b"nonsense");
    let uris = [uri, other, broken];
    let options = SpawnOptions::new()
        .message(&uris)
        .capabilities(capabilities);
    assert_eq!(programs.host.run(&program, options)?, ExitReason::Ended);
    let lines = programs.host.lines_of("main#1");
    assert_eq!(lines[0], Programs::started(uri));
    assert!(
        lines[1].starts_with(&format!("{other}: refused: ")),
        "{lines:?}"
    );
    assert_eq!(lines[2], Programs::not_loaded(broken));
    let why = programs.why_not("shout#3");
    assert!(
        why.starts_with("db:broken is no WebAssembly module"),
        "{why}"
    );
    Ok(())
}
