//! Numbers that are no handle: never given, dropped, of another kind or of
//! another isolate. Generated for every parameter that is a handle.

use anyhow::{Result, ensure};
use insula::SpawnOptions;

use super::calls::{Call, HANDLES, RESOURCES, calls, gone, handle, number};
use insula_tests::hostile::{End, Row, main, row, rows, spawn_request, table};
use insula_tests::wit::{Element, Param};

#[test]
fn every_handle_is_checked() -> Result<()> {
    rows(|table| {
        let mut rows = Vec::new();
        for call in calls(table)? {
            for (place, param) in call.values() {
                match param {
                    Param::Handle(resource) => {
                        rows.extend(bad_handles(&call, resource, |call, bad| {
                            call.with(place, bad)
                        }));
                    }
                    Param::Pointer(Element::Handle(resource)) => {
                        rows.extend(bad_handles(&call, resource, |call, bad| {
                            call.after(&format!("(i32.store (i32.const {HANDLES}) {bad})"))
                        }));
                    }
                    _ => {}
                }
            }
        }
        ensure!(
            rows.len() > 700,
            "the contract has more handles than {} rows",
            rows.len()
        );
        Ok(rows)
    })
}

fn bad_handles(call: &Call, resource: &str, put: impl Fn(&Call, &str) -> Call) -> Vec<Row> {
    ensure_known(resource);
    let mut rows = Vec::new();
    // Places nobody was given, and the place of a valid handle in another
    // generation.
    for never in [
        0,
        700,
        10_001,
        0x10_0000,
        0x10_0001,
        0x7fff_ffff,
        0x8000_0001,
        u32::MAX,
    ] {
        let call = put(call, &number(never));
        let hex = format!("{never:#x}");
        rows.push(call.row(
            &format!("handle {hex} was never given"),
            End::broken(["no such handle", &hex]),
        ));
    }
    for other in RESOURCES {
        let used = put(call, &gone(other));
        rows.push(used.row(
            &format!("a dropped {other}"),
            End::broken(["no such handle", resource]),
        ));
        if other != resource {
            let used = put(call, &handle(other));
            let end = End::broken([&format!("as a {resource}"), &format!("that is a {other}")]);
            rows.push(used.row(&format!("a {other}"), end));
        }
    }
    rows
}

fn ensure_known(resource: &str) {
    assert!(
        RESOURCES.contains(&resource),
        "a resource that is new to this test: {resource}"
    );
}

#[test]
fn nothing_is_dropped_twice() -> Result<()> {
    rows(|table| {
        let calls = calls(table)?;
        let drops: Vec<_> = calls
            .iter()
            .filter(|call| call.import.name.starts_with("[resource-drop]"))
            .collect();
        ensure!(drops.len() == RESOURCES.len(), "{} drops", drops.len());
        let twice = |call: &&Call| {
            call.after(&call.code())
                .row("twice", End::broken(["no such handle"]))
        };
        Ok(drops.iter().map(twice).collect())
    })
}

/// A number says nothing about the handles of others: the child's own table is
/// empty, and in the other child the number means its own port.
#[test]
fn a_number_of_another_isolate_is_nothing() -> Result<()> {
    table(|table| {
        let body = main(
            r#"
            (call $receive-port.open (i64.const 0) (i32.const 0))
            (call $receive-port.sender (i32.load (i32.const 4)) (i32.const 16))
            (call $spawn (i32.const 2048) (i32.const 48))"#,
        ) + &spawn_request(2048, 1024, 5).data()
            + r#"
            (data (i32.const 1024) "child")
            (func (export "insula:entry/child")
                (drop (call $send-port.send (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 0)
                    (i32.const 0) (i32.const 0) (i32.const 0))))"#;
        let reason = table.run(&body, SpawnOptions::new())?;
        ensure!(reason.is_ended(), "the parent {reason}");
        let child = table.host.exit_of("child#2");
        let words = End::broken(["0x2", "no such handle"]);
        ensure!(
            child
                .as_ref()
                .is_some_and(|child| words.is(child, &Default::default())),
            "the child: {child:?}"
        );
        Ok(())
    })
}

/// A handle that was dropped does not mean what was put in its place.
#[test]
fn a_dropped_number_is_not_used_again() -> Result<()> {
    rows(|_| {
        let body = main(
            r#"
            (call $receive-port.open (i64.const 0) (i32.const 0))
            (call $drop-receive-port (i32.load (i32.const 4)))
            (call $receive-port.open (i64.const 0) (i32.const 16))
            (call $receive-port.listen (i32.load (i32.const 4)) (i32.const 1))"#,
        );
        Ok(vec![row(
            "dropped, then another",
            body,
            End::broken(["no such handle"]),
        )])
    })
}
