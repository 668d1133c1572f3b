//! What messages can do, in a shop: the guide's chapter about them.

use insula_guest::*;
use serde::{Deserialize, Serialize};
use std::time::Duration;

// ANCHOR: types
/// What the shop understands. Each kind of message has its own data.
#[derive(Serialize, Deserialize)]
enum Request {
    Price(String),
    Buy {
        item: String,
        count: u32,
    },
    /// A port is a value like any other: news go there from now on.
    Subscribe(SendPort),
}
// ANCHOR_END: types

// ANCHOR: shop
#[entry]
fn shop() {
    let mut subscribers: Vec<SendPort> = Vec::new();
    port().receive(
        move |request: Request, reply: Option<SendPort>| match request {
            Request::Price(item) => answer(reply, price(&item)),
            Request::Buy { item, count } => {
                let news = format!("{count} of {item} sold");
                subscribers.retain(|subscriber| subscriber.send(&news).is_ok());
                answer(reply, price(&item).map(|price| price * count));
            }
            Request::Subscribe(subscriber) => subscribers.push(subscriber),
        },
    );
}

fn price(item: &str) -> Option<u32> {
    match item {
        "lamp" => Some(3),
        "amphora" => Some(12),
        _ => None,
    }
}

fn answer(reply: Option<SendPort>, price: Option<u32>) {
    if let Some(reply) = reply {
        // Whoever asked may be gone by now. That is no reason to fail.
        reply.send(price).ok();
    }
}
// ANCHOR_END: shop

// ANCHOR: calls
#[entry]
async fn calls() -> Result<(), CallError> {
    let shop = spawn_function(shop);
    let lamp: Option<u32> = shop.call(Request::Price("lamp".into())).await?;
    println!("a lamp: {lamp:?}");
    let ship: Option<u32> = shop.call(Request::Price("ship".into())).await?;
    println!("a ship: {ship:?}");
    Ok(())
}
// ANCHOR_END: calls

// ANCHOR: ports
#[entry]
async fn subscribes() -> Result<(), Box<dyn std::error::Error>> {
    let shop = spawn_function(shop);
    let news = ReceivePort::new();
    shop.send(Request::Subscribe(news.send_port()))?;
    shop.send(Request::Buy {
        item: "lamp".into(),
        count: 2,
    })?;
    println!("news: {}", news.recv_as::<String>().await?);
    Ok(())
}
// ANCHOR_END: ports

// ANCHOR: nobody
/// Takes a call and never answers.
#[entry]
fn silent() {
    port().receive(|_: Value, _| {});
}

/// Takes a call and goes down with it.
#[entry]
fn clumsy() {
    port().receive(|_: Value, _| panic!("I dropped it"));
}

/// Keeps each caller waiting.
#[entry]
fn slow() {
    let mut callers = Vec::new();
    port().receive(move |_: Value, reply: Option<SendPort>| callers.push(reply));
}

#[entry]
async fn nobody_answers() {
    for shop in [spawn_function(silent), spawn_function(clumsy)] {
        let answer = shop.call::<u32>("hello?").await;
        println!("{answer:?}");
    }
    let soon = Duration::from_millis(50);
    let answer = spawn_function(slow)
        .call::<u32>("hello?")
        .timeout(soon)
        .await;
    println!("{answer:?}");
}
// ANCHOR_END: nobody

// ANCHOR: full
#[entry]
async fn full() -> Result<(), Box<dyn std::error::Error>> {
    // It has room for two messages and does not run yet.
    let shop = SpawnOptions::new()
        .limits(Limits::new().mailbox_messages(2))
        .paused(true)
        .spawn(shop, ())?;
    let lamp = || Request::Price("lamp".into());
    println!("{:?}", shop.port().send(lamp()));
    println!("{:?}", shop.port().send(lamp()));
    println!("{:?}", shop.port().send(lamp()));

    // Waits in line for room; nobody overtakes.
    let sent = shop.port().send_when_ready(lamp());
    shop.start()?;
    sent.await?;
    println!("there was room in the end");
    Ok(())
}
// ANCHOR_END: full

// ANCHOR: chosen
#[entry]
async fn urgent_first() -> Result<(), Box<dyn std::error::Error>> {
    let orders = ReceivePort::new();
    for order in [("lamp", false), ("bread", true), ("amphora", false)] {
        orders.send_port().send(order)?;
    }
    let (urgent, _) = orders
        .recv_as_where(|(_, is_urgent): &(String, bool)| *is_urgent)
        .await?;
    println!("first: {urgent}");
    let (next, _): (String, bool) = orders.recv_as().await?;
    println!("then, in order: {next}");
    Ok(())
}
// ANCHOR_END: chosen

// ANCHOR: value
/// Says what it is sent, whatever that is.
#[main]
fn main(message: Value) {
    match &message["item"] {
        Value::String(item) => println!("{} of {item}", message["count"]),
        other => println!("no item but {other}"),
    }
}
// ANCHOR_END: value
