//! What isolates and groups have computed is measured, can be read at any time,
//! and can be limited.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use insula::{ExitReason, Isolate, Limit, Limits, SpawnOptions};
use insula_tests::{HANG, Host, in_time};

use crate::busy::{self, Busy};
use insula_tests::hostile::{main, module};

/// Waits until `reached`.
fn until(mut reached: impl FnMut() -> bool) -> Result<()> {
    let deadline = Instant::now() + HANG;
    while !reached() {
        ensure!(Instant::now() < deadline, "it never comes to that");
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

fn guest(host: &Host, body: &str, limits: Limits) -> Result<Isolate> {
    let program = host.wat(&module(host, body))?;
    let options = SpawnOptions::new().limits(limits);
    Ok(host.runtime.spawn(&program, options)?)
}

#[test]
fn it_is_read_in_the_middle_of_a_turn_and_after_the_end() -> Result<()> {
    let host = Host::new()?;
    let isolate = guest(&host, &main("(loop $again (br $again))"), busy::for_ever())?;
    let group = isolate.group().clone();
    let control = isolate.control().clone();
    for milliseconds in [10, 20, 40] {
        let wanted = Duration::from_millis(milliseconds);
        until(|| control.cpu_time() > wanted)?;
    }
    let in_the_middle = control.cpu_time();
    isolate.kill();
    in_time(move || isolate.join());
    let at_the_end = control.cpu_time();
    assert!(at_the_end >= in_the_middle);
    // The group has the same isolate, and the end of it that nobody waits for.
    assert!(group.cpu_time() >= at_the_end);
    Ok(())
}

/// A sleep of a second, on however busy a machine: far less is computed.
#[test]
fn a_sleep_is_not_computing() -> Result<()> {
    let host = Host::new()?;
    // One subscription to the monotonic clock, at 64.
    let sleep = main(
        "(i32.store (i32.const 80) (i32.const 1))
        (i64.store (i32.const 88) (i64.const 1000000000))
        (drop (call $poll_oneoff (i32.const 64) (i32.const 256) (i32.const 1) (i32.const 512)))",
    );
    let began = Instant::now();
    let isolate = guest(&host, &sleep, Limits::default())?;
    let control = isolate.control().clone();
    assert_eq!(in_time(move || isolate.join()), ExitReason::Ended);
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert!(control.cpu_time() < Duration::from_millis(500));
    Ok(())
}

/// Turns that wait for a permit behind others compute nothing meanwhile.
#[test]
fn a_turn_that_waits_is_not_charged() -> Result<()> {
    let host = Host::with(|builder| builder.max_isolates(64).permits(1))?;
    let options = SpawnOptions::new().limits(busy::for_ever());
    let began = Instant::now();
    let isolate = busy::spawn(&host, (20, Busy::Loop), options)?;
    let group = isolate.group().clone();
    until(|| host.runtime.figures().preempted >= 15)?;
    until(|| group.cpu_time() > Duration::from_millis(200))?;
    let (used, went_by) = (group.cpu_time(), began.elapsed());
    group.kill();
    // Of one permit's time. A turn goes on for a moment after it lost the permit.
    assert!(used < 2 * went_by, "{used:?} in {went_by:?}");
    Ok(())
}

/// One long turn, or many short ones: the sum counts.
#[test]
fn an_isolate_ends_that_has_used_its_time() -> Result<()> {
    for code in [Busy::Loop, Busy::Waker] {
        let host = Host::new()?;
        let limits = busy::for_ever().cpu(50);
        let options = SpawnOptions::new().limits(limits);
        let parent = busy::spawn(&host, (2, code), options)?;
        let group = parent.group().clone();
        in_time(move || group.wait());
        for name in ["child#2", "child#3"] {
            let reason = host.exit_of(name);
            ensure!(
                matches!(&reason, Some(ExitReason::Limit { hit, .. })
                    if hit.limit == Limit::Cpu && hit.value == 50),
                "{name}: {reason:?}"
            );
        }
        assert!(parent.group().cpu_time() >= Duration::from_millis(100));
    }
    Ok(())
}

/// No isolate has used much, but all together have: then all of them end.
#[test]
fn a_group_ends_that_has_used_its_time() -> Result<()> {
    for code in [Busy::Loop, Busy::Waker] {
        let host = Host::new()?;
        let bystander = busy::spawn(
            &host,
            (1, code),
            SpawnOptions::new().limits(busy::for_ever()),
        )?;
        let limits = busy::for_ever().group_cpu(200);
        let options = SpawnOptions::new().limits(limits);
        let isolate = busy::spawn(&host, (20, code), options)?;
        let group = isolate.group().clone();
        in_time(move || group.wait());
        for number in 2..22 {
            let name = format!("child#{number}");
            // The bystander's is still there.
            let reason = host.exit_of(&name);
            ensure!(
                matches!(&reason, Some(ExitReason::Limit { hit, .. })
                    if hit.limit == Limit::GroupCpu && hit.value == 200),
                "{name}: {reason:?}"
            );
        }
        let text = host.exit_of("child#2").map(|reason| reason.to_string());
        assert!(text.is_some_and(|text| text.contains("Limits::group_cpu")));
        assert!(isolate.group().cpu_time() >= Duration::from_millis(200));
        assert_eq!(bystander.group().alive(), 1);
    }
    Ok(())
}
