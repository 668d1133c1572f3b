//! What a host reads of limits: how much is used, how often it was not enough.

use anyhow::{Context, Result, ensure};
use insula::{Event, Isolate, Limit, Limits, Priority, Scope, SendError, SpawnOptions, Used};
use insula_tests::hostile::{MEMORY, SPAWN, WAITING_CHILD, child, server, table};
use insula_tests::{HANG, Host};

fn used(isolate: &Isolate, limit: Limit) -> Result<Used> {
    let usage = match limit.scope() {
        Scope::Isolate => isolate.usage(),
        _ => isolate.group().usage(),
    };
    usage.get(limit).context("no such limit there")
}

fn figures(used: Used) -> (u64, u64, u64, u64) {
    (used.used, used.peak, used.limit, used.refused)
}

#[test]
fn every_limit_has_its_usage_where_it_holds() -> Result<()> {
    table(|table| {
        let group = table.bystander.group().usage();
        let own = table.bystander.usage();
        for limit in Limit::ALL {
            let scope = limit.scope();
            ensure!(own.get(*limit).is_some() == (scope == Scope::Isolate));
            ensure!(group.get(*limit).is_some() == (scope != Scope::Runtime));
        }
        ensure!(group.iter().all(|(limit, used)| {
            used.limit == Limits::default().get(limit) && used.peak >= used.used
        }));
        ensure!(own.iter().count() < group.iter().count());
        Ok(())
    })
}

/// An isolate that asks for what it is refused, several times.
#[test]
fn what_is_refused_is_counted_each_time_and_told_once() -> Result<()> {
    table(|table| {
        let open = "(call $receive-port.open (i64.const 0) (i32.const 64))";
        let timer = "(call $timer.start (i64.const -1) (i64.const 0) (i32.const 64))";
        let grow = "(drop (memory.grow (i32.const 3)))";
        let refused = format!(
            "{} {} {grow} {grow} {SPAWN} {SPAWN} {SPAWN}",
            timer.repeat(3),
            open.repeat(7)
        );
        let wat = server(&refused, "")
            + &child().data()
            + "(data (i32.const 1024) \"child\")"
            + &WAITING_CHILD.replace(
                "(func (export \"wake\") (call $receive (i32.const 128)))",
                "",
            );
        let mut events = table.host.runtime.events();
        let limits = Limits::default()
            .handles(8)
            .timers(2)
            .memory(4 * 65_536)
            .isolates(1);
        let program = table.host.wat(&table.module(&wat))?;
        let isolate = table
            .host
            .runtime
            .spawn(&program, SpawnOptions::new().limits(limits))?;
        let (to, pongs) = table.host.runtime.port();
        // The first may be answered before its entry runs, the second is not.
        for _ in 0..2 {
            isolate.ping(&to, &(), Priority::BeforeNextEvent)?;
            pongs.recv_timeout(HANG)?;
        }
        for (limit, expected) in [
            // Its first port, two timers, five ports; and two handles for a child.
            (Limit::Handles, (8, 8, 8, 2 + 3)),
            (Limit::Timers, (2, 2, 2, 1)),
            (Limit::Memory, (131_072, 131_072, 262_144, 2)),
            (Limit::GroupMemory, (131_072, 131_072, 512 << 20, 0)),
            (Limit::Isolates, (1, 1, 1, 0)),
            (Limit::Spawned, (1, 1, 1_000_000, 0)),
        ] {
            let found = figures(used(&isolate, limit)?);
            ensure!(found == expected, "{limit:?}: {found:?}");
            let of_group = isolate.group().usage().get(limit).context("there")?;
            ensure!(figures(of_group) == expected, "{limit:?}: {of_group:?}");
        }
        isolate.kill();
        let group = isolate.group().clone();
        let control = isolate.control().without_rights();
        isolate.join();
        let after = group.usage().get(Limit::Handles).context("there")?;
        ensure!(figures(after) == (0, 8, 8, 5), "{after:?}");
        let after = control.usage().get(Limit::Memory).context("there")?;
        ensure!(figures(after) == (0, 131_072, 262_144, 2), "{after:?}");
        let mut told = Vec::new();
        while let Some(event) = events.try_next() {
            if let Event::LimitHit { isolate, hit, .. } = event {
                ensure!(isolate == "main#1", "{isolate}");
                told.push(hit.limit);
            }
        }
        let expected = [Limit::Timers, Limit::Handles, Limit::Memory];
        ensure!(told == expected, "{told:?}");
        Ok(())
    })
}

/// Sends that find a mailbox full are counted where the room is missing.
#[test]
fn a_full_mailbox_counts_who_was_refused() -> Result<()> {
    let host = Host::new()?;
    let program = host.wat(&format!(
        "(module {MEMORY} (func (export \"insula:entry/main\")))"
    ))?;
    for (limit, value, fit) in [
        (Limit::MailboxMessages, 2, 2),
        (Limit::MailboxBytes, 3 * 129, 3),
        (Limit::GroupMailboxBytes, 4 * 129, 4),
    ] {
        let limits = Limits::default().set(limit.option(), value);
        let options = SpawnOptions::new().paused(true);
        let options = options.limits(limits.context("a limit")?);
        let mut events = host.runtime.events();
        let isolate = host.runtime.spawn(&program, options)?;
        for sent in 0..fit + 3 {
            let answer = isolate.port().send(&1);
            ensure!(
                (sent < fit) == answer.is_ok(),
                "{limit:?}, message {sent}: {answer:?}"
            );
            ensure!(matches!(answer, Ok(()) | Err(SendError::Full)));
        }
        let found = used(&isolate, limit)?;
        let full = if limit == Limit::MailboxMessages {
            fit
        } else {
            value
        };
        ensure!(
            figures(found) == (full, full, value, 3),
            "{limit:?}: {found:?}"
        );
        let hits = std::iter::from_fn(|| events.try_next());
        let hits =
            hits.filter(|event| matches!(event, Event::LimitHit { hit, .. } if hit.limit == limit));
        ensure!(hits.count() == 1);
        isolate.kill();
        isolate.join();
    }
    Ok(())
}
