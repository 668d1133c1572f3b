//! A supervisor, and an isolate that it starts again when that has failed.

mod orders;

use std::time::Duration;

use insula_guest::supervisor::*;
use insula_guest::*;

/// Adds up orders. One that nobody knows is a failure, and ends it.
#[entry]
fn till() {
    let mut sum = 0;
    port().receive(move |order: String, reply| {
        sum += orders::price(&order)?;
        if let Some(reply) = reply {
            reply.send(sum).ok();
        }
        Ok::<(), orders::Unknown>(())
    });
}

/// Keeps a till open.
fn shop() -> Supervisor {
    Supervisor::new(Strategy::OneForOne)
        .intensity(3, Duration::from_secs(5))
        .child(ChildSpec::new("till", till, ()))
}

/// What the till has taken with this order; none where it has failed.
async fn order(shop: &SupervisorHandle, what: &str) -> Option<i64> {
    // A till that is started again has another port.
    while shop.port("till").is_none_or(|till| till.is_closed()) {
        sleep(Duration::from_millis(1)).await;
    }
    let till = shop.port("till")?;
    let sum = till.call(what).await;
    if sum.is_err() {
        till.closed().await;
    }
    sum.ok()
}

#[main]
async fn main() -> Result<(), SupervisorError> {
    let shop = shop().observe(|event| println!("{event}")).start()?;
    for what in ["bread", "wine", "a horse", "bread"] {
        match order(&shop, what).await {
            Some(sum) => println!("{what}: that makes {sum}"),
            None => println!("{what}: the till has failed"),
        }
    }
    shop.stop().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[insula_guest::test]
    async fn a_till_adds_up() -> Result<(), SupervisorError> {
        let shop = shop().start()?;
        assert_eq!(order(&shop, "bread").await, Some(2));
        assert_eq!(order(&shop, "wine").await, Some(9));
        shop.stop().await
    }

    #[insula_guest::test]
    async fn a_till_that_fails_is_opened_again_and_is_empty() -> Result<(), SupervisorError> {
        let shop = shop().start()?;
        assert_eq!(order(&shop, "wine").await, Some(7));
        assert_eq!(order(&shop, "a horse").await, None);
        assert_eq!(order(&shop, "bread").await, Some(2));
        assert_eq!(shop.children()[0].restarts, 1);
        shop.stop().await
    }
}
