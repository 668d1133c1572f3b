//! The market: all kinds of things happen in it, as there have to for a page to look at.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use insula::{ExitReason, SpawnOptions};
use insula_tests::Host;
use serde::Serialize;

use crate::guests;

#[derive(Serialize)]
struct Plan {
    seconds: u64,
    stranger: bool,
}

/// On a time of its own, so it takes as long as it computes.
#[test]
fn it_is_busy_and_closes() -> Result<()> {
    let host = Host::with(|builder| builder.max_isolates(64).deterministic(7))?;
    let program = host.program(guests::MARKET)?;
    let plan = Plan {
        seconds: 4,
        stranger: true,
    };
    let reason = host
        .runtime
        .run_group(&program, SpawnOptions::new().message(&plan))?;
    assert_eq!(reason, ExitReason::Ended);
    let last = host.lines().pop().context("it prints")?;
    let sold = last
        .strip_prefix("main#1: the market closes: ")
        .context("who closes it")?;
    let sold = sold
        .strip_suffix(" things were sold")
        .context("what was sold")?;
    assert!(sold.parse::<u64>()? > 1_000, "{last}");
    let mut ends = BTreeMap::<_, BTreeMap<_, u64>>::new();
    for (name, reason) in host.exits() {
        let name = name.split('#').next().unwrap_or_default().to_owned();
        *ends
            .entry(name)
            .or_default()
            .entry(reason.kind())
            .or_default() += 1;
    }
    assert!(ends["clerk"]["panicked"] >= 1, "{ends:?}");
    assert!(ends["courier"]["ended"] >= 1, "{ends:?}");
    assert!(ends["</script><b>bold</b>"]["panicked"] >= 1, "{ends:?}");
    assert_eq!(ends["trader"], BTreeMap::from([("killed", 24)]));
    Ok(())
}
