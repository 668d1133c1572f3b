//! Servers that nobody can reach any more: each holds a port of another one, but
//! all that they do is wait.

use insula_guest::*;

/// Keeps the ports that it gets.
#[entry]
fn keeper() {
    let mut kept = Vec::new();
    port().receive(move |port: SendPort, _| {
        kept.push(port);
        println!("holds {}", kept.len());
    });
}

/// Returns at once after spawning.
#[main]
fn main() -> Result<(), SendError> {
    let keepers = [spawn_function(keeper), spawn_function(keeper)];
    keepers[0].send(&keepers[1])?;
    keepers[1].send(&keepers[0])?;
    keepers[1].send(&keepers[1])?;
    println!("main is done");
    Ok(())
}
