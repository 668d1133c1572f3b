//! Part 8: calls by `.then` and `.await`, many at once, answers in any order, and an
//! error when there can be no answer.

use anyhow::Result;
use insula::{CallError, ExitReason, SendError, SpawnOptions};
use insula_tests::{HANG, Host, in_time};

use crate::guests;

#[test]
fn a_guest_calls_and_is_answered_or_told_that_it_cannot_be() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(host.run_guest(guests::CALLS)?, ExitReason::Ended);
    assert_eq!(
        host.lines(),
        [
            "main#1: awaited: 1",
            "main#1: then: 100 answers, the last one first",
            "main#1: the port for the answer dropped: no answer",
            "main#1: the receiver ended: no answer",
            "main#1: the receiver panicked: no answer",
            "main#1: the port closed: no answer",
            "main#1: an answer of another type: the answer: expected string, found int",
        ]
    );
    Ok(())
}

#[test]
fn the_hosts_calls_are_answered_in_any_order() -> Result<()> {
    const CALLS: usize = 10;
    let host = Host::new()?;
    let program = host.program(guests::CALLS)?;
    let options = SpawnOptions::new().entry("last_first").message(&CALLS);
    let last_first = host.runtime.spawn(&program, options)?;
    let calls: Vec<_> = (0..CALLS)
        .map(|number| {
            let port = last_first.port().clone();
            std::thread::spawn(move || port.call_timeout::<_, usize>(&number, HANG))
        })
        .collect();
    // None is answered before the last one was sent.
    for (number, call) in calls.into_iter().enumerate() {
        assert_eq!(call.join().expect("no panic")?, number);
    }
    Ok(())
}

#[test]
fn a_call_of_the_hosts_fails_when_nobody_can_answer() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::CALLS)?;
    // The reply port dropped, the callee dead, its port closed; all of them get
    // the message first.
    for entry in ["silent", "clumsy", "shy"] {
        let callee = host
            .runtime
            .spawn(&program, SpawnOptions::new().entry(entry))?;
        let error = in_time(move || {
            let error = callee.port().call::<_, ()>("anybody there?");
            error.expect_err("nobody answers")
        });
        assert!(matches!(error, CallError::NoAnswer), "{entry}: {error}");
        assert_eq!(
            error.to_string(),
            "the call can no longer be answered: the receiver ended, closed its port or dropped \
             the reply port"
        );
    }
    // One that ended without a look at its messages: it may be gone already.
    let absent = host
        .runtime
        .spawn(&program, SpawnOptions::new().entry("absent"))?;
    let port = absent.port().clone();
    let error = in_time(move || port.call::<_, ()>(&1).expect_err("nobody answers"));
    assert!(matches!(
        error,
        CallError::NoAnswer | CallError::Send(SendError::Closed)
    ));
    assert_eq!(absent.wait_timeout(HANG), Some(ExitReason::Ended));
    let error = absent.port().call::<_, ()>(&2).expect_err("it is gone");
    assert!(matches!(error, CallError::Send(SendError::Closed)));
    Ok(())
}

#[test]
fn a_call_fails_when_its_receiver_is_killed_or_panics() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::CALLS)?;
    let slow = host
        .runtime
        .spawn(&program, SpawnOptions::new().entry("slow"))?;
    let port = slow.port().clone();
    let call = std::thread::spawn(move || port.call_timeout::<_, u64>(&3_600_000u64, HANG));
    // It has the call above or not; either way there is no answer to it.
    assert_eq!(slow.port().call_timeout::<_, u64>(&0u64, HANG)?, 0);
    slow.kill();
    let error = call.join().expect("no panic").expect_err("it is killed");
    assert!(matches!(
        error,
        CallError::NoAnswer | CallError::Send(SendError::Closed)
    ));
    assert_eq!(in_time(move || slow.join()), ExitReason::Killed);
    Ok(())
}

#[test]
fn an_answer_of_another_type_is_an_error_that_says_so() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::CALLS)?;
    let slow = host
        .runtime
        .spawn(&program, SpawnOptions::new().entry("slow"))?;
    let error = slow
        .port()
        .call_timeout::<_, String>(&0u64, HANG)
        .expect_err("it is a number");
    assert!(matches!(error, CallError::Decode(_)));
    assert_eq!(
        error.to_string(),
        "the answer is not what was expected: expected string, found int"
    );
    Ok(())
}
