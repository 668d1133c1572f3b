//! The guide's table of Dart's surface: every item is in it, and every row is
//! shown by tests that exist, or says why it does not apply.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

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

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The rows below a heading, as their cells.
fn rows(page: &str, heading: &str) -> Result<Vec<Vec<String>>> {
    let (_, section) = page
        .split_once(&format!("# {heading}\n"))
        .with_context(|| format!("no section {heading}"))?;
    let lines = section
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2);
    Ok(lines
        .map(|line| {
            let cells = line.trim_matches('|').split(" | ");
            cells.map(|cell| cell.trim().to_owned()).collect()
        })
        .collect())
}

/// The tests in a file or in the files of a folder, below `tests/`.
fn tests_of(name: &str) -> Result<Vec<String>> {
    let all = root().join("tests/all");
    let mut files = Vec::new();
    for folder in [all.join(name), root().join("tests").join(name)] {
        if folder.is_dir() {
            for file in std::fs::read_dir(folder)? {
                files.push(file?.path());
            }
        }
    }
    let file = all.join(name).with_extension("rs");
    if file.is_file() {
        files.push(file);
    }
    ensure!(!files.is_empty(), "there are no tests `{name}`");
    let mut tests = Vec::new();
    for file in files {
        let source = std::fs::read_to_string(&file)?;
        let after_marks = source.split("#[test]").skip(1);
        tests.extend(after_marks.filter_map(|rest| {
            let (_, function) = rest.split_once("fn ")?;
            Some(function.split('(').next()?.to_owned())
        }));
    }
    Ok(tests)
}

/// The texts in backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

#[test]
fn every_item_of_darts_surface_is_in_the_table() -> Result<()> {
    let page = std::fs::read_to_string(root().join("docs/dart.md"))?;
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
    let page = std::fs::read_to_string(root().join("docs/dart.md"))?;
    let mut found = BTreeMap::new();
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
            if quoted(shown).next().is_none() {
                wrong.push(format!("{dart}: no test"));
            }
            for test in quoted(shown) {
                if test.ends_with(".rs") {
                    ensure!(root().join(test).is_file(), "{dart}: no {test}");
                    continue;
                }
                let (file, function) = test.split_once("::").unwrap_or((test, ""));
                let tests = match found.get(file) {
                    Some(tests) => tests,
                    None => found.entry(file.to_owned()).or_insert(tests_of(file)?),
                };
                if !function.is_empty() && !tests.iter().any(|test| test == function) {
                    wrong.push(format!(
                        "{dart}: there is no test {test}; there is {tests:?}"
                    ));
                }
            }
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}
