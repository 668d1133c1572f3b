//! Others whom one meets at a market.

use std::time::Duration;

use insula_guest::*;

use crate::trade::Dice;

/// Looks into the ledger, and now and then finds what cannot be.
#[entry]
pub async fn clerk(ledger: SendPort) {
    for look in 0_u32.. {
        sleep(Duration::from_millis(120)).await;
        let sold: u64 = ledger.call("how many?").await.expect("there is a ledger");
        assert!(look < 15, "page {sold} is missing from the ledger");
    }
}

/// Computes about a quarter of the time.
#[entry]
pub async fn smelter() {
    let mut dice = Dice::new(11);
    loop {
        let mut slag = 0;
        for _ in 0..4_000_000 {
            slag ^= dice.below(1_000);
        }
        std::hint::black_box(slag);
        sleep(Duration::from_millis(60)).await;
    }
}

/// Never gives anything away.
#[entry]
pub async fn hoarder() {
    let mut things = Vec::new();
    loop {
        things.push(vec![things.len() as u8; 128 << 10]);
        sleep(Duration::from_millis(100)).await;
    }
}

#[entry]
pub fn idler() {
    port().receive(|(), _| {});
}

#[entry]
pub fn passer() {}

/// Spawns others of his kind, who say what a page should not believe.
#[entry]
pub async fn stranger() {
    loop {
        let name = "</script><b>bold</b>";
        let other = SpawnOptions::new().name(name).spawn(liar, ());
        other.expect("there is room");
        sleep(Duration::from_millis(900)).await;
    }
}

#[entry]
async fn liar() {
    sleep(Duration::from_millis(300)).await;
    panic!("<script>document.title = 'owned'</script> & \"so on\"");
}
