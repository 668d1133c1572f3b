//! Two isolates and main change the same global, and each sees only its own.

use insula_guest::*;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

static TOTAL: AtomicI64 = AtomicI64::new(0);

fn add(amount: i64) -> i64 {
    TOTAL.fetch_add(amount, Relaxed) + amount
}

#[entry]
fn adder() {
    port().receive(|amount: i64, reply| {
        let total = add(amount);
        if let Some(reply) = reply {
            reply.send(total).ok();
        }
    });
}

#[main]
async fn main() -> Result<(), CallError> {
    let first = spawn_function(adder);
    let second = spawn_function(adder);
    add(100);
    for amount in [1, 2, 3] {
        let first: i64 = first.call(amount).await?;
        let second: i64 = second.call(amount * 10).await?;
        println!("main {}, first {first}, second {second}", add(0));
    }
    assert_eq!(add(0), 100);
    Ok(())
}
