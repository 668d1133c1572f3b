//! What is kept while somebody records: who ended and why, and who sends to whom.

use anyhow::{Context, Result};
use insula::{Flow, IsolateId, SpawnOptions};
use insula_tests::{HANG, Host};

use crate::guests;

fn id(isolate: u64) -> Option<IsolateId> {
    Some(IsolateId { group: 1, isolate })
}

fn messages<P: Clone>(flows: &[Flow<P>]) -> Vec<(Option<P>, Option<P>, u64)> {
    let flows = flows.iter();
    let flows = flows.map(|flow| (flow.from.clone(), flow.to.clone(), flow.traffic.messages));
    flows.collect()
}

#[test]
fn messages_are_counted_by_who_sends_them_to_whom() -> Result<()> {
    let host = Host::new()?;
    let recording = host.runtime.observer().record().context("it is there")?;
    let idle = host.program(guests::IDLE)?;
    let main = host.runtime.spawn(&idle, SpawnOptions::new().message(&2))?;
    for _ in 0..3 {
        main.port().call_timeout::<_, ()>(&(), HANG)?;
    }
    let flows = recording.flows(100);
    let expected = [
        (None, id(1), 3),
        (id(1), None, 3),
        (id(1), id(2), 1),
        (id(1), id(3), 1),
        (id(2), id(1), 1),
        (id(3), id(1), 1),
    ];
    assert_eq!(messages(&flows.isolates), expected);
    let by_entry: Vec<_> = flows
        .entries
        .iter()
        .map(|flow| {
            let name = |entry: &Option<insula::EntryId>| {
                entry
                    .as_ref()
                    .map_or("host".to_owned(), |entry| entry.entry.clone())
            };
            (name(&flow.from), name(&flow.to), flow.traffic.messages)
        })
        .collect();
    let expected = [
        ("host", "main", 3),
        ("main", "host", 3),
        ("idler", "main", 2),
        ("main", "idler", 2),
    ];
    let expected = expected.map(|(from, to, count)| (from.to_owned(), to.to_owned(), count));
    assert_eq!(by_entry, expected);
    assert_eq!(flows.total.messages, 10);
    assert_eq!(recording.flows(1).isolates.len(), 1);
    Ok(())
}

#[test]
fn ends_are_kept_in_order_with_what_there_was() -> Result<()> {
    let host = Host::new()?;
    let recording = host.runtime.observer().record().context("it is there")?;
    host.run(&host.program(guests::PANICS)?, SpawnOptions::new())?;
    let exits = recording.exits_after(0, 100);
    assert_eq!(exits.len() as u64, recording.exit_count());
    let numbers: Vec<_> = exits.iter().map(|exit| exit.number).collect();
    assert_eq!(numbers, (1..=exits.len() as u64).collect::<Vec<_>>());
    let panicked = exits.iter().find(|exit| exit.isolate.entry == "panics");
    let panicked = panicked.context("it is there")?;
    assert_eq!(panicked.reason.kind(), "panicked");
    assert_eq!(
        (panicked.isolate.parent, panicked.isolate.memory),
        (Some(1), 0)
    );
    assert!(panicked.isolate.memory_peak > 0 && panicked.isolate.received.messages == 1);
    let place = panicked.backtrace.first().context("it has a backtrace")?;
    assert!(place.contains("panics"), "{place}");
    // All are there once its group is over, and the first isolate is among them.
    let main = exits.iter().find(|exit| exit.isolate.id.isolate == 1);
    assert!(main.context("it is there")?.reason.is_ended());
    // What is known already is not told again, and of many the newest are.
    let last = exits.len() as u64;
    assert_eq!(
        recording.exits_after(last - 2, 100),
        exits[exits.len() - 2..]
    );
    assert_eq!(recording.exits_after(0, 3), exits[exits.len() - 3..]);
    assert!(recording.exits_after(last, 100).is_empty());
    Ok(())
}

#[test]
fn nothing_is_kept_before_and_after() -> Result<()> {
    let host = Host::new()?;
    let hello = host.program(guests::HELLO)?;
    let run = || host.run(&hello, SpawnOptions::new());
    run()?;
    let observer = host.runtime.observer();
    let first = observer.record().context("it is there")?;
    assert_eq!((first.exit_count(), first.flows(10).total.messages), (0, 0));
    run()?;
    let second = observer.record().context("it is there")?;
    drop(first);
    // From when the first began.
    assert_eq!(
        (second.exit_count(), second.flows(10).total.messages),
        (3, 4)
    );
    drop(second);
    let third = observer.record().context("it is there")?;
    assert_eq!((third.exit_count(), third.flows(10).total.messages), (0, 0));
    drop(host);
    // What was recorded outlives what it is of.
    assert_eq!(third.exit_count(), 0);
    assert!(observer.record().is_none());
    Ok(())
}

/// A guest names its entries with up to 64 KB, and thousands of ends are kept.
#[test]
fn no_more_is_kept_of_an_entrys_name_than_is_shown() -> Result<()> {
    let host = Host::new()?;
    let recording = host.runtime.observer().record().context("it is there")?;
    let long = "é".repeat(30_000);
    let program = host.wat(&format!(
        r#"(module (memory (export "memory") 1) (func (export "insula:entry/{long}")))"#
    ))?;
    host.run(&program, SpawnOptions::new().entry(&*long))?;
    let exits = recording.exits_after(0, 100);
    assert_eq!(exits.len(), 1);
    assert_eq!(exits[0].isolate.entry, "é".repeat(200));
    Ok(())
}
