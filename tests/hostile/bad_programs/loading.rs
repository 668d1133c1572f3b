//! Programs that take long to compile: others are loaded meanwhile, who waits is
//! told in time, and what goes on is bounded. The slow ones take seconds, so that
//! they still go on when what is quick is done.

use anyhow::{Result, bail, ensure};
use insula::{ExitReason, Limit, Limits, LoadError, Program, SpawnOptions};
use insula_tests::{Folder, Host, guests, in_time};

use super::bytes::{locals_and_forks, module};
use super::{host, still_works};

/// A module of so many functions that are as much work as may be: a second or more
/// of the CPU for each.
fn slow(functions: usize) -> Vec<u8> {
    let forks = locals_and_forks(0, 7_000);
    let body = [forks, locals_and_forks(1_000, 0)].concat();
    module(&vec![(1_000, body); functions])
}

#[test]
fn other_groups_and_the_host_load_while_a_guest_loads_what_takes_long() -> Result<()> {
    let folder = Folder::new("loading-others")?;
    for name in ["slow/uri.wasm", "quick/uri.wasm"] {
        folder.copy(guests::URI, name)?;
    }
    folder.copy(guests::SHOUT, "quick/shout.wasm")?;
    for name in ["slow/shout.wasm", "slow/other.wasm"] {
        folder.write(name, slow(8))?;
    }
    let host = Host::with(|builder| builder.max_isolates(16))?;
    let program = Program::from_file(&host.runtime, folder.path("slow/uri.wasm"))?;
    let slow_ones = ["shout.wasm", "other.wasm"];
    let options = SpawnOptions::new().entry("main");
    let options = options.message(&slow_ones).grant_uri(folder.uri("slow"));
    let waiting = host.runtime.spawn(&program, options)?;
    while host.runtime.figures().loads == 0 {
        std::thread::yield_now();
    }
    // Another group's.
    let program = Program::from_file(&host.runtime, folder.path("quick/uri.wasm"))?;
    let options = SpawnOptions::new().message(&["shout.wasm"; 3]);
    let reason = host.run(&program, options.grant_uri(folder.uri("quick")))?;
    ensure!(reason.is_ended(), "{reason}");
    let lines = host.lines_of("main#1");
    ensure!(lines.len() == 3 && lines.iter().all(|line| line.contains("HELLO")));
    // The host's own.
    still_works(&host)?;
    ensure!(host.runtime.figures().loads == 1, "it was not slow enough");
    // Nobody waits for what cannot be stopped.
    in_time(move || drop(host));
    ensure!(waiting.join() == ExitReason::ShutDown);
    Ok(())
}

#[test]
fn what_takes_too_long_is_given_up_and_too_much_of_that_is_refused() -> Result<()> {
    let host = Host::with(|builder| {
        let limits = Limits::default().compile_time(1);
        builder.max_isolates(4).permits(1).limits(limits)
    })?;
    let bytes = slow(2);
    // Four leave their places to others, and two keep theirs.
    for number in 1..=6 {
        let Err(error) = Program::from_bytes(&host.runtime, &bytes) else {
            bail!("it was loaded")
        };
        let LoadError::Limit { hit, .. } = error else {
            bail!("{error:?}")
        };
        ensure!((hit.limit, hit.value) == (Limit::CompileTime, 1));
        ensure!(host.runtime.figures().loads == number, "it goes on");
    }
    let Err(error) = Program::from_bytes(&host.runtime, &bytes) else {
        bail!("it was loaded")
    };
    ensure!(
        matches!(error, LoadError::Busy { loads: 6, .. }),
        "{error:?}"
    );
    ensure!(
        error.to_string().contains("6 go on; try again later"),
        "{error}"
    );
    in_time(move || drop(host));
    Ok(())
}

/// What was given up is over some time, and then nothing is left of it.
#[test]
fn what_was_given_up_ends() -> Result<()> {
    let host = Host::with(|builder| {
        let limits = Limits::default().compile_time(1);
        builder.max_isolates(4).limits(limits)
    })?;
    ensure!(Program::from_bytes(&host.runtime, &slow(1)).is_err());
    in_time(move || {
        while host.runtime.figures().loads > 0 {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    });
    Ok(())
}

/// A slow one is a program like any other where there is time.
#[test]
fn what_is_just_within_the_bounds_is_loaded() -> Result<()> {
    let host = host()?;
    let program = Program::from_bytes(&host.runtime, &slow(1))?;
    ensure!(host.run(&program, SpawnOptions::new())?.is_ended());
    Ok(())
}
