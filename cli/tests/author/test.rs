//! `insula test`.

use anyhow::Result;
use insula_tests::Folder;

use crate::support::{Ran, run, tested, without_runner};

fn insula_test(folder: &Folder, arguments: &[&str]) -> Result<Ran> {
    run(
        &folder.path("."),
        "insula",
        &[&["test"], arguments].concat(),
    )
}

#[test]
fn a_crate_needs_no_runner_of_its_own() -> Result<()> {
    let folder = Folder::new("test-bare")?;
    without_runner(&folder)?;
    let ran = insula_test(&folder, &["--", "good::"])?;
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert_eq!(ran.that("ok").len(), 8, "{ran:?}");
    Ok(())
}

#[test]
fn limits_are_those_of_the_flags_and_the_policy() -> Result<()> {
    let folder = Folder::new("test-limits")?;
    // What stands in the crate's configuration goes for `cargo test`.
    tested(&folder, &["--limit", "turn_cpu=700ms"])?;
    let ran = insula_test(
        &folder,
        &["--limit", "turn_cpu=150ms", "--", "plain::loops"],
    )?;
    assert_eq!(ran.status, Some(101), "{ran:?}");
    let shown = ran.shown("plain::loops");
    assert!(
        shown.contains("the limit of 150 ms of computing"),
        "{ran:?}"
    );

    // By the names of another command, too.
    let flags = ["-W", "timeout=300ms", "--", "plain::loops"];
    let ran = insula_test(&folder, &flags)?;
    let shown = ran.shown("plain::loops");
    assert!(shown.contains("the 300 ms were over"), "{ran:?}");

    folder.write("policy.toml", "[limits]\nturn_cpu = '250ms'\n")?;
    let policy = ["--policy", "policy.toml", "--", "plain::loops"];
    let ran = insula_test(&folder, &policy)?;
    let shown = ran.shown("plain::loops");
    assert!(
        shown.contains("the limit of 250 ms of computing"),
        "{ran:?}"
    );
    Ok(())
}

#[test]
fn what_is_wrong_is_told_before_anything_is_built() -> Result<()> {
    let folder = Folder::new("test-wrong")?;
    let ran = insula_test(&folder, &[])?;
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(
        ran.stderr.contains("there is no Cargo.toml in it"),
        "{ran:?}"
    );
    folder.write("Cargo.toml", "")?;
    let ran = insula_test(&folder, &["--limit", "memry=1"])?;
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("did you mean `memory`?"), "{ran:?}");
    Ok(())
}
