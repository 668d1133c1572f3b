//! Groups share the CPU by their weights, whatever their isolates do and however
//! many they are. What is compared is what each group has computed in one stretch
//! of a run: on a busy machine that only takes longer.

use std::ops::RangeInclusive;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use insula::{Group, Isolate, SpawnError, SpawnOptions};
use insula_tests::{HANG, Host};

use crate::busy::{self, Busy};

/// How much the groups compute together before it is looked at: some hundred
/// slices.
const STRETCH: Duration = Duration::from_millis(600);

/// What an equal share may look like, in percent: turns end only at checkpoints.
const HALF: RangeInclusive<u128> = 35..=65;

/// In how many stretches a share is looked for. A busy machine lets threads wait that
/// have a permit, and so takes from one group what is its own; what is unfair by
/// itself is so in every stretch.
const STRETCHES: usize = 10;

fn host(permits: usize) -> Result<Host> {
    Host::with(|builder| builder.max_isolates(512).permits(permits))
}

fn spawn(host: &Host, family: (usize, Busy), weight: u32) -> Result<Isolate> {
    let options = SpawnOptions::new().limits(busy::for_ever()).weight(weight);
    busy::spawn(host, family, options)
}

/// Waits until the groups have computed so much, from now on.
fn compute(groups: [&Group; 2], time: Duration) -> Result<[Duration; 2]> {
    let before = groups.map(Group::cpu_time);
    let deadline = Instant::now() + HANG;
    loop {
        let now = groups.map(Group::cpu_time);
        let used = [now[0] - before[0], now[1] - before[1]];
        if used[0] + used[1] >= time {
            return Ok(used);
        }
        ensure!(Instant::now() < deadline, "only {used:?} of {time:?}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// How much of the CPU the first of two groups gets, in percent.
fn share(groups: [&Group; 2]) -> Result<u128> {
    let [first, second] = compute(groups, STRETCH)?;
    Ok(100 * first.as_nanos() / (first + second).as_nanos())
}

/// Looks whether the first of two groups gets a share in this range.
fn expect_share(
    groups: [&Group; 2],
    expected: &RangeInclusive<u128>,
    stretches: usize,
) -> Result<()> {
    let mut shares = Vec::new();
    while shares.len() < stretches {
        shares.push(share(groups)?);
        if shares.last().is_some_and(|share| expected.contains(share)) {
            println!("{shares:?} %");
            return Ok(());
        }
    }
    bail!("{shares:?} % in as many stretches, expected {expected:?}")
}

fn expect_share_of(
    permits: usize,
    families: [(usize, Busy, u32); 2],
    expected: &RangeInclusive<u128>,
) -> Result<()> {
    let host = host(permits)?;
    let groups = families.map(|(children, code, weight)| spawn(&host, (children, code), weight));
    let [first, second] = groups;
    let (first, second) = (first?, second?);
    let groups = [first.group(), second.group()];
    // Until all of them are there.
    let deadline = Instant::now() + HANG;
    for (group, (children, ..)) in groups.iter().zip(families) {
        while group.spawned() <= children as u64 || group.cpu_time().is_zero() {
            ensure!(Instant::now() < deadline, "they never begin");
            thread::sleep(Duration::from_millis(1));
        }
    }
    // And until all of them have begun: that takes its time too.
    compute(groups, STRETCH)?;
    expect_share(groups, expected, STRETCHES)
        .with_context(|| format!("{permits} permits, {families:?}"))
}

#[test]
fn many_isolates_get_no_more_than_few() -> Result<()> {
    // One thread gets of two permits what the system gives it: that is not to be
    // compared. So there are some more of the few.
    for (permits, few) in [(1, 1), (2, 4)] {
        for (many, busy) in [
            (Busy::Loop, Busy::Loop),
            (Busy::Waker, Busy::Loop),
            (Busy::Loop, Busy::Waker),
            (Busy::Waker, Busy::Waker),
        ] {
            expect_share_of(permits, [(200, many, 100), (few, busy, 100)], &HALF)?;
        }
    }
    Ok(())
}

#[test]
fn a_group_gets_what_it_weighs() -> Result<()> {
    for permits in [1, 2] {
        for (light, heavy) in [
            (Busy::Loop, Busy::Loop),
            (Busy::Waker, Busy::Waker),
            (Busy::Waker, Busy::Loop),
            (Busy::Loop, Busy::Waker),
        ] {
            expect_share_of(permits, [(20, light, 100), (20, heavy, 300)], &(12..=40))?;
        }
    }
    Ok(())
}

/// Who had nothing to do is not owed what others computed meanwhile.
#[test]
fn a_group_that_comes_later_is_owed_nothing() -> Result<()> {
    for (early, late) in [
        (Busy::Loop, Busy::Loop),
        (Busy::Waker, Busy::Loop),
        (Busy::Loop, Busy::Waker),
    ] {
        let host = host(1)?;
        let early = spawn(&host, (4, early), 100)?;
        compute([early.group(); 2], 4 * STRETCH)?;
        let late = spawn(&host, (4, late), 100)?;
        // If it were owed that, it would have the first four to itself.
        expect_share([early.group(), late.group()], &HALF, 3)?;
    }
    Ok(())
}

#[test]
fn a_weight_has_bounds() -> Result<()> {
    let host = Host::new()?;
    let program = busy::family(&host, 0, Busy::Loop)?;
    for weight in [0, 10_001, u32::MAX] {
        let refused = host
            .runtime
            .spawn(&program, SpawnOptions::new().weight(weight));
        assert!(matches!(refused, Err(SpawnError::Weight(found)) if found == weight));
    }
    for weight in [1, 10_000] {
        let reason = host.run(&program, SpawnOptions::new().weight(weight))?;
        assert!(reason.is_ended());
    }
    Ok(())
}
