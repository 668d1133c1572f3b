//! The same tests in real isolates and on the native stand-in.

use anyhow::Result;
use insula_tests::Folder;

use crate::support::{Ran, guest, run};

fn insula_test(folder: &Folder, arguments: &[&str]) -> Result<Ran> {
    run(
        &folder.path("."),
        "insula",
        &[&["test"], arguments].concat(),
    )
}

/// What only the stand-in is asked for.
const OF_THE_STAND_IN: &str = "tests::what_the_stand_in_has_not_it_refuses";

#[test]
fn what_holds_in_isolates_holds_natively() -> Result<()> {
    let folder = Folder::new("native")?;
    guest(&folder, "shared", include_str!("shared/main.rs"))?;
    let isolates = insula_test(&folder, &[])?;
    assert_eq!(isolates.status, Some(0), "{isolates:?}");
    let native = insula_test(&folder, &["--native"])?;
    assert_eq!(native.status, Some(0), "{native:?}");
    let mut passed = native.that("ok");
    assert!(passed.contains(&OF_THE_STAND_IN));
    passed.retain(|test| *test != OF_THE_STAND_IN);
    assert_eq!(passed, isolates.that("ok"));
    assert_eq!(passed.len(), 15);
    Ok(())
}

/// Natively, too, a test fails alone and with its reason; one with limits is not run.
#[test]
fn what_fails_fails_natively() -> Result<()> {
    let folder = Folder::new("native-bad")?;
    guest(&folder, "tested", include_str!("tested/main.rs"))?;
    let tests = [
        (
            "bad::awaits_nothing",
            "it ended before its function had returned",
        ),
        (
            "bad::exits_in_peace",
            "it ended before its function had returned",
        ),
        ("bad::has_a_child_that_falls", "because of the child"),
        (
            "bad::panics",
            "at src/main.rs:105:9: assertion `left == right` failed: sums",
        ),
        (
            "bad::panics_in_a_handler",
            "at src/main.rs:112:34: in the handler",
        ),
        ("bad::returns_an_error", "Error: \"it is not there\""),
        ("bad::should_and_does_not", "test did not panic as expected"),
    ];
    let names = tests.iter().map(|(test, _)| *test);
    let limited = ["bad::eats", "bad::sleeps"];
    let arguments = ["--native", "--", "--exact", "good::adds", "good::calls"];
    let arguments: Vec<_> = arguments.into_iter().chain(names).chain(limited).collect();
    let ran = insula_test(&folder, &arguments)?;
    assert_eq!(ran.status, Some(101), "{ran:?}");
    assert_eq!(ran.that("ok"), ["good::adds", "good::calls"], "{ran:?}");
    assert_eq!(ran.that("ignored, it has limits"), limited, "{ran:?}");
    assert_eq!(ran.that("FAILED").len(), tests.len(), "{ran:?}");
    for (_, shown) in tests {
        assert!(ran.stdout.contains(shown), "{shown}: {ran:?}");
    }
    Ok(())
}
