//! Random programs of spawn, send, pause, resume, kill and close, run twice: by
//! real isolates and by a simple model of what they mean. Each isolate has to say
//! the same, in the same order, and end for the same reason.
//!
//! A failure prints the seed and the smallest program that shows it. To run that
//! seed again: `INSULA_SEED=.. cargo test -p insula-tests --test programs`.

mod model;
mod program;
mod world;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use anyhow::Result;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

/// The module of every guest crate, by name.
mod guests {
    #![allow(dead_code, reason = "the other tests use the other guests")]
    include!(concat!(env!("OUT_DIR"), "/guests.rs"));
}

const PROGRAMS: u32 = 400;

#[test]
fn isolates_do_what_the_model_does() -> Result<()> {
    let seed = match std::env::var("INSULA_SEED") {
        Ok(seed) => seed.parse()?,
        Err(_) => RandomState::new().hash_one("seed"),
    };
    let config = Config {
        cases: PROGRAMS,
        failure_persistence: None,
        // A program that hangs takes long each time.
        max_shrink_time: 60_000,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&u64::to_le_bytes(seed));
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, random);
    let world = world::World::new()?;
    let ran = runner.run(&program::programs(), |program| {
        let (expected, ended) = model::run(&program);
        let found = world
            .run(&program, &ended)
            .map_err(|error| TestCaseError::fail(format!("{error:#}")))?;
        if found == expected {
            return Ok(());
        }
        Err(TestCaseError::fail(format!(
            "the isolates: {found:#?}\nthe model: {expected:#?}"
        )))
    });
    if let Err(error) = ran {
        panic!("INSULA_SEED={seed}: {error}");
    }
    world.finish_clean()
}
