//! The guide's table of Dart's surface: every item is in it, and every row is
//! shown by tests that exist, or says why it does not apply.

use anyhow::{Result, ensure};

use crate::shown::{missing, root, rows};

/// Dart's surface, by the names that it has there.
const ITEMS: &[&str] = &[
    "Isolate.spawn(",
    "paused:",
    "errorsAreFatal:",
    "onExit:",
    "onError:",
    "debugName",
    "Isolate.spawnUri",
    "Isolate.run`",
    "Isolate.exit(",
    "Isolate.current",
    "Isolate(controlPort",
    "`controlPort`",
    "`pauseCapability`",
    "`terminateCapability`",
    "kill(priority",
    "Isolate.immediate",
    "Isolate.beforeNextEvent",
    "`pause`",
    "`resume`",
    "`ping`",
    "addOnExitListener",
    "removeOnExitListener",
    "addErrorListener",
    "removeErrorListener",
    "`errors`",
    "setErrorsFatal",
    "packageConfig",
    "resolvePackageUri",
    "Isolate.create",
    "runSync",
    "shutdownSync",
    "pinToCurrentThread",
    "runEventLoopSync",
    "onEvent",
    "handleEvent",
    "Capability()",
    "SendPort.send",
    "hashCode",
    "`ReceivePort`",
    "fromRawReceivePort",
    "`RawReceivePort`",
    "handler=",
    "keepIsolateAlive",
    "TransferableTypedData",
    "RemoteError",
    "IsolateSpawnException",
    "dart:concurrent",
    "vm:shared",
    "port.receive",
    "SendPort.call",
    "spawnFunction",
];

#[test]
fn every_item_of_darts_surface_is_in_the_table() -> Result<()> {
    let page = std::fs::read_to_string(root().join("docs/src/from/dart.md"))?;
    let rows = rows(&page, "Every item")?;
    let missing: Vec<_> = ITEMS
        .iter()
        .filter(|item| !rows.iter().any(|row| row[0].contains(**item)))
        .collect();
    ensure!(missing.is_empty(), "not in the table: {missing:?}");
    Ok(())
}

#[test]
fn every_row_is_shown_by_tests_or_says_why_not() -> Result<()> {
    let page = std::fs::read_to_string(root().join("docs/src/from/dart.md"))?;
    let mut wrong = Vec::new();
    for (heading, least, cells) in [
        ("Beyond Dart", 10, 4),
        ("Every item", 20, 3),
        ("Semantics", 20, 3),
    ] {
        let rows = rows(&page, heading)?;
        ensure!(rows.len() > least, "{heading} has {} rows", rows.len());
        for row in rows {
            let (true, [dart, .., shown]) = (row.len() == cells, &row[..]) else {
                wrong.push(format!("not {cells} cells: {row:?}"));
                continue;
            };
            if let Some(why) = shown.strip_prefix("does not apply: ") {
                ensure!(why.len() > 30, "{dart}: {why}");
                continue;
            }
            if let Some(what) = missing(shown)? {
                wrong.push(format!("{dart}: {what}"));
            }
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}
