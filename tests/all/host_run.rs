//! A host runs an entry for what it returns.

use std::thread;
use std::time::Instant;

use anyhow::Result;
use insula::{ExitReason, RunError, SpawnError, SpawnOptions};
use insula_tests::{HANG, Host, block_on, in_time};

use crate::guests;

#[test]
fn a_result_comes_back_typed() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::RUN)?;
    let double = |number: u32| {
        let options = SpawnOptions::new().entry("double").message(&number);
        host.runtime.run::<u32>(&program, options)
    };
    assert_eq!(double(21)?, 42);
    let parse = |text: &str| {
        let options = SpawnOptions::new().entry("parse").message(text);
        host.runtime.run::<Result<u32, String>>(&program, options)
    };
    assert_eq!(parse("7")?, Ok(7));
    assert!(parse("seven")?.is_err());

    let wrong = SpawnOptions::new().entry("double").message(&1u32);
    let wrong = host.runtime.run::<String>(&program, wrong);
    assert!(matches!(wrong, Err(RunError::Decode(_))), "{wrong:?}");
    Ok(())
}

#[test]
fn without_a_result_the_error_says_how_it_ended() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::RUN)?;
    let panics = SpawnOptions::new().entry("panics");
    let panicked = host.runtime.run::<u32>(&program, panics);
    assert!(
        matches!(&panicked, Err(RunError::Ended(ExitReason::Panicked { .. }))),
        "{panicked:?}"
    );
    let missing = SpawnOptions::new().entry("missing");
    let missing = host.runtime.run::<u32>(&program, missing);
    assert!(
        matches!(
            &missing,
            Err(RunError::Spawn(SpawnError::NoSuchEntry { .. }))
        ),
        "{missing:?}"
    );
    Ok(())
}

/// Why the isolate of this name ended, once it has.
fn ended(host: &Host, name: &str) -> ExitReason {
    let began = Instant::now();
    loop {
        if let Some(reason) = host.exit_of(name) {
            return reason;
        }
        assert!(began.elapsed() < HANG, "{name} never ends");
        thread::yield_now();
    }
}

#[test]
fn results_can_be_awaited_and_who_awaits_no_more_kills() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::RUN)?;
    let options = SpawnOptions::new().entry("double").message(&4u32);
    let four = host.runtime.run_async::<u32>(&program, options);
    assert_eq!(in_time(move || block_on(four))?, 8);
    // Who has given its result is left to end by itself.
    assert_eq!(ended(&host, "double#1"), ExitReason::Ended);

    let loops = SpawnOptions::new().entry("loops");
    let never = host.runtime.run_async::<u32>(&program, loops);
    assert_eq!(host.exit_of("loops#1"), None);
    drop(never);
    assert_eq!(ended(&host, "loops#1"), ExitReason::Killed);
    Ok(())
}
