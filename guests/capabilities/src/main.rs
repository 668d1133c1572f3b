//! Rights that are handed on, and cannot be made up.

use insula_guest::*;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

type Failure = Box<dyn std::error::Error>;

/// Sends back what it gets.
#[entry]
fn mirror() {
    port().receive(|message: Value, reply| {
        if let Some(reply) = reply {
            reply.send(message).ok();
        }
    });
}

#[entry]
async fn tokens() -> Result<(), Failure> {
    let mirror = Isolate::spawn(mirror, ());
    let (one, two) = (Capability::new(), Capability::new());
    println!("{} {}", one == one.clone(), one == two);
    let back: (Capability, Vec<Capability>) = mirror.port().call((&one, [&two, &one])).await?;
    println!("{}", back == (one.clone(), vec![two.clone(), one.clone()]));
    #[expect(
        clippy::mutable_key_type,
        reason = "what a handle has asked the host once is no part of its value"
    )]
    let set: HashSet<_> = [one.clone(), two, back.0].into_iter().collect();
    println!("{}", set.len());
    // A port is one, too; and one is no port to anybody.
    let port = Capability::from(mirror.port());
    let back: SendPort = mirror.port().call(&port).await?;
    println!("{}", back == *mirror.port());
    let back: SendPort = mirror.port().call(&one).await?;
    println!("{:?}", back.send("anybody?"));
    mirror.kill()?;
    Ok(())
}

#[derive(Serialize, Deserialize)]
struct Job {
    worker: Control,
    done: SendPort,
}

/// Tries everything with what it was given.
#[entry]
async fn tries(job: Job) -> Result<(), Failure> {
    let Job { worker, done } = job;
    let tried = vec![
        worker.responds(Priority::Immediate).await,
        worker.pause_with(&Capability::from(&done)).is_ok(),
        worker.resume(&Capability::from(&done)).is_ok(),
        worker.set_errors_fatal(true).is_ok(),
        worker.kill().is_ok(),
    ];
    done.send(tried)?;
    Ok(())
}

/// What somebody may do with such a handle: ping, pause, resume, say what is
/// fatal, kill.
async fn tried(worker: Control) -> Result<Vec<bool>, Failure> {
    let done = port().send_port();
    Isolate::spawn(tries, Job { worker, done });
    Ok(port().recv_as().await?)
}

#[entry]
async fn rights() -> Result<(), Failure> {
    let worker = Isolate::spawn(mirror, ());
    println!("{:?}", tried(worker.without_rights()?).await?);
    println!("{:?}", tried(worker.with_only(&[Right::Pause])?).await?);
    println!("{}", worker.responds(Priority::Immediate).await);
    println!("{:?}", tried(worker.with_only(&[Right::Terminate])?).await?);
    println!("{}", worker.monitor().await.reason);
    let worker = Isolate::spawn(mirror, ());
    println!("{:?}", tried(worker.control().clone()).await?);
    Ok(())
}

/// Neither another isolate's capabilities nor one's own are rights.
#[entry]
async fn forged() -> Result<(), Failure> {
    let (one, other) = (Isolate::spawn(mirror, ()), Isolate::spawn(mirror, ()));
    let wrong = [
        (other.pause_capability()?, other.terminate_capability()?),
        (one.terminate_capability()?, one.pause_capability()?),
        (Capability::new(), Capability::new()),
        (one.port().into(), one.control_port()?.into()),
    ];
    for (pause, terminate) in wrong {
        let forged = Control::new(&one.control_port()?, Some(&pause), Some(&terminate))?;
        println!("{:?} {:?}", forged.pause().err(), forged.kill().err());
    }
    let (pause, terminate) = (one.pause_capability()?, one.terminate_capability()?);
    let made = Control::new(&one.control_port()?, Some(&pause), Some(&terminate))?;
    println!("{} {}", made == *one.control(), made == *other.control());
    println!("{} {}", made.name() == one.name(), made.pause().is_ok());
    for port in [one.port(), &port().send_port()] {
        match Control::new(port, None, None) {
            Ok(made) => println!("{made:?}"),
            Err(error) => println!("{error}"),
        }
    }
    println!("{:?}", one.control_port()?.send("anybody?"));
    one.kill()?;
    other.kill()?;
    Ok(())
}

/// A whole handle, with its port, there and back.
#[entry]
async fn travel() -> Result<(), Failure> {
    let mirror = Isolate::spawn(mirror, ());
    let back: Isolate = mirror.port().call(&mirror).await?;
    println!("{}", back == mirror);
    println!("{}", back.port().call::<String>("hello").await?);
    back.kill()?;
    println!("{}", mirror.monitor().await.reason);
    Ok(())
}

#[main]
fn main() {}
