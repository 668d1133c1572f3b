//! Isolates that fail, and what others make of it: the guide's chapter on supervision.

use insula_guest::supervisor::*;
use insula_guest::*;
use std::time::Duration;

// ANCHOR: oven
/// Bakes what it is sent, and does not take everything.
#[entry]
fn oven(opened: SendPort) {
    port().receive(|bread: String, reply: Option<SendPort>| {
        if bread == "stones" {
            panic!("stones are no dough");
        }
        if let Some(reply) = reply {
            reply.send(format!("one {bread}, warm")).ok();
        }
    });
    // Who waits for an oven is told of each new one.
    opened.send(port().send_port()).ok();
}
// ANCHOR_END: oven

// ANCHOR: monitor
#[entry]
async fn monitors() {
    let oven = Isolate::spawn(oven, port().send_port());
    oven.port().send("stones").ok();
    let exit = oven.monitor().await;
    match exit.reason {
        ExitReason::Panicked { message, .. } => println!("it panicked: {message}"),
        other => println!("it {other}"),
    }
}
// ANCHOR_END: monitor

// ANCHOR: link
#[entry]
fn helper(oven: Control) -> Result<(), ControlError> {
    // From now on each ends when the other fails.
    oven.link()?;
    port().receive(|_: (), _| {});
    Ok(())
}

#[entry]
async fn links() {
    let oven = Isolate::spawn(oven, port().send_port());
    let helper = Isolate::spawn(helper, oven.control().clone());
    helper.responds(Priority::BeforeNextEvent).await;
    oven.port().send("stones").ok();
    match helper.monitor().await.reason {
        ExitReason::Linked { isolate, .. } => println!("it went with {isolate}"),
        other => println!("it {other}"),
    }
}
// ANCHOR_END: link

// ANCHOR: supervisor
#[main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let opened = ReceivePort::new();
    let bakery = Supervisor::new(Strategy::OneForOne)
        .intensity(3, Duration::from_secs(10))
        .child(ChildSpec::new("oven", oven, opened.send_port()))
        .observe(|event| match event {
            ChildEvent::Started { child, restarts } => {
                println!("{child} started, after {restarts} restarts");
            }
            ChildEvent::Ended { child, .. } => println!("{child} ended"),
            _ => {}
        })
        .start()?;

    let oven: SendPort = opened.recv_as().await?;
    println!("{}", oven.call::<String>("loaf").await?);
    println!("{:?}", oven.call::<String>("stones").await);

    // Another isolate, with another port.
    let oven: SendPort = opened.recv_as().await?;
    println!("{}", oven.call::<String>("roll").await?);
    bakery.stop().await?;
    Ok(())
}
// ANCHOR_END: supervisor

// ANCHOR: names
#[entry]
async fn by_name() -> Result<(), Box<dyn std::error::Error>> {
    let oven = Isolate::spawn(oven, port().send_port());
    names::register("oven", oven.port())?;

    // And anywhere in the same group:
    let oven = names::lookup("oven")?.ok_or("there is no oven")?;
    println!("{}", oven.call::<String>("loaf").await?);
    Ok(())
}
// ANCHOR_END: names

// ANCHOR: intensity
#[entry]
fn broken_oven() {
    panic!("it does not even light");
}

#[entry]
async fn gives_up() -> Result<(), SupervisorError> {
    Supervisor::new(Strategy::OneForOne)
        .intensity(2, Duration::from_secs(10))
        .child(ChildSpec::new("oven", broken_oven, ()))
        .run()
        .await
}
// ANCHOR_END: intensity
