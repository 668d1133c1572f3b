//! What a host reads of a whole runtime: sums, groups, isolates, and the text form.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use insula::{ExitReason, IsolateId, IsolateMetrics, IsolateState, Limits, Metrics, SpawnOptions};
use insula_tests::{HANG, Host};

use crate::guests;

#[test]
fn messages_are_counted_where_they_are_sent_and_where_they_come_in() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::PINGPONG)?;
    let rounds = 1_000_u64;
    host.run(&program, SpawnOptions::new().message(&rounds))?;
    let metrics = host.runtime.metrics();
    let total = metrics.total;
    // A number each way, the first one too.
    assert_eq!(total.sent.messages, 2 * rounds);
    assert_eq!(total.received, total.sent);
    // One to five bytes for a number, and a port for the answer half of the time.
    let ports = rounds * insula::PORT_OVERHEAD;
    assert!((ports + 2 * rounds..ports + 10 * rounds).contains(&total.sent.bytes));
    assert_eq!((total.isolates, total.spawned), (0, 2));
    assert_eq!(total.ended["ended"], 2);
    assert_eq!((total.memory, total.mailboxes.messages), (0, 0));
    assert!(total.cpu > Duration::ZERO);
    assert_eq!(metrics.isolates_peak, 2);
    assert!(metrics.memory_peak >= 2 * 65_536);
    assert_eq!(metrics.isolates_limit, 64);
    assert!(metrics.groups.is_empty() && metrics.isolates.is_empty());
    Ok(())
}

#[test]
fn a_group_that_is_gone_stays_in_the_sums() -> Result<()> {
    let host = Host::new()?;
    let panics = host.program(guests::PANICS)?;
    host.run(&panics, SpawnOptions::new())?;
    let once = host.runtime.metrics().total;
    assert!(
        once.ended["panicked"] > 0 && once.ended["trapped"] > 0,
        "{once:?}"
    );
    assert!(
        once.ended
            .keys()
            .all(|kind| ExitReason::KINDS.contains(kind))
    );
    assert_eq!(once.ended.values().sum::<u64>(), once.spawned);
    host.run(&panics, SpawnOptions::new())?;
    let twice = host.runtime.metrics().total;
    assert_eq!(twice.spawned, 2 * once.spawned);
    for (kind, count) in &once.ended {
        assert_eq!(twice.ended[kind], 2 * count, "{kind}");
    }
    assert!(twice.cpu > once.cpu && twice.sent.messages > once.sent.messages);
    Ok(())
}

#[test]
fn each_isolate_is_told_of_by_itself() -> Result<()> {
    let host = Host::new()?;
    let idle = host.program(guests::IDLE)?;
    let limits = Limits::default().memory(1 << 22).mailbox_messages(500);
    let options = SpawnOptions::new().message(&3).limits(limits);
    let main = host.runtime.spawn(&idle, options.name("the <first>"))?;
    main.port().call_timeout::<_, ()>(&(), HANG)?;
    let observer = host.runtime.observer();
    let look = || observer.metrics_with_isolates(100).isolates;
    // Who has answered is in its turn for a moment longer.
    let rests = |one: &IsolateMetrics| one.state == IsolateState::Waiting;
    while !look().iter().all(rests) {
        std::thread::yield_now();
    }
    let all = look();
    let ids: Vec<_> = all
        .iter()
        .map(|one| (one.id.group, one.id.isolate))
        .collect();
    assert_eq!(ids, [(1, 1), (1, 2), (1, 3), (1, 4)]);
    assert_eq!(
        (all[0].name.as_str(), all[0].entry.as_str()),
        ("the <first>#1", "main")
    );
    assert_eq!(all[0].parent, None);
    for idler in &all[1..] {
        assert_eq!((idler.entry.as_str(), idler.parent), ("idler", Some(1)));
        assert_eq!((idler.sent.messages, idler.received.messages), (1, 1));
        assert_eq!((idler.memory_limit, idler.mailbox_limit), (1 << 22, 500));
        assert!(idler.memory > 0 && idler.memory_peak >= idler.memory);
        assert!(idler.cpu > Duration::ZERO && idler.age >= idler.cpu);
    }
    // Three calls and one to the host, whose own came in, as three answers did.
    assert_eq!((all[0].sent.messages, all[0].received.messages), (4, 4));
    assert_eq!(observer.metrics_with_isolates(2).isolates.len(), 2);
    let metrics = observer.metrics();
    assert_eq!(metrics.groups.len(), 1);
    let group = &metrics.groups[0];
    assert_eq!(
        (group.group, group.sums.isolates, group.sums.spawned),
        (1, 4, 4)
    );
    let memory: u64 = all.iter().map(|isolate| isolate.memory).sum();
    assert_eq!((group.sums.memory, metrics.total.memory), (memory, memory));
    Ok(())
}

#[test]
fn what_waits_in_a_paused_isolates_mailbox_is_seen_and_who_looks_may_let_it_go_on() -> Result<()> {
    let host = Host::new()?;
    let idle = host.program(guests::IDLE)?;
    let main = host.runtime.spawn(&idle, SpawnOptions::new().message(&0))?;
    main.port().call_timeout::<_, ()>(&(), HANG)?;
    let observer = host.runtime.observer();
    let id = IsolateId {
        group: 1,
        isolate: 1,
    };
    let control = observer.control(id).context("it is alive")?;
    let by = control.pause()?;
    for _ in 0..5 {
        main.port().send(&())?;
    }
    let state = || {
        let isolates = observer.metrics_with_isolates(1).isolates;
        isolates
            .first()
            .map(|isolate| (isolate.state, isolate.mailbox.messages))
    };
    // What it does when it is paused it still does.
    while state() != Some((IsolateState::Paused, 5)) {
        std::thread::yield_now();
    }
    control.resume(&by)?;
    main.port().call_timeout::<_, ()>(&(), HANG)?;
    while state() != Some((IsolateState::Waiting, 0)) {
        std::thread::yield_now();
    }
    control.kill()?;
    assert_eq!(control.wait(), ExitReason::Killed);
    assert!(observer.control(id).is_none());
    assert_eq!(observer.metrics().total.ended["killed"], 1);
    // Whoever holds an isolate holds what it belongs to.
    drop((host, main, control));
    // Nothing is left to be seen, and nothing goes wrong.
    assert_eq!(observer.metrics(), Metrics::default());
    Ok(())
}

/// Reads the text as a scraper would, and gives the names of its samples.
fn samples(text: &str) -> Result<BTreeSet<String>> {
    let mut family = String::new();
    let mut counter = false;
    let mut families = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let body = text.strip_suffix("# EOF\n").context("it ends")?;
    for line in body.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').context("a kind")?;
            ensure!(families.insert(name.to_owned()), "{name} comes twice");
            (family, counter) = (name.to_owned(), kind == "counter");
            ensure!(counter || kind == "gauge", "{kind}");
        } else if let Some(rest) = line.strip_prefix("# UNIT ") {
            let (name, unit) = rest.split_once(' ').context("a unit")?;
            ensure!(name == family && name.ends_with(unit), "{line}");
        } else if let Some(rest) = line.strip_prefix("# HELP ") {
            ensure!(rest.starts_with(&format!("{family} ")), "{line}");
        } else {
            let (sample, value) = line.rsplit_once(' ').context("a value")?;
            ensure!(
                value.parse::<f64>().is_ok_and(|value| value >= 0.0),
                "{line}"
            );
            let name = sample.split('{').next().unwrap_or_default();
            let expected = format!("{family}{}", if counter { "_total" } else { "" });
            ensure!(name == expected, "{line} in {family}");
            ensure!(seen.insert(sample.to_owned()), "{sample} comes twice");
        }
    }
    Ok(seen)
}

#[test]
fn the_text_form_can_be_scraped() -> Result<()> {
    let host = Host::new()?;
    host.run(&host.program(guests::PANICS)?, SpawnOptions::new())?;
    let idle = host.program(guests::IDLE)?;
    let options = SpawnOptions::new().message(&2).name("a \"b\"\\\nc");
    let main = host.runtime.spawn(&idle, options)?;
    main.port().call_timeout::<_, ()>(&(), HANG)?;
    let text = host.runtime.metrics().to_openmetrics();
    let found = samples(&text)?;
    for sample in [
        "insula_isolates",
        "insula_ended_total{reason=\"panicked\"}",
        "insula_cpu_seconds_total",
        "insula_group_memory_bytes{group=\"2\"}",
        "insula_group_failed_total{group=\"2\"}",
    ] {
        assert!(found.contains(sample), "{sample} in {text}");
    }
    assert!(
        !text.contains("insula_isolate_"),
        "only when asked for: {text}"
    );
    let text = host
        .runtime
        .observer()
        .metrics_with_isolates(10)
        .to_openmetrics();
    let first = r#"{group="2",isolate="1",name="a \"b\"\\\nc#1",entry="main"}"#;
    let sample = format!("insula_isolate_received_messages_total{first}");
    assert!(samples(&text)?.contains(&sample), "{text}");
    Ok(())
}
