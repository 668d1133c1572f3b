//! Part 9: `async fn` entries, `recv().await`, streams of messages, and timers that
//! hold no thread.

use std::time::Duration;

use anyhow::Result;
use insula::{ExitReason, SpawnOptions};
use insula_tests::{HANG, Host, in_time};

use crate::guests;

#[test]
fn a_guest_awaits_messages_streams_and_timers() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(host.run_guest(guests::FUTURES)?, ExitReason::Ended);
    assert_eq!(
        host.lines(),
        [
            "main#1: a stream: 6",
            "main#1: first in line: 10",
            "main#1: second in line: 20",
            "main#1: third in line: 30",
            "main#1: slept 10 ms",
            "main#1: slept 20 ms",
            "main#1: slept 30 ms",
            "main#1: a timer rang",
            "main#1: nothing within 5 ms: true",
            "main#1: late, but here",
        ]
    );
    Ok(())
}

#[test]
fn the_host_feeds_a_stream() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::FUTURES)?;
    let adder = host
        .runtime
        .spawn(&program, SpawnOptions::new().entry("adder"))?;
    for number in 1..=100 {
        adder.port().send(&number)?;
    }
    assert_eq!(adder.port().call_timeout::<_, i64>(&0, HANG)?, 5050);
    adder.port().send(&-50)?;
    assert_eq!(adder.port().call_timeout::<_, i64>(&0, HANG)?, 5000);
    Ok(())
}

/// The isolate listens, but nobody holds its port: only the timer is left.
#[test]
fn a_pending_timer_keeps_the_run() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::CALLS)?;
    let (reply, answers) = host.runtime.port();
    let slow = host
        .runtime
        .spawn(&program, SpawnOptions::new().entry("slow"))?;
    slow.port().send_with_reply(&50u64, &reply)?;
    assert_eq!(in_time(move || slow.join()), ExitReason::Ended);
    assert_eq!(answers.try_recv()?.decode::<u64>()?, 50);
    Ok(())
}

#[test]
fn timers_hold_no_thread() -> Result<()> {
    const HOUR: u64 = 3_600_000;
    const TIMERS: usize = 2_000;
    let host = Host::with(|builder| builder.max_isolates(64).permits(2))?;
    let program = host.program(guests::CALLS)?;
    let (reply, _answers) = host.runtime.port();
    let slow = host
        .runtime
        .spawn(&program, SpawnOptions::new().entry("slow"))?;
    for _ in 0..TIMERS {
        slow.port().send_with_reply(&HOUR, &reply)?;
    }
    // Answered after the messages before it were seen.
    assert_eq!(slow.port().call_timeout::<_, u64>(&0u64, HANG)?, 0);
    let figures = host.runtime.figures();
    assert_eq!(figures.timers, TIMERS);
    assert!(figures.workers <= 8, "{figures:?}");

    let group = slow.group().clone();
    group.kill();
    assert_eq!(in_time(move || slow.join()), ExitReason::Killed);
    in_time(move || group.wait());
    assert_eq!(host.runtime.figures().timers, 0);
    Ok(())
}

#[test]
fn a_call_of_the_hosts_times_out() -> Result<()> {
    const HOUR: u64 = 3_600_000;
    let host = Host::new()?;
    let program = host.program(guests::CALLS)?;
    let slow = host
        .runtime
        .spawn(&program, SpawnOptions::new().entry("slow"))?;
    let time = Duration::from_millis(20);
    let error = slow
        .port()
        .call_timeout::<_, u64>(&HOUR, time)
        .expect_err("an hour is longer");
    assert_eq!(error.to_string(), "no answer came within 20ms");
    Ok(())
}
