//! Uncaught errors: who is told of them, and what is the end.

use anyhow::Result;
use insula::{ExitReason, SpawnOptions, Stream};
use insula_tests::Host;

use crate::guests;

fn run(host: &Host, entry: &str) -> Result<ExitReason> {
    let program = host.program(guests::ERRORS)?;
    host.run(&program, SpawnOptions::new().entry(entry))
}

/// What an isolate prints that runs to its end in peace.
fn lines(entry: &str) -> Result<Vec<String>> {
    let host = Host::new()?;
    assert_eq!(run(&host, entry)?, ExitReason::Ended);
    Ok(host.lines_of(&format!("{entry}#1")))
}

#[test]
fn an_uncaught_error_ends_an_isolate_and_says_what_and_where() -> Result<()> {
    let host = Host::new()?;
    let source = include_str!("../../guests/errors/src/main.rs");
    for (entry, text, at) in [
        ("in_entry", "an entry's", "#[entry]\nfn in_entry"),
        (
            "in_async_entry",
            "an async entry's",
            "#[entry]\nasync fn in_async",
        ),
        (
            "in_timer",
            "a timer's",
            "    Timer::after(Duration::ZERO, || Err(\"a timer's",
        ),
        (
            "in_handler",
            "a handler's",
            "    port().receive(|(): (), _| Err",
        ),
        ("in_answer", "an answer's", "    call.then(|answer|"),
    ] {
        let ExitReason::Failed { error, place, .. } = run(&host, entry)? else {
            panic!("{:?}", host.exit_of(&format!("{entry}#1")));
        };
        assert_eq!(error, text);
        let before = &source[..source.find(at).expect("the guest has this text")];
        let line = before.matches('\n').count() + 1;
        let file = format!("errors/src/main.rs:{line}:");
        assert!(place.starts_with(&file), "{place} is not {file}");
    }
    Ok(())
}

#[test]
fn where_errors_are_not_fatal_a_failing_callback_is_not_the_end() -> Result<()> {
    let lines = lines("failure")?;
    assert_eq!(
        lines,
        ["a failure", "with a backtrace: true", "then nothing: true"]
    );
    Ok(())
}

#[test]
fn a_panic_and_a_trap_are_always_the_end() -> Result<()> {
    for (entry, expected) in [
        ("panic", ": a panic"),
        (
            "trap",
            "trapped: wasm trap: wasm `unreachable` instruction executed",
        ),
    ] {
        let lines = lines(entry)?;
        assert!(lines[0].ends_with(expected), "{}", lines[0]);
        assert_eq!(lines[1..], ["with a backtrace: true", "then nothing: true"]);
    }
    Ok(())
}

#[test]
fn a_worker_goes_on_after_a_failure_and_not_after_a_panic() -> Result<()> {
    let host = Host::new()?;
    run(&host, "failure")?;
    assert_eq!(host.lines_of("worker#2"), ["goes on", "goes on"]);
    assert_eq!(host.exit_of("worker#2"), Some(ExitReason::Killed));
    let host = Host::new()?;
    run(&host, "panic")?;
    assert!(host.lines_of("worker#2").is_empty());
    assert!(matches!(
        host.exit_of("worker#2"),
        Some(ExitReason::Panicked { .. })
    ));
    Ok(())
}

#[test]
fn the_error_is_told_before_the_end() -> Result<()> {
    assert_eq!(lines("order")?, ["a failure", "the end", "true"]);
    Ok(())
}

#[test]
fn an_isolate_can_say_what_is_fatal_to_itself() -> Result<()> {
    let host = Host::new()?;
    let reason = run(&host, "of_itself")?;
    assert!(
        matches!(&reason, ExitReason::Failed { error, .. } if error == "three"),
        "{reason:?}"
    );
    assert_eq!(
        host.lines_of("of_itself#1"),
        [r#"Some("one")"#, r#"Some("two")"#]
    );
    Ok(())
}

#[test]
fn an_error_listener_is_told_once_and_not_after_it_was_removed() -> Result<()> {
    let lines = lines("once")?;
    assert_eq!(lines[0], "a failure");
    assert!(lines[1].ends_with(": a panic"), "{}", lines[1]);
    assert_eq!(lines[2..], ["no more", "nothing"]);
    Ok(())
}

#[test]
fn an_error_that_is_not_fatal_and_that_nobody_listens_for_is_printed() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::ERRORS)?;
    let options = SpawnOptions::new().entry("in_timer").errors_fatal(false);
    assert_eq!(host.run(&program, options)?, ExitReason::Ended);
    let texts = host.texts(Stream::Stderr);
    assert_eq!(texts.len(), 1);
    assert!(texts[0].ends_with(": a timer's"), "{}", texts[0]);
    Ok(())
}
