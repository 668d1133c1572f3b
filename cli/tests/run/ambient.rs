//! `--clock` and `--random`: what a program is told of the time and of chance.

use anyhow::Result;
use insula_tests::guests;

use super::{Ran, insula_run};

fn draws(random: &[&str]) -> Result<Ran> {
    let draws = [guests::AMBIENT, "draws", "--message", "2"];
    insula_run(draws.iter().chain(random))
}

#[test]
fn a_seed_gives_the_same_random_numbers_again() -> Result<()> {
    let first = draws(&["--random", "7"])?;
    first.printed(&first.stdout);
    assert_eq!(first.stdout.lines().count(), 7);
    draws(&["--random", "7"])?.printed(&first.stdout);
    for others in [&["--random", "8"][..], &["--random", "real"], &[]] {
        assert_ne!(draws(others)?.stdout, first.stdout);
    }
    Ok(())
}

#[test]
fn what_is_off_is_an_error_for_the_program() -> Result<()> {
    for off in [["--random", "off"], ["--clock", "off"]] {
        let ran = insula_run([guests::AMBIENT].iter().chain(&off))?;
        assert_eq!(ran.status, Some(1), "{off:?}: {ran:?}");
        assert!(ran.stderr.contains("panicked"), "{off:?}: {ran:?}");
    }
    for on in [["--random", "real"], ["--clock", "real"]] {
        let ran = insula_run([guests::AMBIENT].iter().chain(&on))?;
        assert_eq!(ran.status, Some(0), "{on:?}: {ran:?}");
    }
    Ok(())
}

#[test]
fn what_there_is_not_is_refused_with_what_there_is() -> Result<()> {
    for (flag, words) in [
        (
            "--clock",
            "`fast` is no kind of clock; there is off, coarse, real, frozen, virtual",
        ),
        (
            "--random",
            "`fast` is no kind of randomness; there is off, real or a seed",
        ),
    ] {
        let ran = insula_run([guests::AMBIENT, flag, "fast"])?;
        assert_eq!((ran.status, &*ran.stdout), (Some(2), ""));
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
    Ok(())
}
