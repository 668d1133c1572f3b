//! Two isolates, and a call to each.

use insula_guest::*;

#[entry]
fn hello() {
    port().receive(|(): (), reply| {
        println!("hello from an isolate!");
        if let Some(reply) = reply {
            reply.send(()).ok();
        }
    });
}

#[entry]
fn echo() {
    port().receive(|message: Value, reply| {
        if let Some(reply) = reply {
            reply.send(message).ok();
        }
    });
}

#[main]
async fn main() -> Result<(), CallError> {
    let hello = spawn_function(hello);
    hello.call::<()>(()).await?;

    let echo = spawn_function(echo);
    let reply: String = echo.call("Hello from main").await?;
    println!("I received: {reply}");
    Ok(())
}
