//! A virtual time goes on when nothing else is left to do, and nobody waits for it.

use anyhow::{Result, ensure};
use insula::{Capabilities, ClockAccess, ExitReason, Limits, SpawnOptions, Stream};
use insula_tests::Host;
use insula_tests::hostile::{main, module};

use crate::guests;

fn virtual_time() -> SpawnOptions<'static> {
    SpawnOptions::new().capabilities(Capabilities::default().clock(ClockAccess::Virtual))
}

#[test]
fn hours_are_over_at_once() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::AMBIENT)?;
    let reason = host.run(&program, virtual_time().entry("hours"))?;
    ensure!(reason.is_ended(), "{reason}");
    let hour = 3_600;
    // 2000-01-01.
    let beginning = 946_684_800u64;
    assert_eq!(
        host.lines_of("hours#1"),
        [
            format!("{beginning}000000000 0ns"),
            format!("a sleep: {hour}s"),
            format!("a timer: {}s", 2 * hour),
            format!("work before a timer: Ok(Ok(0)) {}s", 2 * hour),
            "ended".to_owned(),
            format!("the shorter sleep: {}s", 3 * hour),
            "killed".to_owned(),
            format!("a kill: {}s", 3 * hour),
        ]
    );
    Ok(())
}

/// Each sleeper holds a thread. Who waits because too many do is nothing that could
/// happen, else time would stand still for ever.
#[test]
fn time_goes_on_where_all_that_is_left_waits_for_sleepers() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::AMBIENT)?;
    let options = virtual_time()
        .entry("crowd")
        .message(&8)
        .limits(Limits::default().preempted_turns(2));
    let reason = host.run(&program, options)?;
    ensure!(reason.is_ended(), "{reason}");
    ensure!(host.texts(Stream::Stdout).len() == 8);
    Ok(())
}

/// Another group's time is another time.
#[test]
fn each_group_has_its_own() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::AMBIENT)?;
    for _ in 0..2 {
        host.run(&program, virtual_time().entry("hours"))?;
    }
    let lines = host.lines_of("hours#1");
    ensure!(lines.len() == 16 && lines[..8] == lines[8..], "{lines:?}");
    Ok(())
}

#[test]
fn a_kill_ends_a_sleep_that_time_has_not_come_to() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::SPIN)?;
    let spins = host.runtime.spawn(&program, virtual_time())?;
    spins.kill();
    ensure!(spins.join() == ExitReason::Killed);
    Ok(())
}

/// A sleep until the end of all time, again and again: it is over, as any other.
#[test]
fn the_end_of_time_is_no_trap() -> Result<()> {
    let code = "(local $n i32)
        (i32.store (i32.const 80) (i32.const 1))
        (i64.store (i32.const 88) (i64.const -1))
        (loop $again
            (if (call $poll_oneoff (i32.const 64) (i32.const 256) (i32.const 1) (i32.const 8))
                (then unreachable))
            (if (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 0))
                (then unreachable))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $n) (i32.const 10))))
        (if (i64.ne (i64.load (i32.const 0)) (i64.const -1)) (then unreachable))";
    let host = Host::new()?;
    let program = host.wat(&module(&host, &main(code)))?;
    let reason = host.run(&program, virtual_time())?;
    ensure!(reason.is_ended(), "{reason}");
    Ok(())
}
