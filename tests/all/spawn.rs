//! Part 2: `spawn_function` answers at once with the send port of the new isolate,
//! and what is sent before that runs waits for it. (What does not compile is in
//! `guest-sdk/tests`.)

use anyhow::Result;
use insula::{ExitReason, SpawnError, SpawnOptions};
use insula_tests::{HANG, Host};

use crate::guests;

#[test]
fn a_guest_spawns_entries_and_sends_to_them_before_they_run() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(host.run_guest(guests::SPAWN)?, ExitReason::Ended);
    assert_eq!(
        host.lines_of("main#1"),
        [
            "main has sent everything",
            "patient is done",
            "countdown is done"
        ]
    );
    assert_eq!(
        host.lines_of("patient#2"),
        ["patient got one", "patient got two", "patient got three"]
    );
    // An isolate is spawned by the one before, so these are in order among
    // themselves.
    let lines = host.lines();
    let countdown = lines.iter().filter(|line| line.starts_with("countdown"));
    assert_eq!(
        countdown.collect::<Vec<_>>(),
        [
            "countdown#3: countdown 3",
            "countdown#4: countdown 2",
            "countdown#5: countdown 1",
            "countdown#6: countdown 0"
        ]
    );
    Ok(())
}

#[test]
fn the_host_spawns_an_entry_by_name_and_sends_to_it_at_once() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::SPAWN)?;
    let (done, answers) = host.runtime.port();
    let patient = host
        .runtime
        .spawn(&program, SpawnOptions::new().entry("patient"))?;
    assert_eq!(patient.name(), "patient#1");
    for text in ["one", "two"] {
        patient.port().send(&(text, None::<()>))?;
    }
    patient.port().send(&("three", Some(&done)))?;
    assert_eq!(
        answers.recv_timeout(HANG)?.decode::<String>()?,
        "patient is done"
    );
    assert_eq!(patient.wait_timeout(HANG), Some(ExitReason::Ended));
    assert_eq!(
        host.lines_of("patient#1"),
        ["patient got one", "patient got two", "patient got three"]
    );
    Ok(())
}

#[test]
fn the_first_message_is_the_argument_of_an_entry() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::SPAWN)?;
    let (done, answers) = host.runtime.port();
    let options = SpawnOptions::new().entry("countdown");
    let reason = host.run(&program, options.message(&(1, &done)))?;
    assert_eq!(reason, ExitReason::Ended);
    assert_eq!(answers.try_recv()?.decode::<String>()?, "countdown is done");
    assert_eq!(
        host.lines(),
        ["countdown#1: countdown 1", "countdown#2: countdown 0"]
    );
    Ok(())
}

#[test]
fn an_entry_that_is_not_there_is_refused_with_those_that_are() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::SPAWN)?;
    assert_eq!(program.entries(), ["countdown", "main", "patient"]);
    assert_eq!(program.default_entry(), Some("main"));
    // `spin` is a function of the guest, and no entry; `wake` is an export.
    for entry in ["cuntdown", "wake", "insula:entry/main", ""] {
        let refused = host
            .runtime
            .spawn(&program, SpawnOptions::new().entry(entry));
        let error = refused.expect_err("there is no such entry");
        assert!(matches!(&error, SpawnError::NoSuchEntry { .. }));
        assert_eq!(
            error.to_string(),
            format!(
                "{} has no entry `{entry}`; it has `countdown`, `main`, `patient`",
                program.name()
            )
        );
    }
    Ok(())
}
