//! `insula runner`, started by cargo.

use anyhow::Result;
use insula_tests::Folder;

use crate::support::{Ran, run, tested};

const FLAGS: &[&str] = &["--limit", "turn_cpu=500ms"];

fn cargo(name: &str, arguments: &[&str]) -> Result<Ran> {
    let folder = Folder::new(name)?;
    tested(&folder, FLAGS)?;
    run(&folder.path("."), "cargo", arguments)
}

#[test]
fn cargo_run_runs_a_program_with_its_arguments() -> Result<()> {
    let ran = cargo("cargo-run", &["run", "-q", "--", "--limit", "b c"])?;
    assert_eq!(
        ran.stdout, "arguments: [\"--limit\", \"b c\"]\n[main#1] twice: 42\n",
        "{ran:?}"
    );
    assert_eq!(ran.status, Some(0));
    Ok(())
}

/// Each test that fails fails alone, and with its reason.
#[test]
fn every_test_has_an_isolate_of_its_own() -> Result<()> {
    let ran = cargo("cargo-test", &["test", "-q", "--", "--format", "pretty"])?;
    assert_eq!(ran.status, Some(101), "{ran:?}");
    assert!(ran.stdout.starts_with("\nrunning 31 tests\n"), "{ran:?}");
    assert_eq!(
        ran.that("ok"),
        [
            "good::adds",
            "good::calls",
            "good::has_room",
            "good::is_alone",
            "good::is_alone_three",
            "good::is_alone_too",
            "good::should - should panic",
            "good::should_later - should panic",
            "plain::passes",
        ]
    );
    let ignored: Vec<_> = ran
        .tests()
        .into_iter()
        .filter(|test| test.1.starts_with("ignored"))
        .collect();
    assert_eq!(
        ignored,
        [
            ("good::rests", "ignored, it takes long"),
            ("plain::rests", "ignored, for a reason"),
            (
                "plain::should",
                "ignored, a plain test cannot catch a panic here: write #[insula_guest::test]"
            ),
        ]
    );
    let failed = ran.that("FAILED");
    let failed: Vec<_> = failed
        .iter()
        .map(|test| test.trim_end_matches(" - should panic"))
        .collect();
    for (test, shown) in [
        (
            "bad::awaits_nothing",
            "ended before its function had returned",
        ),
        (
            "bad::eats",
            "the limit of 4194304 bytes of memory in one isolate is reached",
        ),
        ("bad::exits", "exited with code 3"),
        (
            "bad::exits_in_peace",
            "ended before its function had returned",
        ),
        (
            "bad::has_a_child_that_falls",
            "falls#2: panicked at src/main.rs:17:5:\nthe child falls",
        ),
        ("bad::has_no_such_limit", "`64XB` is no amount of bytes"),
        (
            "bad::leaves_a_timer",
            "something that it started went on until the 300 ms were over",
        ),
        (
            "bad::loops",
            "the limit of 100 ms of computing in one turn is reached",
        ),
        (
            "bad::panics",
            "before the panic\npanicked at src/main.rs:105:9:\nassertion `left == right` failed: sums\n  left: 2\n right: 3\n    in tested::bad::panics::__panics",
        ),
        (
            "bad::panics_in_a_handler",
            "panicked at src/main.rs:112:34:\nin the handler",
        ),
        (
            "bad::returns_an_error",
            "Error: \"it is not there\"\nit returned an error",
        ),
        (
            "bad::should_and_does_not",
            "note: test did not panic as expected",
        ),
        (
            "bad::should_otherwise",
            "panic message: \"dry\"\n expected substring: \"wet\"",
        ),
        (
            "bad::sleeps",
            "its function had not returned when the 300 ms were over",
        ),
        (
            "bad::traps",
            "trapped: wasm trap: wasm `unreachable` instruction executed",
        ),
        (
            "plain::errs",
            "Error: \"a plain error\"\nit returned an error",
        ),
        ("plain::fails", "before it fails"),
        ("plain::leaves", "it ended the program, with code 0"),
        (
            "plain::loops",
            "the limit of 500 ms of computing in one turn is reached",
        ),
    ] {
        assert!(failed.contains(&test), "{test}: {ran:?}");
        assert!(
            ran.shown(test).contains(shown),
            "{test}: {}",
            ran.shown(test)
        );
    }
    assert_eq!(failed.len(), 19);
    assert!(!ran.stdout.contains("said by a test that passes"));
    let result = "test result: FAILED. 9 passed; 19 failed; 3 ignored; 0 measured; 0 filtered out;";
    assert!(ran.stdout.contains(result), "{}", ran.stdout);
    Ok(())
}

#[test]
fn options_of_libtest_mean_what_they_always_do() -> Result<()> {
    let folder = Folder::new("options")?;
    tested(&folder, FLAGS)?;
    let test = |options: &[&str]| -> Result<Ran> {
        let arguments = [&["test", "-q", "--"], options].concat();
        run(&folder.path("."), "cargo", &arguments)
    };

    let ran = test(&["--list", "--format", "pretty", "good::is", "plain::r"])?;
    let listed = "good::is_alone: test\ngood::is_alone_three: test\ngood::is_alone_too: test\n\
                  plain::rests: test\n\n4 tests, 0 benchmarks\n";
    assert_eq!(ran.stdout, listed, "{ran:?}");
    let ran = test(&["--list", "--format", "terse", "--ignored"])?;
    assert_eq!(ran.stdout, "good::rests: test\nplain::rests: test\n");

    // cargo's own `-q` asks for the terse form.
    let ran = test(&["good::"])?;
    assert!(ran.stdout.starts_with("\nrunning 9 tests\n"), "{ran:?}");
    let marks = ran.stdout.lines().nth(2).unwrap_or_default();
    assert_eq!(marks.matches('.').count(), 8, "{ran:?}");
    assert_eq!(marks.len(), 9);
    assert!(
        ran.stdout
            .contains("ok. 8 passed; 0 failed; 1 ignored; 0 measured; 22 filtered out;")
    );
    assert_eq!(ran.status, Some(0));

    let pretty = ["--format", "pretty"];
    let ran = test(&[&pretty[..], &["plain::rests", "--exact", "--ignored"]].concat())?;
    assert_eq!(ran.that("ok"), ["plain::rests"], "{ran:?}");
    let ran = test(&[&pretty[..], &["good::rests", "--include-ignored"]].concat())?;
    assert_eq!(ran.that("FAILED"), ["good::rests"], "{ran:?}");
    let ran = test(
        &[
            &pretty[..],
            &["good::", "--skip", "is_", "--test-threads", "1"],
        ]
        .concat(),
    )?;
    assert_eq!(ran.that("ok").len(), 5, "{ran:?}");

    let ran = test(&[&pretty[..], &["good::adds", "--nocapture"]].concat())?;
    assert!(
        ran.stdout.contains("\nsaid by a test that passes\n"),
        "{ran:?}"
    );
    let ran = test(&[&pretty[..], &["plain::passes", "--nocapture"]].concat())?;
    assert!(ran.stdout.contains("\nwithout an end\n"), "{ran:?}");
    let ran = test(&[&pretty[..], &["plain::passes", "--show-output"]].concat())?;
    let shown = "\nsuccesses:\n\n---- plain::passes stdout ----\nwithout an end\n\n\nsuccesses:\n    plain::passes\n";
    assert!(ran.stdout.contains(shown), "{ran:?}");

    let ran = test(&["--shuffle"])?;
    assert_eq!(ran.status, Some(2), "{ran:?}");
    assert!(
        ran.stderr.contains("unexpected argument '--shuffle'"),
        "{ran:?}"
    );
    Ok(())
}
