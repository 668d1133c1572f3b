//! What libtest says of the tests in its module.

use std::collections::{BTreeSet, HashMap};

use anyhow::{Result, bail};
use insula::Stream;

use super::captured::Printed;
use super::judge::told;
use super::test::Host;

/// A test, as libtest lists it.
#[derive(Debug)]
pub struct Listed {
    pub name: String,
    pub is_ignored: bool,
}

/// All tests, in libtest's order.
pub fn list(host: &Host) -> Result<Vec<Listed>> {
    if !host.has_libtest() {
        let tests = host.records().map(|test| Listed {
            name: test.to_owned(),
            is_ignored: false,
        });
        return Ok(tests.collect());
    }
    let all = names(host, &["--list", "--format", "terse"])?;
    let ignored = names(host, &["--list", "--format", "terse", "--ignored"])?;
    let ignored: BTreeSet<_> = ignored.into_iter().collect();
    // One that libtest does not list would not run at all.
    if let Some(lost) = host
        .records()
        .find(|test| !all.iter().any(|name| name == test))
    {
        bail!("the test `{lost}` is not in libtest's list: put it into a module, not a function");
    }
    let tests = all.into_iter().map(|name| Listed {
        is_ignored: ignored.contains(&name),
        name,
    });
    Ok(tests.collect())
}

fn names(host: &Host, arguments: &[&str]) -> Result<Vec<String>> {
    let lines = run(host, arguments)?;
    let names = lines.iter().filter_map(|line| line.strip_suffix(": test"));
    Ok(names.map(str::to_owned).collect())
}

/// Why tests are ignored, of those where a reason is given.
pub fn why_ignored(host: &Host, tests: &[&str]) -> Result<HashMap<String, String>> {
    if tests.is_empty() {
        return Ok(HashMap::new());
    }
    let arguments: Vec<_> = tests.iter().copied().chain(["--exact"]).collect();
    let lines = run(host, &arguments)?;
    let whys = lines.iter().filter_map(|line| {
        let (test, why) = line.strip_prefix("test ")?.split_once(" ... ignored, ")?;
        Some((test.to_owned(), why.to_owned()))
    });
    Ok(whys.collect())
}

/// What libtest prints.
fn run(host: &Host, arguments: &[&str]) -> Result<Vec<String>> {
    let run = host.libtest(arguments)?;
    if !run.reason.is_ended() {
        let printed: Vec<_> = run.printed.iter().map(Printed::shown).collect();
        bail!(
            "the tests cannot be listed: libtest does not run: {}\n{}",
            told(&run.reason),
            printed.join("\n")
        );
    }
    let printed = run.printed.into_iter();
    let lines = printed.filter(|line| line.stream == Stream::Stdout);
    Ok(lines.map(|line| line.text).collect())
}
