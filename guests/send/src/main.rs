//! Who can send to whom: main to a child, siblings, an isolate to itself, and
//! anybody to a port that came in a message. What one sends arrives in order.

use insula_guest::*;

/// Passes what it gets on to a sibling that it was introduced to.
#[entry]
async fn relay() {
    let sibling: SendPort = port().recv_as().await.expect("a sibling");
    port().receive(move |number: i64, _| sibling.send(number).expect("it lives"));
}

/// Sends the numbers that it gets, as a list, to whoever asked for so many.
#[entry]
async fn collector((count, to): (usize, SendPort)) {
    let mut numbers = Vec::new();
    while numbers.len() < count {
        numbers.push(port().recv_as::<i64>().await.expect("a number"));
    }
    to.send(numbers).expect("main lives");
}

#[main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // To a child, which sends to its sibling, which sends to a port of main that
    // it got in a message.
    let collected = ReceivePort::new();
    let collector = spawn_with(collector, (1000, collected.send_port()));
    let relay = spawn_function(relay);
    relay.send(&collector)?;
    for number in 0..1000 {
        relay.send(number)?;
    }
    let numbers: Vec<i64> = collected.recv_as().await?;
    assert!(
        numbers.iter().copied().eq(0..1000),
        "out of order: {numbers:?}"
    );
    println!("a sibling got {} messages in order", numbers.len());

    // To oneself.
    port().send_port().send("a note to self")?;
    println!("main got {}", port().recv_as::<String>().await?);
    Ok(())
}
