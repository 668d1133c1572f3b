//! A market: something to look at. Traders in districts deal at an exchange, which writes
//! what was sold into a ledger and sends couriers; a smelter computes, a hoarder takes
//! memory until it meets its limit, a clerk panics now and then, and a supervisor starts
//! again who has failed.
//!
//! `insula run guests/market --inspect 127.0.0.1:0 --message '{"seconds": 600}'`

mod people;
mod trade;

use std::time::Duration;

use insula_guest::supervisor::*;
use insula_guest::*;
use serde::{Deserialize, Serialize};

use people::{clerk, hoarder, idler, passer, smelter, stranger};
use trade::{District, district, exchange, ledger};

/// What the first message may say.
#[derive(Deserialize)]
#[serde(default)]
struct Plan {
    seconds: u64,
    districts: u32,
    traders: u32,
    /// Isolates that have nothing to do.
    crowd: u32,
    /// Isolates that end at once.
    passers: u32,
    /// Somebody who calls himself and says what a page should not believe.
    stranger: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Plan {
            seconds: 10,
            districts: 3,
            traders: 8,
            crowd: 0,
            passers: 0,
            stranger: false,
        }
    }
}

/// Bytes.
const MIB: u64 = 1 << 20;

#[main]
async fn main(plan: Option<Plan>) -> Result<(), Box<dyn std::error::Error>> {
    let plan = plan.unwrap_or_default();
    let ledger = spawn_function(ledger);
    let all = Town {
        ledger: ledger.clone(),
        districts: plan.districts,
        traders: plan.traders,
        crowd: plan.crowd,
    };
    let town = SpawnOptions::new().spawn(town, all)?;
    let name = "<img src=x onerror=\"document.title='owned'\">";
    let named = SpawnOptions::new().name(name);
    let stranger = plan.stranger.then(|| named.spawn(stranger, ()));
    let mut passing = Vec::new();
    for _ in 0..plan.passers {
        passing.push(Isolate::spawn(passer, ()));
        // So many at once, however busy the machine is.
        if passing.len() == 256 {
            for passer in passing.drain(..) {
                passer.monitor().await;
            }
        }
    }
    sleep(Duration::from_secs(plan.seconds)).await;
    town.kill_tree()?;
    if let Some(stranger) = stranger {
        stranger?.kill_tree()?;
    }
    let sold: u64 = ledger.call("how many?").await?;
    println!("the market closes: {sold} things were sold");
    Ok(())
}

#[derive(Serialize, Deserialize)]
struct Town {
    ledger: SendPort,
    districts: u32,
    traders: u32,
    crowd: u32,
}

/// Has all that goes on in it, until somebody ends it.
#[entry]
async fn town(plan: Town) -> Result<(), SupervisorError> {
    let market = spawn_with(exchange, plan.ledger.clone());
    let small = SpawnOptions::new().limits(Limits::default().memory(6 * MIB));
    let office = Supervisor::new(Strategy::OneForOne)
        .intensity(10_000, Duration::from_secs(1))
        .child(ChildSpec::new("clerk", clerk, plan.ledger.clone()))
        .child(ChildSpec::new("smelter", smelter, ()))
        .child(ChildSpec::new("hoarder", hoarder, ()).options(small))
        .start()?;
    for number in 0..plan.districts {
        let district_plan = District {
            market: market.clone(),
            traders: plan.traders,
            seed: number,
        };
        spawn_with(district, district_plan);
    }
    for _ in 0..plan.crowd {
        spawn_function(idler);
    }
    office.wait().await
}
