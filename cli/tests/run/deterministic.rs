//! `--deterministic`: a run is the same for a seed.

use anyhow::Result;
use insula_tests::guests;

use super::{Ran, insula_run};

fn run(seed: &str) -> Result<Ran> {
    insula_run([guests::CHANCE, "--deterministic", seed])
}

#[test]
fn a_seed_gives_the_same_run_each_time() -> Result<()> {
    let first = run("7")?;
    assert_eq!(first.status, Some(0), "{first:?}");
    for _ in 0..3 {
        assert_eq!(run("7")?, first);
    }
    assert_ne!(run("8")?.stdout, first.stdout);
    Ok(())
}

/// Hours of sleep are nothing to wait for, and no clock shows the host's time.
#[test]
fn time_is_virtual() -> Result<()> {
    let ran = insula_run([guests::AMBIENT, "hours", "--deterministic", "1"])?;
    assert_eq!(ran.status, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("a timer: 7200s\n"), "{ran:?}");
    Ok(())
}

#[test]
fn it_says_what_the_time_and_random_numbers_are() -> Result<()> {
    for flag in [["--clock", "real"], ["--random", "9"]] {
        let ran = insula_run(["x.wasm", "--deterministic", "1"].iter().chain(&flag))?;
        assert_eq!((ran.status, &*ran.stdout), (Some(2), ""));
        assert!(ran.stderr.contains("cannot be used with"), "{ran:?}");
    }
    Ok(())
}
