//! `cabi_realloc` is the guest's code running inside an import: whatever it does
//! or returns, it is checked like any other code and any other pointer.

use anyhow::{Result, ensure};
use insula::{Limit, Limits};

use insula_tests::hostile::{End, MEMORY_END, Row, row, rows, short_name};

/// A guest whose `cabi_realloc` is `code`, asked for a text of six bytes.
fn realloc(code: &str) -> String {
    format!(
        r#"(memory (export "memory") 2)
        (func $realloc (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) {code})
        (func (export "insula:entry/main") (call $name (i32.const 8)))"#
    )
}

#[test]
fn what_it_returns_is_checked() -> Result<()> {
    rows(|_| {
        let returned = |what: &str, pointer: u32, end| {
            row(what, realloc(&format!("(i32.const {pointer})")), end)
        };
        let outside = || End::broken(["`cabi_realloc` returned", "outside"]);
        Ok(vec![
            returned(
                "null",
                0,
                End::broken(["`cabi_realloc` returned a null pointer"]),
            ),
            returned("behind the end", MEMORY_END, outside()),
            returned("one over the end", MEMORY_END - 5, outside()),
            returned("far out", 0x8000_0000, outside()),
            returned("wrapped", u32::MAX, outside()),
            returned("at the end", MEMORY_END - 6, End::Ended),
            returned("over the place for the result", 8, End::Ended),
            returned("over half of the place for the result", 12, End::Ended),
        ])
    })
}

/// What it is asked for a list of handles has to be aligned.
#[test]
fn a_list_of_handles_is_aligned() -> Result<()> {
    rows(|_| {
        let taken = |pointer: u32| {
            format!(
                r#"(memory (export "memory") 2)
                (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
                    (if (result i32) (i32.eq (local.get 2) (i32.const 4))
                        (then (i32.const {pointer})) (else (i32.const 4096))))
                (func (export "insula:entry/main")
                    (call $receive-port.open (i64.const 0) (i32.const 8))
                    (call $receive-port.listen (i32.load (i32.const 12)) (i32.const 1))
                    (call $receive-port.sender (i32.load (i32.const 12)) (i32.const 24))
                    (drop (call $send-port.send (i32.load (i32.const 28)) (i32.const 0) (i32.const 0)
                        (i32.const 28) (i32.const 1) (i32.const 0) (i32.const 0)))
                    (call $receive (i32.const 64))
                    (call $exit))"#
            )
        };
        let misaligned = || End::broken(["`cabi_realloc` returned", "aligned to 4"]);
        let outside = || End::broken(["`cabi_realloc` returned", "outside"]);
        Ok(vec![
            row("aligned", taken(8192), End::Ended),
            row("at the end", taken(MEMORY_END - 4), End::Ended),
            row("off by one", taken(8193), misaligned()),
            row("off by two", taken(8194), misaligned()),
            row("behind the end", taken(MEMORY_END), outside()),
            row("null", taken(0), End::broken(["null"])),
        ])
    })
}

#[test]
fn what_it_does_is_checked() -> Result<()> {
    rows(|_| {
        let fast = || Limits::default().turn_cpu(50);
        Ok(vec![
            row("traps", realloc("unreachable"), End::Trapped("unreachable")),
            row(
                "loops for ever",
                realloc("(loop $l (br $l)) unreachable"),
                End::Limit(Limit::TurnCpu),
            )
            .limits(fast()),
            row(
                "calls itself for ever",
                realloc("(call $realloc (local.get 0) (local.get 1) (local.get 2) (local.get 3))"),
                End::Limit(Limit::WasmStack),
            ),
            row(
                "grows memory and answers with what is new",
                realloc("(i32.mul (memory.grow (i32.const 3)) (i32.const 65536))"),
                End::Ended,
            ),
            row(
                "grows memory over the limit and gives up",
                realloc("(drop (memory.grow (i32.const 60000))) unreachable"),
                End::Limit(Limit::Memory),
            ),
        ])
    })
}

#[test]
fn it_may_be_missing_or_an_import() -> Result<()> {
    rows(|_| {
        let missing = r#"(memory (export "memory") 1)
            (func (export "insula:entry/main") (call $name (i32.const 0)))"#;
        let import = |name: &str| {
            format!(
                r#"(memory (export "memory") 1) (export "cabi_realloc" (func ${name}))
                (func (export "insula:entry/main") (call $name (i32.const 0)))"#
            )
        };
        Ok(vec![
            row(
                "missing",
                missing,
                End::broken(["exports no `cabi_realloc`"]),
            ),
            row(
                "fd_write itself",
                import("fd_write"),
                End::broken(["fd_write", "inside `cabi_realloc`"]),
            ),
            row(
                "poll_oneoff",
                import("poll_oneoff"),
                End::broken(["poll_oneoff", "inside `cabi_realloc`"]),
            ),
        ])
    })
}

/// A guest without it that never asks for data needs none.
#[test]
fn it_is_needed_by_those_only_who_ask_for_data() -> Result<()> {
    rows(|_| {
        let none = r#"(memory (export "memory") 1)
            (func (export "insula:entry/main") (call $receive (i32.const 0)))"#;
        Ok(vec![row("none needed", none, End::Ended)])
    })
}

/// Every import there is, called meanwhile.
#[test]
fn any_import_called_from_inside_ends_the_isolate() -> Result<()> {
    rows(|table| {
        let mut rows: Vec<Row> = Vec::new();
        for import in table.host.runtime.imports() {
            let name = short_name(import);
            let values: String = import
                .ty
                .params()
                .map(|ty| format!("({ty}.const 0) "))
                .collect();
            let call = format!("(call ${name} {values})");
            let call = if import.ty.results().len() == 0 {
                call
            } else {
                format!("(drop {call})")
            };
            let wat = realloc(&format!("{call} (i32.const 4096)"));
            let end = End::broken(["from inside `cabi_realloc`"]);
            rows.push(row(format!("{} {}", import.module, import.name), wat, end));
        }
        ensure!(rows.len() > 60, "{} imports", rows.len());
        Ok(rows)
    })
}
