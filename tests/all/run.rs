//! `Isolate::run`: a function in an isolate of its own, and its result or why there
//! is none. (What does not compile is in `guest-sdk/tests`.)

use std::thread;
use std::time::Instant;

use anyhow::Result;
use insula::{ExitReason, Limits, SpawnOptions};
use insula_tests::{HANG, Host};

use crate::guests;

fn run(host: &Host, entry: &str) -> Result<Vec<String>> {
    let program = host.program(guests::RUN)?;
    let reason = host.run(&program, SpawnOptions::new().entry(entry))?;
    assert_eq!(reason, ExitReason::Ended);
    Ok(host.lines_of(&format!("{entry}#1")))
}

#[test]
fn whoever_runs_an_entry_gets_what_it_returns() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(
        run(&host, "results")?,
        [
            "42",
            "()",
            "Ok(12)",
            r#"Err("`twelve`: invalid digit found in string")"#,
            r#"Err(Denied { code: 7, to: "whoever asks" })"#,
            r#""after a while""#,
            "true",
        ]
    );
    assert_eq!(host.lines_of("double#2"), ["in an isolate of its own"]);
    for name in ["double#2", "nothing#3", "parse#5", "denies#6", "waits#7"] {
        assert_eq!(host.exit_of(name), Some(ExitReason::Ended), "{name}");
    }
    Ok(())
}

#[test]
fn an_isolate_that_ends_without_a_result_is_the_error() -> Result<()> {
    let host = Host::new()?;
    let lines = run(&host, "none")?;
    let start = "there is no result: the isolate has ended before: ";
    let reasons: Vec<_> = lines
        .iter()
        .map(|line| line.strip_prefix(start).expect("it begins so"))
        .collect();
    assert!(reasons[0].starts_with("panicked at run/src/main.rs:"));
    assert!(reasons[0].ends_with(": no result"), "{}", reasons[0]);
    assert_eq!(reasons[1..3], ["ended", "killed"]);
    assert!(reasons[3].starts_with("failed at run/src/main.rs:"));
    assert!(reasons[3].ends_with(": the result: the message is larger than a message may be"));
    assert_eq!(reasons.len(), 4);
    Ok(())
}

#[test]
fn an_isolate_ends_when_its_result_is_there() -> Result<()> {
    let host = Host::new()?;
    let lines = run(&host, "ends_after_its_result")?;
    assert_eq!(lines, ["it listens", "ended"]);
    Ok(())
}

#[test]
fn to_drop_a_run_kills_its_isolate() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(run(&host, "dropped")?, ["killed"]);
    Ok(())
}

#[test]
fn many_run_together() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(run(&host, "together")?, ["380"]);
    assert_eq!(host.runtime.figures().isolates, 0);
    Ok(())
}

#[test]
fn a_result_waits_for_room() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::RUN)?;
    let (signal, closes) = host.runtime.port();
    let options = SpawnOptions::new()
        .entry("full")
        .message(&signal)
        .limits(Limits::default().mailbox_messages(16));
    let isolate = host.runtime.spawn(&program, options)?;
    // The three results are in line, and their receiver waits for the signal.
    let begun = Instant::now();
    while host.runtime.figures().waits < 4 {
        assert!(begun.elapsed() < HANG, "{:?}", host.runtime.figures());
        thread::yield_now();
    }
    drop(closes);
    assert_eq!(isolate.wait_timeout(HANG), Some(ExitReason::Ended));
    assert_eq!(host.lines_of("full#1"), ["1", "2", "3"]);
    Ok(())
}

/// Nobody waits for the result of an isolate that was only spawned.
#[test]
fn an_error_that_nobody_waits_for_is_uncaught() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::RUN)?;
    for (entry, message, expected) in [
        (
            "parse",
            Some("twelve"),
            "`twelve`: invalid digit found in string",
        ),
        ("fails", None, "for somebody to read"),
    ] {
        let options = SpawnOptions::new().entry(entry);
        let options = match message {
            Some(message) => options.message(message),
            None => options,
        };
        let ExitReason::Failed { error, .. } = host.run(&program, options)? else {
            panic!("{:?}", host.exit_of(&format!("{entry}#1")));
        };
        assert_eq!(error, expected);
    }
    let options = SpawnOptions::new().entry("denies").message(&7);
    let ExitReason::Failed { error, .. } = host.run(&program, options)? else {
        panic!("{:?}", host.exit_of("denies#1"));
    };
    assert_eq!(error, r#"{"code": 7, "to": "whoever asks"}"#);
    let options = SpawnOptions::new().entry("parse").message("12");
    assert_eq!(host.run(&program, options)?, ExitReason::Ended);
    let options = SpawnOptions::new().entry("double").message(&12);
    assert_eq!(host.run(&program, options)?, ExitReason::Ended);
    Ok(())
}
