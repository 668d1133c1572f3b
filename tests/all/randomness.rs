//! A guest's random numbers are what the host has granted.

use anyhow::{Result, ensure};
use insula::{Capabilities, ExitReason, Program, Random, SpawnOptions, Stream};
use insula_tests::Host;
use insula_tests::hostile::{main, module};

use crate::guests;

fn granted(random: Random) -> SpawnOptions<'static> {
    SpawnOptions::new().capabilities(Capabilities::default().random(random))
}

/// What the isolates of an entry draw, sorted: it is in no order.
fn drawn(random: Random, entry: &str, depth: u32) -> Result<Vec<String>> {
    let host = Host::new()?;
    let program = host.program(guests::AMBIENT)?;
    drawn_by(&host, &program, random, entry, depth)
}

fn drawn_by(
    host: &Host,
    program: &Program,
    random: Random,
    entry: &str,
    depth: u32,
) -> Result<Vec<String>> {
    let before = host.texts(Stream::Stdout).len();
    let reason = host.run(program, granted(random).entry(entry).message(&depth))?;
    ensure!(reason.is_ended(), "{random}: {reason}");
    let mut drawn = host.texts(Stream::Stdout).split_off(before);
    drawn.sort();
    Ok(drawn)
}

fn all_differ(numbers: &[String]) -> bool {
    numbers.windows(2).all(|pair| pair[0] != pair[1])
}

#[test]
fn real_numbers_are_other_ones_each_time() -> Result<()> {
    let mut numbers = drawn(Random::Real, "draws", 2)?;
    numbers.extend(drawn(Random::Real, "draws", 2)?);
    numbers.sort();
    ensure!(numbers.len() == 14 && all_differ(&numbers), "{numbers:?}");
    Ok(())
}

#[test]
fn seeded_numbers_are_the_same_for_a_seed_and_others_for_each_isolate() -> Result<()> {
    let numbers = drawn(Random::Seeded(7), "draws", 2)?;
    ensure!(numbers.len() == 7 && all_differ(&numbers), "{numbers:?}");
    ensure!(numbers == drawn(Random::Seeded(7), "draws", 2)?);
    let mut others = drawn(Random::Seeded(8), "draws", 2)?;
    others.extend(numbers);
    others.sort();
    ensure!(all_differ(&others), "{others:?}");
    Ok(())
}

/// The place in the tree decides, and not who was there first.
#[test]
fn seeded_numbers_depend_on_no_race() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::AMBIENT)?;
    let race = || drawn_by(&host, &program, Random::Seeded(1), "race", 0);
    let first = race()?;
    ensure!(first.len() == 6 && all_differ(&first), "{first:?}");
    for _ in 0..50 {
        ensure!(race()? == first);
    }
    Ok(())
}

/// The stream that a seed stands for is a promise: a trace that was kept is to be
/// had again with the next version.
#[test]
fn a_seed_gives_these_bytes() -> Result<()> {
    let host = Host::new()?;
    let code = "(if (call $random_get (i32.const 0) (i32.const 8)) (then unreachable))
        (if (i64.ne (i64.load (i32.const 0)) (i64.const EXPECTED)) (then unreachable))";
    let program = host.wat(&module(
        &host,
        &main(&code.replace("EXPECTED", "7223554913961923656")),
    ))?;
    let reason = host.run(&program, granted(Random::Seeded(0)))?;
    ensure!(reason.is_ended(), "{reason}");
    Ok(())
}

#[test]
fn without_random_numbers_asking_is_an_error() -> Result<()> {
    let host = Host::new()?;
    let code = "(i64.store (i32.const 0) (i64.const 77))
        (if (i32.ne (i32.const 76) (call $random_get (i32.const 0) (i32.const 8))) (then unreachable))
        (if (i64.ne (i64.load (i32.const 0)) (i64.const 77)) (then unreachable))";
    let program = host.wat(&module(&host, &main(code)))?;
    let reason = host.run(&program, granted(Random::Off))?;
    ensure!(reason.is_ended(), "{reason}");
    // What Rust's own `HashMap` makes of it.
    let program = host.program(guests::AMBIENT)?;
    let reason = host.run(&program, granted(Random::Off).entry("draws").message(&0))?;
    ensure!(matches!(reason, ExitReason::Panicked { .. }), "{reason}");
    Ok(())
}
