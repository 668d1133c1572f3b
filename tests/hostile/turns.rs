//! Start functions, `_initialize`, entries and wakes that trap, never end, or do
//! what they must not.

use anyhow::Result;
use insula::{Limit, Limits};

use super::calls::calls;
use insula_tests::hostile::{End, MEMORY, Row, delivered_one, main, row, rows, server};

const FOR_EVER: &str = "(loop $again (br $again))";
const DIVIDE_BY_ZERO: &str = "(drop (i32.div_u (i32.const 1) (i32.const 0)))";

/// The same code in each place where a guest's code begins to run.
fn everywhere(what: &str, code: &str, end: &End) -> Vec<Row> {
    let idle = r#"(func (export "insula:entry/main"))"#;
    [
        (
            "start",
            format!("{MEMORY} (func $start {code}) (start $start) {idle}"),
        ),
        (
            "_initialize",
            format!("{MEMORY} (func (export \"_initialize\") {code}) {idle}"),
        ),
        ("entry", main(code)),
        (
            "_start",
            format!("{MEMORY} (func (export \"_start\") {code})"),
        ),
        ("wake", server(SEND_TO_SELF, code)),
        ("deliver", delivered_one(3, code)),
    ]
    .into_iter()
    .map(|(place, wat)| {
        row(format!("{place} {what}"), wat, end.clone()).limits(Limits::default().turn_cpu(50))
    })
    .collect()
}

/// Sends an empty message to the first port, in a [`server`].
const SEND_TO_SELF: &str = "
    (call $receive-port.sender (global.get $port) (i32.const 16))
    (drop (call $send-port.send (i32.load (i32.const 20)) (i32.const 0) (i32.const 0)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))";

#[test]
fn code_that_traps_or_never_ends_ends_its_isolate() -> Result<()> {
    rows(|_| {
        let say = "(call $fail (i32.const 64) (i32.const 4) (i32.const 64) (i32.const 4))";
        Ok([
            (
                "traps",
                "unreachable".to_owned(),
                End::Trapped("unreachable"),
            ),
            (
                "divides by zero",
                DIVIDE_BY_ZERO.to_owned(),
                End::Trapped("divide by zero"),
            ),
            (
                "reads outside of memory",
                "(drop (i32.load (i32.const -4)))".to_owned(),
                End::Trapped("out of bounds"),
            ),
            (
                "never ends",
                FOR_EVER.to_owned(),
                End::Limit(Limit::TurnCpu),
            ),
            (
                "panics",
                format!("{say} unreachable"),
                End::Panicked("panicked at"),
            ),
            (
                "exits",
                "(call $proc_exit (i32.const 3))".to_owned(),
                End::Exited(3),
            ),
            ("leaves", "(call $exit)".to_owned(), End::Ended),
            (
                "breaks the contract",
                "(call $drop-timer (i32.const 77))".to_owned(),
                End::broken(["no such handle"]),
            ),
            // A refused growth is no reason for what goes wrong otherwise.
            (
                "grows too far and then divides by zero",
                format!("(drop (memory.grow (i32.const 60000))) {DIVIDE_BY_ZERO}"),
                End::Trapped("divide by zero"),
            ),
            (
                "grows too far and gives up",
                "(drop (memory.grow (i32.const 60000))) unreachable".to_owned(),
                End::Limit(Limit::Memory),
            ),
        ]
        .into_iter()
        .flat_map(|(what, code, end)| everywhere(what, &code, &end))
        .collect())
    })
}

#[test]
fn the_stack_ends() -> Result<()> {
    rows(|_| {
        let deep = |body: &str| {
            main("(drop (call $deep (i64.const 0)))")
                + &format!("(func $deep (param i64) (result i64) {body})")
        };
        let fat: String = (0..200).map(|_| "(local i64)").collect();
        let uses: String = (0..200)
            .map(|local| format!("(local.set {local} (i64.add (local.get {local}) (call $deep (local.get {local}))))"))
            .collect();
        Ok(vec![
            row(
                "recursion",
                deep("(i64.add (i64.const 1) (call $deep (local.get 0)))"),
                End::Limit(Limit::WasmStack),
            ),
            row(
                "fat frames",
                deep(&format!("{fat} {uses} (local.get 7)")),
                End::Limit(Limit::WasmStack),
            ),
            row(
                "recursion with an import at each level",
                main("(call $deep)") + "(func $deep (call $receive (i32.const 0)) (call $deep))",
                End::Limit(Limit::WasmStack),
            ),
            row(
                "indirect recursion",
                main("(call_indirect (i32.const 0))")
                    + "(table 1 funcref) (elem (i32.const 0) $deep)
                       (func $deep (call_indirect (i32.const 0)) (call_indirect (i32.const 0)))",
                End::Limit(Limit::WasmStack),
            ),
        ])
    })
}

/// A wake that takes nothing is called again and again; that is its own turn's
/// time and nobody else's. It ends with the group.
#[test]
fn a_wake_that_never_receives_harms_nobody() -> Result<()> {
    insula_tests::hostile::table(|table| {
        let program = table.host.wat(&table.module(&server(SEND_TO_SELF, "")))?;
        let isolate = table
            .host
            .runtime
            .spawn(&program, insula::SpawnOptions::new())?;
        for _ in 0..3 {
            table.ping()?;
        }
        isolate.kill();
        let reason = isolate.join();
        anyhow::ensure!(reason == insula::ExitReason::Killed, "{reason}");
        Ok(())
    })
}

/// Every import of the contract works in a start function, where the instance
/// is not whole yet.
#[test]
fn a_start_function_may_call_every_import() -> Result<()> {
    rows(|table| {
        Ok(calls(table)?
            .iter()
            .map(|call| {
                let wat = call.wat().replace(
                    "(func (export \"insula:entry/main\")",
                    "(func (export \"insula:entry/main\")) (start $start) (func $start",
                );
                row(
                    format!("{} in a start function", call.import.name),
                    wat,
                    End::Ended,
                )
            })
            .collect())
    })
}

/// An import that is exported again is called by the host, with no guest behind
/// it.
#[test]
fn an_import_as_an_export_is_harmless() -> Result<()> {
    rows(|_| {
        let again = |export: &str, also: &str| {
            format!("{MEMORY} (export \"{export}\" (func $exit)) {also}")
        };
        let idle = r#"(func (export "insula:entry/main"))"#;
        Ok(vec![
            row("entry", again("insula:entry/main", ""), End::Ended),
            row("_initialize", again("_initialize", idle), End::Ended),
            row(
                "wake",
                server(SEND_TO_SELF, "").replace(
                    "(func (export \"wake\") )",
                    "(export \"wake\" (func $exit))",
                ),
                End::Ended,
            ),
        ])
    })
}

/// The entry is the mark's, not another export's with the same name.
#[test]
fn an_entry_named_as_the_command_is_that_entry() -> Result<()> {
    rows(|_| {
        let wat = format!(
            "{MEMORY} (func (export \"_start\") unreachable)
             (func (export \"insula:entry/_start\") (call $proc_exit (i32.const 5)))"
        );
        Ok(vec![row("insula:entry/_start", wat, End::Exited(5))])
    })
}
