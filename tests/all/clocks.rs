//! What a guest's clocks show is what the host has granted, by every way that
//! there is to ask for the time.

use std::time::{Duration, Instant, SystemTime};

use anyhow::{Result, ensure};
use insula::{Access, Capabilities, ClockAccess, ExitReason, SpawnOptions};
use insula_tests::hostile::{End, main, module};
use insula_tests::{Folder, Host};

use crate::guests;

fn granted(clock: ClockAccess) -> SpawnOptions<'static> {
    SpawnOptions::new().capabilities(Capabilities::default().clock(clock))
}

/// Runs code that traps unless all is as it should be.
fn checked(clock: ClockAccess, code: &str) -> Result<()> {
    let host = Host::new()?;
    let program = host.wat(&module(&host, code))?;
    let reason = host.run(&program, granted(clock))?;
    ensure!(reason.is_ended(), "{clock}: {reason}\n{code}");
    Ok(())
}

/// `check` unless this is so.
fn check(is_so: &str) -> String {
    format!("(if (i32.eqz {is_so}) (then unreachable))")
}

fn answers(errno: u32, call: &str) -> String {
    check(&format!("(i32.eq (i32.const {errno}) {call})"))
}

const OFF: u32 = 76;
const INVALID: u32 = 28;
const NOT_SUPPORTED: u32 = 58;

/// Asks for the time or the resolution of a clock; the answer is at 0.
fn time(clock: u32) -> String {
    format!("(call $clock_time_get (i32.const {clock}) (i64.const 0) (i32.const 0))")
}

fn resolution(clock: u32) -> String {
    format!("(call $clock_res_get (i32.const {clock}) (i32.const 0))")
}

/// Describes a subscription at `at`: until a clock shows this, or for so long.
fn subscribe(at: u32, clock: u32, nanos: &str, absolute: bool) -> String {
    let place = |offset: u32| format!("(i32.const {})", at + offset);
    format!(
        "(i64.store {} (i64.const {at})) (i32.store {} (i32.const {clock}))
        (i64.store {} {nanos}) (i32.store16 {} (i32.const {}))",
        place(0),
        place(16),
        place(24),
        place(40),
        u8::from(absolute),
    )
}

/// Waits for the subscriptions at 64. The events are at 256, how many there are
/// is at 8.
fn poll(count: u32) -> String {
    answers(
        0,
        &format!(
            "(call $poll_oneoff (i32.const 64) (i32.const 256) (i32.const {count}) (i32.const 8))"
        ),
    )
}

fn events(count: u32) -> String {
    check(&format!(
        "(i32.eq (i32.const {count}) (i32.load (i32.const 8)))"
    ))
}

/// The first event is that of the subscription at `of`, with this error number.
fn first_event(of: u32, errno: u32) -> String {
    check(&format!(
        "(i64.eq (i64.const {of}) (i64.load (i32.const 256)))"
    )) + &check(&format!(
        "(i32.eq (i32.const {errno}) (i32.load16_u (i32.const 264)))"
    ))
}

#[test]
fn a_clock_that_is_off_tells_nothing() -> Result<()> {
    let asked = [time(0), time(1), resolution(0), resolution(1)];
    let code = "(i64.store (i32.const 0) (i64.const -1))".to_owned()
        + &asked.map(|call| answers(OFF, &call)).concat()
        + &check("(i64.eq (i64.const -1) (i64.load (i32.const 0)))");
    checked(ClockAccess::Off, &main(&code))
}

/// A sleep until a time would tell it, and is refused; the others go on.
#[test]
fn a_guest_without_clocks_sleeps_for_a_while_and_not_until_a_time() -> Result<()> {
    for clock in [0, 1] {
        let code = [
            subscribe(64, clock, "(i64.const 1000000)", false),
            poll(1) + &events(1) + &first_event(64, 0),
            subscribe(64, clock, "(i64.const -1)", true),
            poll(1) + &events(1) + &first_event(64, OFF),
            subscribe(64, clock, "(i64.const -1)", false),
            subscribe(112, clock, "(i64.const 0)", true),
            poll(2) + &events(1) + &first_event(112, OFF),
        ];
        checked(ClockAccess::Off, &main(&code.concat()))?;
    }
    Ok(())
}

#[test]
fn a_rust_guest_without_clocks_panics_where_it_asks_for_the_time() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::AMBIENT)?;
    let reason = host.run(&program, granted(ClockAccess::Off).entry("times"))?;
    ensure!(matches!(reason, ExitReason::Panicked { .. }), "{reason}");
    Ok(())
}

/// There is no CPU clock whatever is granted, and no sleep on one.
#[test]
fn other_clocks_are_an_error() -> Result<()> {
    for access in [
        ClockAccess::Off,
        ClockAccess::Coarse,
        ClockAccess::Real,
        ClockAccess::Frozen,
    ] {
        for (clock, errno) in [
            (2, NOT_SUPPORTED),
            (3, NOT_SUPPORTED),
            (4, INVALID),
            (u32::MAX, INVALID),
        ] {
            let code = [
                answers(errno, &time(clock)),
                answers(errno, &resolution(clock)),
                subscribe(64, clock, "(i64.const -1)", false),
                poll(1) + &events(1) + &first_event(64, errno),
                subscribe(64, clock, "(i64.const -1)", true),
                poll(1) + &events(1) + &first_event(64, errno),
            ];
            checked(access, &main(&code.concat()))?;
        }
    }
    Ok(())
}

/// What both clocks show, and their resolution, told by exit codes: the answer of
/// one call each, in whole milliseconds.
#[test]
fn a_coarse_clock_shows_whole_milliseconds() -> Result<()> {
    let is_whole = check("(i64.eqz (i64.rem_u (i64.load (i32.const 0)) (i64.const 1000000)))");
    for clock in [0, 1] {
        let code = format!(
            "{} (loop $again {} {is_whole}
                (local.set $n (i32.add (local.get $n) (i32.const 1)))
                (br_if $again (i32.lt_u (local.get $n) (i32.const 10000))))",
            answers(0, &resolution(clock)) + &shows("i64.eq", 1_000_000),
            answers(0, &time(clock)),
        );
        checked(ClockAccess::Coarse, &with_counter(&code))?;
    }
    Ok(())
}

fn shows(compare: &str, nanos: u64) -> String {
    check(&format!(
        "({compare} (i64.load (i32.const 0)) (i64.const {nanos}))"
    ))
}

fn with_counter(code: &str) -> String {
    main(&format!("(local $n i32) {code}"))
}

#[test]
fn a_real_clock_is_finer() -> Result<()> {
    for clock in [0, 1] {
        let code = format!(
            "{} (loop $again {}
                (br_if $again (i64.eqz (i64.rem_u (i64.load (i32.const 0)) (i64.const 1000000)))))",
            answers(0, &resolution(clock)) + &shows("i64.eq", 1),
            answers(0, &time(clock)),
        );
        checked(ClockAccess::Real, &main(&code))?;
    }
    Ok(())
}

/// By a guest's own account, from before it was spawned until after it has ended.
#[test]
fn the_time_is_the_hosts_and_the_monotonic_clock_begins_with_the_isolate() -> Result<()> {
    let since_1970 = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    for access in [ClockAccess::Coarse, ClockAccess::Real, ClockAccess::Frozen] {
        let host = Host::new()?;
        let program = host.program(guests::AMBIENT)?;
        let (from, began) = (since_1970()?, Instant::now());
        let reason = host.run(&program, granted(access).entry("times"))?;
        ensure!(reason.is_ended(), "{access}: {reason}");
        let (to, took) = (since_1970()?, began.elapsed());
        let told = times(&host)?;
        // A millisecond is cut off.
        let from = from.saturating_sub(Duration::from_millis(1));
        for wall in told.walls {
            ensure!(
                from <= wall && wall <= to,
                "{access}: {from:?} {wall:?} {to:?}"
            );
        }
        ensure!(
            told.elapsed.iter().all(|elapsed| *elapsed <= took),
            "{access}"
        );

        let program = host.wat(&module(
            &host,
            &main(&(answers(0, &time(1)) + &shows("i64.lt_u", HOUR))),
        ))?;
        let reason = host.run(&program, granted(access))?;
        ensure!(reason.is_ended(), "{access}: {reason}");
    }
    Ok(())
}

/// Far more than a test takes, and less than how long most machines run.
const HOUR: u64 = 3_600_000_000_000;

/// What `times` of the guest `ambient` has printed.
struct Times {
    /// At first, after a sleep, in another turn.
    walls: [Duration; 3],
    /// From the first to the second, and to the third.
    elapsed: [Duration; 2],
}

fn times(host: &Host) -> Result<Times> {
    let text = host.lines_of("times#1").join(" ");
    let numbers = text
        .split(' ')
        .map(|number| Ok(Duration::from_nanos(number.parse()?)))
        .collect::<Result<Vec<_>>>()?;
    let [first, second, to_second, third, to_third] = numbers[..] else {
        anyhow::bail!("it printed {text:?}");
    };
    Ok(Times {
        walls: [first, second, third],
        elapsed: [to_second, to_third],
    })
}

#[test]
fn a_clock_that_is_not_frozen_goes_on_within_a_turn() -> Result<()> {
    for access in [ClockAccess::Coarse, ClockAccess::Real] {
        let host = Host::new()?;
        let program = host.program(guests::AMBIENT)?;
        host.run(&program, granted(access).entry("times"))?;
        let told = times(&host)?;
        ensure!(
            told.elapsed[0] >= Duration::from_millis(4),
            "{:?}",
            told.elapsed
        );
        ensure!(told.elapsed[1] >= told.elapsed[0], "{:?}", told.elapsed);
    }
    Ok(())
}

#[test]
fn a_frozen_clock_stands_still_within_a_turn_and_goes_on_with_the_next() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::AMBIENT)?;
    host.run(&program, granted(ClockAccess::Frozen).entry("times"))?;
    let told = times(&host)?;
    ensure!(told.walls[0] == told.walls[1], "{:?}", told.walls);
    ensure!(told.walls[2] > told.walls[1], "{:?}", told.walls);
    ensure!(told.elapsed[0].is_zero(), "{:?}", told.elapsed);
    ensure!(
        told.elapsed[1] >= Duration::from_millis(4),
        "{:?}",
        told.elapsed
    );
    let whole = told.walls.iter().chain(&told.elapsed);
    ensure!(
        whole
            .into_iter()
            .all(|time| time.subsec_nanos() % 1_000_000 == 0)
    );
    Ok(())
}

/// Which of two subscriptions is ready must not say more than the clock does: a
/// sleep is over by what the clock has shown when it began.
#[test]
fn a_sleep_until_a_time_is_no_finer_a_clock() -> Result<()> {
    let later = |nanos: u64| format!("(i64.add (i64.load (i32.const 0)) (i64.const {nanos}))");
    for clock in [0, 1] {
        let code = [
            answers(0, &time(clock)),
            // Longer than it takes the host's time to get there.
            subscribe(64, clock, "(i64.const 3000000)", false) + &poll(1) + &events(1),
            // One that is over by the host's time, and one for no time at all.
            subscribe(64, clock, &later(1), true),
            subscribe(112, clock, "(i64.const 0)", false),
            poll(2) + &events(1) + &first_event(112, 0),
            // Those that end together end together.
            subscribe(64, clock, &later(1), true),
            subscribe(112, clock, &later(2), true),
            poll(2) + &events(1) + &first_event(64, 0),
            subscribe(112, clock, &later(0), true),
            poll(2) + &events(1) + &first_event(112, 0),
        ];
        checked(ClockAccess::Frozen, &main(&code.concat()))?;
    }
    Ok(())
}

/// A file that is written and looked at would be a clock, and a finer one.
#[test]
fn the_times_of_files_are_no_finer_a_clock() -> Result<()> {
    let since_1970 = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let folder = Folder::new("file-times")?;
    for (access, is_shown) in [
        (ClockAccess::Off, false),
        (ClockAccess::Coarse, true),
        (ClockAccess::Real, true),
        (ClockAccess::Frozen, true),
        (ClockAccess::Virtual, false),
    ] {
        let capabilities =
            Capabilities::default()
                .clock(access)
                .dir(folder.path(""), "/data", Access::ReadWrite);
        let host = Host::new()?;
        let program = host.program(guests::AMBIENT)?;
        // As much is cut off, and the system's files are by a clock of less.
        let from = since_1970()?.saturating_sub(Duration::from_millis(100));
        let options = SpawnOptions::new().capabilities(capabilities);
        let reason = host.run(&program, options.entry("file_times"))?;
        ensure!(reason.is_ended(), "{access}: {reason}");
        let to = since_1970()?;
        let told = host.lines_of("file_times#1");
        ensure!(told.len() == 2, "{access}: {told:?}");
        let written = Duration::from_nanos(told[0].parse()?);
        if is_shown {
            ensure!(
                from <= written && written <= to,
                "{access}: {from:?} {written:?} {to:?}"
            );
        }
        for time in told {
            let time = Duration::from_nanos(time.parse()?);
            ensure!(is_shown != time.is_zero(), "{access}: {time:?}");
            let is_whole = time.subsec_nanos().is_multiple_of(1_000_000);
            ensure!(
                is_whole || access == ClockAccess::Real,
                "{access}: {time:?}"
            );
        }
    }
    Ok(())
}

/// Where the place for the answer is none, whatever the clocks are.
#[test]
fn a_place_for_the_time_is_checked() -> Result<()> {
    for access in [ClockAccess::Off, ClockAccess::Real] {
        for call in [
            "(call $clock_time_get (i32.const 0) (i64.const 0) (i32.const -4))",
            "(call $clock_time_get (i32.const 9) (i64.const 0) (i32.const -4))",
            "(call $clock_res_get (i32.const 1) (i32.const 0x7fffffff))",
        ] {
            let host = Host::new()?;
            let code = main(&format!("(drop {call})"));
            let program = host.wat(&module(&host, &code))?;
            let reason = host.run(&program, granted(access))?;
            let end = End::broken(["a place for a result", "outside"]);
            ensure!(end.is(&reason, &Default::default()), "{call}: {reason}");
        }
    }
    Ok(())
}
