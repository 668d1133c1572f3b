//! An end of one's own, with a last message.

use insula_guest::*;

type Failure = Box<dyn std::error::Error>;

/// It would live for ever, and has more to do.
#[entry]
async fn leaves(told: SendPort) -> Result<(), Failure> {
    port().receive(|_: Value, _| {});
    spawn_task(async { println!("never") });
    told.send("a message")?;
    print!("what was printed is not lost");
    match isolate::exit_with(&told, ("the last", port().send_port()))? {}
}

#[entry]
async fn listener() -> Result<(), Failure> {
    let told = ReceivePort::new();
    let child = SpawnOptions::new()
        .on_exit(&told)
        .spawn(leaves, told.send_port())?;
    println!("{:?}", told.recv_as::<String>().await?);
    let (text, port): (String, SendPort) = told.recv_as().await?;
    println!(
        "{text:?}, and the port is its own: {}",
        port == *child.port()
    );
    println!("{:?}", told.recv_as::<()>().await?);
    println!("{}", child.monitor().await.reason);
    Ok(())
}

/// Where the message cannot be sent it goes on.
#[entry]
fn cannot_leave() -> Result<(), Failure> {
    let closed = ReceivePort::new();
    let to = closed.send_port();
    closed.close();
    match isolate::exit_with(&to, "to nobody") {
        Ok(never) => match never {},
        Err(error) => println!("{error}"),
    }
    let to = port().send_port();
    match isolate::exit_with(&to, "a text that is too long".repeat(100)) {
        Ok(never) => match never {},
        Err(error) => println!("{error}"),
    }
    println!("goes on");
    isolate::exit()
}

#[main]
fn main() {}
