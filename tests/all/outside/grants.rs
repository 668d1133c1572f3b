//! Environment, arguments and input: off, and on.

use anyhow::Result;
use insula::{Access, Capabilities, CapabilityError, ExitReason, SpawnError, SpawnOptions, Stdin};
use insula_tests::{Folder, Host};

use crate::guests;

fn shows(capabilities: Capabilities) -> Result<Vec<String>> {
    let host = Host::new()?;
    let program = host.program(guests::OUTSIDE)?;
    let options = SpawnOptions::new().capabilities(capabilities);
    assert_eq!(host.run(&program, options)?, ExitReason::Ended);
    Ok(host.lines_of("main#1"))
}

/// This process has arguments, an environment and input, and none of it is seen.
#[test]
fn nothing_is_granted_by_default() -> Result<()> {
    assert!(std::env::vars().count() > 0 && std::env::args().count() > 0);
    let expected = ["arguments: []", "variables: []", "input: \"\""];
    assert_eq!(shows(Capabilities::default())?, expected);
    Ok(())
}

#[test]
fn what_is_granted_is_seen() -> Result<()> {
    let capabilities = Capabilities::default()
        .env("LANG", "la")
        .env("EMPTY", "")
        .env("LANG", "grc=?")
        .arg("--verbose")
        .arg("")
        .arg("two words")
        .stdin(Stdin::Bytes(b"friends, Romans".to_vec()));
    assert_eq!(
        shows(capabilities)?,
        [
            "arguments: [\"--verbose\", \"\", \"two words\"]",
            "variables: [(\"EMPTY\", \"\"), (\"LANG\", \"grc=?\")]",
            "input: \"friends, Romans\"",
        ]
    );
    Ok(())
}

#[test]
fn input_may_be_larger_than_one_read() -> Result<()> {
    let text = "veni vidi vici ".repeat(200_000);
    let input = Stdin::Bytes(text.clone().into());
    let lines = shows(Capabilities::default().stdin(input))?;
    let printed: usize = lines[2..].iter().map(String::len).sum();
    assert_eq!(printed, "input: \"\"".len() + text.len());
    Ok(())
}

/// What cannot be granted is told when the group is spawned.
#[test]
fn what_cannot_be_granted_is_an_error_of_the_hosts() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::OUTSIDE)?;
    let folder = Folder::new("outside-refused")?;
    let file = folder.write("file", "no folder")?;
    let refused = |capabilities: Capabilities| {
        let options = SpawnOptions::new().capabilities(capabilities);
        match host.runtime.spawn(&program, options) {
            Err(SpawnError::Capability(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    let none = Capabilities::default;
    let nowhere = folder.path("nowhere");
    let error = refused(none().dir(&nowhere, "/data", Access::ReadOnly));
    assert!(matches!(&error, CapabilityError::Dir { host, .. } if *host == nowhere));
    let text = error.to_string();
    assert!(
        text.contains("nowhere") && text.contains("`/data`"),
        "{text}"
    );
    let error = refused(none().dir(&file, "/data", Access::ReadOnly));
    assert!(matches!(error, CapabilityError::Dir { .. }), "{error}");
    for guest in ["", "a\0b", &"long".repeat(2000)] {
        let error = refused(none().dir(folder.path(""), guest, Access::ReadOnly));
        assert!(
            matches!(error, CapabilityError::GuestPath { .. }),
            "{error}"
        );
    }
    let twice = none().dir(folder.path(""), "/data", Access::ReadOnly).dir(
        folder.path(""),
        "/data",
        Access::ReadWrite,
    );
    let same = CapabilityError::SameName {
        guest: "/data".to_owned(),
    };
    assert_eq!(refused(twice), same);
    for (name, value) in [("", "x"), ("A=B", "x"), ("A\0", "x"), ("A", "x\0")] {
        let error = refused(none().env(name, value));
        assert!(matches!(error, CapabilityError::Env { .. }), "{error}");
    }
    let error = refused(none().arg("a\0b"));
    assert!(matches!(error, CapabilityError::Arg { .. }), "{error}");
    assert_eq!(host.runtime.figures().groups, 0);
    Ok(())
}
