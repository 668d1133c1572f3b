//! A server in Erlang's manner: the guide's page for who comes from there.

// ANCHOR: all
use insula_guest::*;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Serialize, Deserialize)]
enum Request {
    Increment(u64),
    Get,
}

#[entry]
async fn counter(mut state: u64) {
    while let Some(message) = port().recv().await {
        match (message.decode(), message.reply()) {
            (Ok(Request::Increment(by)), _) => state += by,
            (Ok(Request::Get), Some(from)) => {
                from.send(state).ok();
            }
            (other, _) => drop(other),
        }
    }
}

#[main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let counter = Isolate::spawn(counter, 40);
    names::register("counter", counter.port())?;

    let counter = names::lookup("counter")?.ok_or("nobody has that name")?;
    counter.send(Request::Increment(2))?;
    let state: u64 = counter
        .call(Request::Get)
        .timeout(Duration::from_secs(5))
        .await?;
    println!("the counter is at {state}");
    Ok(())
}
// ANCHOR_END: all
