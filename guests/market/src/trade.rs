//! Who buys and sells.

use std::time::Duration;

use insula_guest::*;
use serde::{Deserialize, Serialize};

/// Numbers that look like chance and are the same each time.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, most: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % most
    }
}

#[derive(Serialize, Deserialize)]
struct Order {
    item: u32,
    price: u32,
}

#[derive(Serialize, Deserialize)]
pub struct District {
    pub market: SendPort,
    pub traders: u32,
    pub seed: u32,
}

#[derive(Serialize, Deserialize)]
struct Trader {
    market: SendPort,
    seed: u64,
}

/// Answers orders, and sells what is paid for well.
#[entry]
pub fn exchange(ledger: SendPort) {
    let mut sold = 0_u64;
    port().receive(move |order: Order, reply: Option<SendPort>| {
        let sells = order.price > 40 + order.item % 30;
        if sells {
            sold += 1;
            ledger.send(sold).ok();
            if sold.is_multiple_of(25) {
                spawn_with(courier, ledger.clone());
            }
        }
        if let Some(reply) = reply {
            reply.send(sells).ok();
        }
    });
}

/// Brings one thing, and has nothing more to do.
#[entry]
async fn courier(ledger: SendPort) {
    sleep(Duration::from_millis(700)).await;
    ledger.send(0_u64).ok();
}

/// Knows how many were sold. Who asks wants an answer.
#[entry]
pub fn ledger() {
    let mut sold = 0_u64;
    port().receive(move |_: Value, reply: Option<SendPort>| match reply {
        Some(reply) => {
            reply.send(sold).ok();
        }
        None => sold += 1,
    });
}

/// Has traders of its own.
#[entry]
pub fn district(plan: District) {
    for number in 0..plan.traders {
        let trader_plan = Trader {
            market: plan.market.clone(),
            seed: u64::from(plan.seed * 1_000 + number),
        };
        spawn_with(trader, trader_plan);
    }
    // For as long as the market is there.
    port().receive(|(), _| {});
}

#[entry]
async fn trader(plan: Trader) {
    let mut dice = Dice::new(plan.seed + 7);
    loop {
        let order = Order {
            item: dice.below(100) as u32,
            price: dice.below(100) as u32,
        };
        let answer = plan.market.call::<bool>(order).await;
        if answer.is_err() {
            return;
        }
        sleep(Duration::from_millis(5 + dice.below(60))).await;
    }
}
