//! A service of the host's is a port that came with the first message.

use insula_guest::*;

/// Asks for the double of each number, and says what comes of it.
#[main]
async fn main((doubler, numbers): (SendPort, Vec<i64>)) {
    for number in numbers {
        match doubler.call::<i64>(number).await {
            Ok(double) => println!("twice {number} is {double}"),
            Err(error) => println!("twice {number}: {error}"),
        }
    }
}
