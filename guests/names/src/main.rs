//! Ports that a group finds by their names.

use insula_guest::*;

type Failure = Box<dyn std::error::Error>;

/// Answers under a name, until it is told to stop.
#[entry]
fn clerk(name: String) -> Result<(), NameError> {
    port().receive(|message: String, reply| {
        if let Some(reply) = reply {
            reply.send(format!("a clerk got {message}")).ok();
        }
        if message == "stop" {
            port().close();
        }
    });
    names::register(&name, &port().send_port())
}

#[entry]
async fn finds() -> Result<(), Failure> {
    println!("before: {:?}", names::lookup("clerk")?.is_some());
    let clerk = Isolate::spawn(clerk, "clerk".to_string());
    // It has registered itself by then.
    clerk.port().call::<String>("hello").await?;
    let found = names::lookup("clerk")?.ok_or("a clerk")?;
    println!("the same: {}", found == *clerk.port());
    println!("{}", found.call::<String>("stop").await?);
    clerk.monitor().await;
    println!("after: {:?}", names::lookup("clerk")?.is_some());
    Ok(())
}

#[entry]
fn conditions() -> Result<(), Failure> {
    let (one, two) = (ReceivePort::new(), ReceivePort::new());
    names::register("a", &one.send_port())?;
    names::register("a", &one.send_port())?;
    println!("{:?}", names::register("a", &two.send_port()));
    names::register("b", &one.send_port())?;
    println!("{}", names::unregister("a"));
    println!("{}", names::unregister("a"));
    names::register("a", &two.send_port())?;
    let port = two.send_port();
    two.close();
    println!("{}", names::lookup("a")?.is_some());
    println!("{:?}", names::register("a", &port));
    println!("{}", names::lookup("b")? == Some(one.send_port()));
    Ok(())
}

/// A name goes with the isolate that had the port, however that ends.
#[entry]
async fn death() -> Result<(), Failure> {
    let clerk = Isolate::spawn(clerk, "clerk".to_string());
    clerk.port().call::<String>("hello").await?;
    clerk.kill()?;
    clerk.monitor().await;
    println!("{}", names::lookup("clerk")?.is_some());
    let other = Isolate::spawn(self::clerk, "clerk".to_string());
    println!("{}", other.port().call::<String>("hello").await?);
    println!("{}", names::lookup("clerk")? == Some(other.port().clone()));
    other.kill()?;
    Ok(())
}

#[main]
fn main() {}
