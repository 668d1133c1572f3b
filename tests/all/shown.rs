//! Pages that name the tests which show what they say.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

/// Where each kind of tests is, and what stands in front of their names.
const PLACES: &[(&str, &str)] = &[
    ("", "tests/all"),
    ("", "tests"),
    ("cli/", "cli/tests/run"),
    ("policy/", "policy/tests/policy"),
];

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The rows below a heading, as their cells.
pub fn rows(page: &str, heading: &str) -> Result<Vec<Vec<String>>> {
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

/// The texts in backticks.
pub fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// What is wrong with the tests in a cell: each is `FILE`, `FOLDER` or
/// `FILE::FUNCTION`, or a file that is a test as a whole.
pub fn missing(cell: &str) -> Result<Option<String>> {
    if quoted(cell).next().is_none() {
        return Ok(Some("no test".to_owned()));
    }
    for test in quoted(cell) {
        if test.ends_with(".rs") {
            ensure!(root().join(test).is_file(), "no {test}");
            continue;
        }
        let (file, function) = test.split_once("::").unwrap_or((test, ""));
        let tests = tests_of(file)?;
        if !function.is_empty() && !tests.iter().any(|test| test == function) {
            return Ok(Some(format!("there is no test {test}; there is {tests:?}")));
        }
    }
    Ok(None)
}

/// The tests in a file or in the files of a folder.
fn tests_of(name: &str) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for (prefix, place) in PLACES {
        let Some(name) = name.strip_prefix(prefix) else {
            continue;
        };
        let path = root().join(place).join(name);
        if path.is_dir() {
            for file in std::fs::read_dir(&path)? {
                files.push(file?.path());
            }
        }
        files.extend(Some(path.with_extension("rs")).filter(|file| file.is_file()));
    }
    let mut tests = Vec::new();
    for file in files.iter().filter(|file| file.is_file()) {
        let source = std::fs::read_to_string(file)?;
        let after_marks = source.split("#[test]").skip(1);
        tests.extend(after_marks.filter_map(|rest| {
            let (_, function) = rest.split_once("fn ")?;
            Some(function.split('(').next()?.to_owned())
        }));
    }
    ensure!(!tests.is_empty(), "there are no tests `{name}`");
    Ok(tests)
}
