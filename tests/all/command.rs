//! A plain WASI command is a program with the one entry `_start`, and is shown
//! nothing of the world.

use anyhow::Result;
use insula::{ExitReason, SpawnOptions};
use insula_tests::Host;

use crate::guests;

#[test]
fn a_command_runs_and_sees_nothing() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::COMMAND)?;
    assert_eq!(program.entries(), ["_start"]);
    assert_eq!(program.default_entry(), Some("_start"));
    assert_eq!(host.run(&program, SpawnOptions::new())?, ExitReason::Ended);
    assert_eq!(
        host.lines(),
        [
            "_start#1: hello from a plain command",
            "_start#1: arguments: [\"_start#1\"]",
            "_start#1: variables: 0",
            "_start#1: bytes on stdin: 0",
            "_start#1: files: false",
        ]
    );
    Ok(())
}

/// A command that exits with a code.
const EXITS: &str = r#"(module
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start") (call $exit (i32.const CODE)) unreachable))"#;

#[test]
fn a_command_exits_with_its_code() -> Result<()> {
    let host = Host::new()?;
    for (code, expected) in [
        (0, ExitReason::Ended),
        (1, ExitReason::Exited(1)),
        (7, ExitReason::Exited(7)),
        (255, ExitReason::Exited(255)),
        (-1, ExitReason::Exited(-1)),
    ] {
        let program = host.wat(&EXITS.replace("CODE", &code.to_string()))?;
        assert_eq!(host.run(&program, SpawnOptions::new())?, expected);
    }
    Ok(())
}

/// Where a module has entries, `_start` is what tells a plain WASI host that it is
/// no command, and no entry.
#[test]
fn start_is_no_entry_of_a_program_that_has_entries() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::SHOUT)?;
    assert_eq!(program.entries(), ["main", "shout"]);
    let refused = host
        .runtime
        .spawn(&program, SpawnOptions::new().entry("_start"));
    assert_eq!(
        refused.expect_err("it is none").to_string(),
        format!(
            "{} has no entry `_start`; it has `main`, `shout`",
            program.name()
        )
    );
    assert_eq!(host.run(&program, SpawnOptions::new())?, ExitReason::Ended);
    assert_eq!(host.lines(), ["main#1: LET OTHERS START ME"]);
    Ok(())
}
