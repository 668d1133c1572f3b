//! Two isolates that send a number back and forth: 100,000 times, or as often as
//! the first message says.

use insula_guest::*;

/// Sends each number back, one larger.
#[entry]
fn pong() {
    port().receive(|number: u64, reply| {
        if let Some(reply) = reply {
            reply.send(number + 1).ok();
        }
    });
}

#[main]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rounds = isolate::first_message::<u64>()?.unwrap_or(100_000);
    let pong = spawn_function(pong);
    let own = port().send_port();
    pong.send_with_reply(0, &own)?;
    port().receive(move |number: u64, _| {
        if number == rounds {
            println!("{rounds} round trips");
            port().close();
        } else {
            pong.send_with_reply(number, &own).expect("pong lives");
        }
    });
    Ok(())
}
