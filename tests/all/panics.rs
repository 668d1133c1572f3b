//! Part 12: a panic or a trap in one isolate ends that one only, and its exit reason
//! says what, where, and in which functions.

use anyhow::Result;
use insula::{CallError, ExitReason, Frame, Limit, SpawnOptions};
use insula_tests::{HANG, Host, panics_place as place};

use crate::guests;

fn functions(backtrace: &[Frame]) -> Vec<&str> {
    let functions = backtrace.iter().map(|frame| frame.function.as_str());
    functions.collect()
}

/// From the handler, innermost, to the export that the host called. What is between
/// them is the SDK's.
#[track_caller]
fn assert_in_a_handler(backtrace: &[Frame], handler: &str) {
    let functions = functions(backtrace);
    let handler = format!("insula_guest::receive_port::reading::<{handler}>::{{closure#0}}");
    assert_eq!(functions.first(), Some(&&*handler), "{functions:#?}");
    assert_eq!(functions.last(), Some(&"deliver"), "{functions:#?}");
}

#[test]
fn what_happens_to_a_child_happens_to_it_only() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(host.run_guest(guests::PANICS)?, ExitReason::Ended);
    assert_eq!(
        host.lines(),
        [
            "main#1: panics is gone",
            "main#1: traps is gone",
            "main#1: overflows is gone",
            "main#1: fails is gone",
            "main#1: main goes on",
        ]
    );
    Ok(())
}

#[test]
fn a_panic_is_an_exit_reason_with_text_place_and_functions() -> Result<()> {
    let host = Host::new()?;
    host.run_guest(guests::PANICS)?;
    let Some(ExitReason::Panicked {
        message,
        place,
        backtrace,
    }) = host.exit_of("panics#2")
    else {
        panic!("{:?}", host.exit_of("panics#2"));
    };
    assert_eq!(message, "there is no number 7 in [1, 2, 3]");
    assert_eq!(place, self::place("assert!(number < 3"));
    // What Rust and the SDK do about a panic is left out.
    assert_in_a_handler(&backtrace, "u32, (), panics::_::__panics::{closure#0}");
    Ok(())
}

#[test]
fn a_trap_is_an_exit_reason_with_functions() -> Result<()> {
    let host = Host::new()?;
    host.run_guest(guests::PANICS)?;
    let Some(ExitReason::Trapped { trap, backtrace }) = host.exit_of("traps#3") else {
        panic!("{:?}", host.exit_of("traps#3"));
    };
    assert_eq!(trap, "wasm trap: wasm `unreachable` instruction executed");
    assert_in_a_handler(
        &backtrace,
        "insula_message::value::Value<insula_guest::send_port::SendPort>, !, \
         panics::_::__traps::{closure#0}",
    );
    Ok(())
}

#[test]
fn an_overflow_of_the_stack_is_a_limit_with_a_backtrace() -> Result<()> {
    let host = Host::new()?;
    host.run_guest(guests::PANICS)?;
    let Some(ExitReason::Limit { hit, backtrace }) = host.exit_of("overflows#4") else {
        panic!("{:?}", host.exit_of("overflows#4"));
    };
    assert_eq!(hit.limit, Limit::WasmStack);
    // The innermost ones are told, as many as are kept.
    assert!(!backtrace.is_empty());
    for function in functions(&backtrace) {
        assert_eq!(function, "panics::_::__overflows::deeper");
    }
    Ok(())
}

#[test]
fn an_entry_that_returns_an_error_has_failed() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::PANICS)?;
    let reason = host.run(&program, SpawnOptions::new().entry("fails"))?;
    let ExitReason::Failed {
        error,
        place,
        backtrace,
    } = &reason
    else {
        panic!("{reason:?}");
    };
    assert_eq!(error, "an entry that returns an error");
    assert_eq!(*place, self::place("#[entry]\nfn fails"));
    assert_eq!(functions(backtrace).last(), Some(&"insula:entry/fails"));
    assert_eq!(
        reason.to_string(),
        format!("failed at {place}: an entry that returns an error")
    );
    assert_eq!(reason.backtrace(), backtrace);
    Ok(())
}

#[test]
fn an_entry_without_the_first_message_that_it_takes_says_so() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::PANICS)?;
    let options = || SpawnOptions::new().entry("takes_a_number");
    for (reason, expected) in [
        (
            host.run(&program, options())?,
            "this entry takes a first message, and there is none",
        ),
        (
            host.run(&program, options().message("seven"))?,
            "the first message: expected int, found string",
        ),
        (
            host.run(&program, options().message(&-1))?,
            "the first message: expected u32, found int -1",
        ),
    ] {
        let ExitReason::Panicked { message, place, .. } = reason else {
            panic!("{reason:?}");
        };
        assert_eq!(message, expected);
        assert_eq!(place, self::place("#[entry]\nfn takes_a_number"));
    }
    let reason = host.run(&program, options().message(&7))?;
    assert_eq!(reason, ExitReason::Ended);
    Ok(())
}

/// The heap of another isolate is as it was, and the host has its answer.
#[test]
fn other_groups_and_the_host_do_not_notice() -> Result<()> {
    let host = Host::new()?;
    let counter = host.program(guests::OWN_HEAP)?;
    let adder = host
        .runtime
        .spawn(&counter, SpawnOptions::new().entry("adder"))?;
    let panics = host.program(guests::PANICS)?;
    let mut total = 0;
    for entry in ["panics", "traps", "overflows", "panics"] {
        let victim = host
            .runtime
            .spawn(&panics, SpawnOptions::new().entry(entry))?;
        total += 7;
        assert_eq!(adder.port().call_timeout::<_, i64>(&7, HANG)?, total);
        let error = victim.port().call_timeout::<_, ()>(&7, HANG);
        assert!(matches!(error, Err(CallError::NoAnswer)), "{error:?}");
        let reason = victim.wait_timeout(HANG).expect("it has ended");
        assert!(!reason.is_ended());
        assert!(!reason.backtrace().is_empty());
    }
    assert_eq!(adder.port().call_timeout::<_, i64>(&0, HANG)?, total);
    Ok(())
}
