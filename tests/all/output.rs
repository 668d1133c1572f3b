//! Part 11: what guests print arrives as whole lines, whoever else prints, with the
//! isolate's name. (What `Stdio` makes of it on a terminal is in `cli.rs`.)

use std::sync::{Arc, Mutex};

use anyhow::Result;
use insula::{ExitReason, Line, Stream};
use insula_tests::Host;

use crate::guests;

#[test]
fn lines_are_whole_and_each_has_its_isolate() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(host.run_guest(guests::OUTPUT)?, ExitReason::Ended);
    for (name, letter) in [("writer#2", "a"), ("writer#3", "b"), ("writer#4", "c")] {
        assert_eq!(
            host.lines_of(name),
            [
                format!("{letter}:one {letter}:line {letter}:in {letter}:pieces "),
                format!("{letter} to stderr"),
            ]
        );
    }
    // The host gets what was written, and decides itself what is harmless.
    assert_eq!(
        host.lines_of("main#1"),
        [
            "control characters: \x1b[31mred\x1b[0m \x07bell \x08back \rreturn \u{9b}31m",
            "not control characters: tab\there, ünïcödé, 🏛",
            "a last line without an end",
        ]
    );
    let mut to_stderr = host.texts(Stream::Stderr);
    to_stderr.sort();
    assert_eq!(to_stderr, ["a to stderr", "b to stderr", "c to stderr"]);
    assert_eq!(host.texts(Stream::Stdout).len(), 6);
    Ok(())
}

/// Prints an empty line, bytes that are no UTF-8, and one that ends the isolate in
/// the middle of a line.
const BYTES: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write"
        (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\10\00\00\00\0b\00\00\00")
    (data (i32.const 16) "\0a\ff\fe ok\0aend\00")
    (func (export "_start")
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
        unreachable))"#;

#[test]
fn what_is_no_text_is_replaced_and_what_a_trap_cuts_off_is_printed() -> Result<()> {
    let host = Host::new()?;
    let program = host.wat(BYTES)?;
    let reason = host.run(&program, insula::SpawnOptions::new())?;
    assert!(matches!(reason, ExitReason::Trapped { .. }), "{reason:?}");
    assert_eq!(
        host.lines(),
        [
            "_start#1: ",
            "_start#1: \u{fffd}\u{fffd} ok",
            "_start#1: end\0"
        ]
    );
    Ok(())
}

#[test]
fn a_line_says_whether_its_isolate_is_alone() -> Result<()> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let for_lines = told.clone();
    let host = Host::with(|builder| {
        builder.max_isolates(64).output(move |line: &Line<'_>| {
            let line = (line.isolate.to_owned(), line.alone);
            for_lines.lock().expect("no panic").push(line);
        })
    })?;
    // Alone in its group, whatever other groups there are.
    host.run_guest(guests::SHOUT)?;
    host.run_guest(guests::HELLO)?;
    host.run_guest(guests::SHOUT)?;
    let expected = [
        ("main#1", true),
        ("hello#2", false),
        ("main#1", false),
        ("main#1", true),
    ];
    let expected = expected.map(|(name, alone)| (name.to_owned(), alone));
    assert_eq!(*told.lock().expect("no panic"), expected);
    Ok(())
}
