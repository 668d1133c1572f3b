//! Part 3: `send` from main to a child, between siblings, to oneself and to a port
//! that came in a message; what one sender sends to one port arrives in order.

use anyhow::Result;
use insula::{ExitReason, SpawnOptions};
use insula_tests::{HANG, Host};

use crate::guests;

#[test]
fn a_guest_sends_to_everybody_that_it_knows() -> Result<()> {
    let host = Host::new()?;
    // It ends with a panic where the numbers are out of order.
    assert_eq!(host.run_guest(guests::SEND)?, ExitReason::Ended);
    assert_eq!(
        host.lines(),
        [
            "main#1: a sibling got 1000 messages in order",
            "main#1: main got a note to self"
        ]
    );
    Ok(())
}

/// The host sends to two relays in turn, each of which sends on to one collector.
#[test]
fn each_of_two_senders_keeps_its_order() -> Result<()> {
    const COUNT: usize = 2000;
    let host = Host::new()?;
    let program = host.program(guests::SEND)?;
    let (collected, numbers) = host.runtime.port();
    let message = (COUNT, &collected);
    let options = SpawnOptions::new().entry("collector").message(&message);
    let collector = host.runtime.spawn(&program, options)?;
    let mut relays = Vec::new();
    for _ in 0..2 {
        let options = SpawnOptions::new().entry("relay");
        let relay = host.runtime.spawn(&program, options)?;
        relay.port().send(collector.port())?;
        relays.push(relay);
    }
    for number in 0..COUNT {
        relays[number % 2].port().send(&number)?;
    }
    let numbers: Vec<usize> = numbers.recv_timeout(HANG)?.decode()?;
    for remainder in 0..2 {
        let of_one = numbers.iter().filter(|number| *number % 2 == remainder);
        assert!(of_one.copied().eq((remainder..COUNT).step_by(2)));
    }
    Ok(())
}

#[test]
fn what_the_host_sends_arrives_in_order_at_the_host() -> Result<()> {
    const COUNT: i64 = 1000;
    let host = Host::new()?;
    let program = host.program(guests::SEND)?;
    let (to_host, from_relay) = host.runtime.port();
    let relay = host
        .runtime
        .spawn(&program, SpawnOptions::new().entry("relay"))?;
    relay.port().send(&to_host)?;
    drop(to_host);
    for number in 0..COUNT {
        relay.port().send(&number)?;
    }
    // With its send port gone, the relay ends after the last of them, and with
    // the relay the iteration.
    drop(relay);
    let numbers = from_relay.iter().map(|message| message.decode::<i64>());
    assert!(numbers.eq((0..COUNT).map(Ok)));
    Ok(())
}

#[test]
fn two_isolates_play_ping_pong() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::PINGPONG)?;
    let options = SpawnOptions::new().message(&1000);
    assert_eq!(host.run(&program, options)?, ExitReason::Ended);
    assert_eq!(host.lines(), ["main#1: 1000 round trips"]);
    Ok(())
}
