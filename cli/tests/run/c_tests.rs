//! Tests in C run as those in Rust do: each in an isolate of its own, and each fails alone.

use std::process::Command;

use anyhow::Result;
use insula_tests::{Folder, c_guest, c_toolchain, guests};

use crate::{Ran, finish};

const TESTS: &str = r#"
#include <stdio.h>
#include <stdlib.h>
#include "insula_test.h"

INSULA_TEST(passes) { puts("nobody sees this"); }

static int zero(void) { volatile int none = 0; return none; }
INSULA_TEST(checks) { puts("seen"); INSULA_CHECK(1 + 1 == 3 + zero()); }

INSULA_TEST(fails) { insula_fail("no flour"); }
INSULA_TEST(aborts) { abort(); }
INSULA_TEST(exits) { exit(0); }
INSULA_TEST(loops) { for (volatile int i = 0;; i++) { } }
INSULA_TEST(eats) { while (malloc(1 << 20) != NULL) { } abort(); }

static void later(void *context) { (void)context; insula_test_passed(); }
INSULA_TEST_LATER(passes_later) { insula_after(1000, later, NULL, NULL); }
INSULA_TEST_LATER(waits_for_nothing) { }

static void too_late(void *context) { (void)context; insula_panic("in a callback"); }
INSULA_TEST(panics_later) { insula_after(1000, too_late, NULL, NULL); }
"#;

fn tests(folder: &Folder, arguments: &[&str]) -> Result<Ran> {
    c_guest(guests::C_HELLO)?;
    let mut insula = Command::new(env!("CARGO_BIN_EXE_insula"));
    insula.arg("test").arg(folder.path("it"));
    insula.args(["--limit", "turn_cpu=200ms", "--"]);
    insula.args(arguments).envs(c_toolchain());
    finish(insula)
}

fn outcome<'a>(ran: &'a Ran, test: &str) -> Option<&'a str> {
    let start = format!("test {test} ... ");
    ran.stdout
        .lines()
        .find_map(|line| line.strip_prefix(&start))
}

#[test]
fn each_fails_alone_and_says_why() -> Result<()> {
    let folder = Folder::new("c-tests")?;
    folder.write("it/src/empty.c", "int unused_in_tests;\n")?;
    folder.write("it/tests/tests.c", TESTS)?;
    let ran = tests(&folder, &[])?;
    assert_eq!(ran.status, Some(101), "{ran:?}");
    for test in ["passes", "passes_later"] {
        assert_eq!(outcome(&ran, test), Some("ok"), "{test}: {ran:?}");
    }
    for (test, why) in [
        (
            "checks",
            "tests/tests.c:9:\nit does not hold that 1 + 1 == 3 + zero()",
        ),
        ("fails", "failed at tests/tests.c:11: no flour"),
        ("aborts", "unreachable"),
        ("exits", "it ended before its function had returned"),
        ("loops", "turn_cpu"),
        ("eats", "unreachable"),
        (
            "waits_for_nothing",
            "it ended before its function had returned",
        ),
        ("panics_later", "tests/tests.c:21:\nin a callback"),
    ] {
        assert_eq!(outcome(&ran, test), Some("FAILED"), "{test}: {ran:?}");
        let start = format!("---- {test} stdout ----\n");
        let shown = ran.stdout.split_once(&start).expect("it is told of").1;
        let shown = shown.split("\n\n").next().unwrap_or_default();
        assert!(shown.contains(why), "{test}: {shown}");
    }
    assert!(ran.stdout.contains("seen") && !ran.stdout.contains("nobody sees this"));
    let last = "test result: FAILED. 2 passed; 8 failed; 0 ignored; 0 measured; 0 filtered out";
    assert!(ran.stdout.contains(last), "{}", ran.stdout);

    let listed = tests(&folder, &["--list", "pass"])?;
    assert_eq!(
        listed.stdout,
        "passes: test\npasses_later: test\n\n2 tests, 0 benchmarks\n"
    );
    folder.write("none/src/main.c", "int unused_in_none;\n")?;
    let mut insula = Command::new(env!("CARGO_BIN_EXE_insula"));
    insula
        .arg("test")
        .arg(folder.path("none"))
        .envs(c_toolchain());
    let none = finish(insula)?;
    assert_eq!(none.status, Some(2), "{none:?}");
    assert!(
        none.stderr
            .contains("there are no tests in it (tests/*.c, with INSULA_TEST)")
    );
    Ok(())
}
