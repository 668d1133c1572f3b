//! Many isolates that have nothing to do: 1,000 of them, or as many as the first
//! message says.

use insula_guest::*;

#[entry]
fn idler() {
    port().receive(|(), reply| {
        if let Some(reply) = reply {
            reply.send(()).ok();
        }
    });
}

#[main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count = isolate::first_message::<usize>()?.unwrap_or(900);
    let idlers: Vec<_> = (0..count).map(|_| spawn_function(idler)).collect();
    // They have run, and wait, once they have answered.
    for idler in &idlers {
        idler.call::<()>(()).await?;
    }
    println!("{count} isolates are idle");

    // Main waits as well, for whatever is sent to it.
    port().receive(|(), reply| {
        if let Some(reply) = reply {
            reply.send(()).ok();
        }
    });
    Ok(())
}
