//! Supervisors: what each strategy does, when one gives up, and one under another.

use insula_guest::supervisor::*;
use insula_guest::*;
use std::time::Duration;

const SOON: Duration = Duration::from_millis(20);
const HOUR: Duration = Duration::from_secs(3600);

/// Does as it is told.
#[entry]
fn worker() {
    port().receive(
        |order: String, reply: Option<SendPort>| match order.as_str() {
            "panic" => panic!("as it was told"),
            "end" => port().close(),
            "loop" => loop {
                std::hint::spin_loop();
            },
            _ => {
                if let Some(reply) = reply {
                    reply.send(isolate::name()).ok();
                }
            }
        },
    );
}

fn child(name: &str) -> ChildSpec {
    ChildSpec::new(name, worker, ())
}

/// What happens to the children, a line each; the parts of a backtrace and of a
/// place are left out.
fn observed(supervisor: Supervisor) -> (Supervisor, ReceivePort) {
    let events = ReceivePort::new();
    let to = events.send_port();
    let supervisor = supervisor.observe(move |event| {
        let line = match event {
            ChildEvent::Ended {
                child,
                reason: ExitReason::Panicked { message, .. },
            } => {
                format!("{child} panicked: {message}")
            }
            event => event.to_string(),
        };
        to.send(line).expect("main listens");
    });
    (supervisor, events)
}

async fn print(events: &ReceivePort, count: usize) {
    for _ in 0..count {
        let line: String = events.recv_as().await.expect("it is open");
        println!("  {line}");
    }
}

async fn strategy(strategy: Strategy) -> Result<(), SupervisorError> {
    println!("{strategy:?}");
    let (supervisor, events) = observed(Supervisor::new(strategy));
    let supervisor = ["one", "two", "three"]
        .into_iter()
        .fold(supervisor, |supervisor, name| supervisor.child(child(name)))
        .start()?;
    print(&events, 3).await;
    let before = supervisor.port("two").expect("it runs");
    before.send("panic").expect("it runs");
    let restarted = match strategy {
        Strategy::OneForOne => 2,
        Strategy::OneForAll => 6,
        Strategy::RestForOne => 4,
    };
    print(&events, restarted).await;
    let after = supervisor.port("two").expect("it runs again");
    assert_ne!(before, after, "a new isolate has a new port");
    let name: String = after.call("who are you?").await.expect("it answers");
    println!(
        "  it answers: {}",
        name.split('#').next().unwrap_or_default()
    );
    println!("  stopped: {:?}", supervisor.stop().await);
    print(&events, 3).await;
    Ok(())
}

/// One restart too many.
async fn giving_up() -> Result<(), SupervisorError> {
    println!("giving up");
    let (supervisor, events) = observed(Supervisor::new(Strategy::OneForOne).intensity(1, HOUR));
    let supervisor = supervisor
        .child(child("one"))
        .child(child("two"))
        .child(child("three"))
        .start()?;
    print(&events, 3).await;
    supervisor.port("two").expect("it runs").send("panic").ok();
    print(&events, 2).await;
    supervisor.port("one").expect("it runs").send("end").ok();
    let error = supervisor.wait().await.expect_err("it is one too many");
    print(&events, 3).await;
    println!("  {error}");
    println!(
        "  one more: {}",
        supervisor.add(child("four")).expect_err("it is over")
    );
    Ok(())
}

/// Which ends count.
async fn kinds() -> Result<(), SupervisorError> {
    println!("kinds of restart");
    let (supervisor, events) = observed(Supervisor::new(Strategy::OneForOne).intensity(9, HOUR));
    let supervisor = supervisor
        .child(child("permanent"))
        .child(child("transient").restart(Restart::Transient))
        .child(child("temporary").restart(Restart::Temporary))
        .start()?;
    print(&events, 3).await;
    for (name, order, lines) in [
        ("permanent", "end", 2),
        ("transient", "panic", 2),
        ("transient", "end", 1),
        ("temporary", "panic", 1),
    ] {
        supervisor.port(name).expect("it runs").send(order).ok();
        print(&events, lines).await;
    }
    // The supervisor has dealt with the last one when it has dealt with this.
    supervisor.end("permanent").await?;
    print(&events, 1).await;
    println!("  over: {:?}", supervisor.wait().await);
    Ok(())
}

/// Children that come and go.
async fn at_run_time() -> Result<(), SupervisorError> {
    println!("children at run time");
    let (supervisor, events) =
        observed(Supervisor::new(Strategy::OneForAll).stays_when_empty(true));
    let supervisor = supervisor.start()?;
    supervisor.add(child("one"))?;
    supervisor.add(child("two").restart(Restart::Transient))?;
    print(&events, 2).await;
    println!(
        "  one more: {}",
        supervisor.add(child("two")).expect_err("it is taken")
    );
    supervisor.end("one").await?;
    print(&events, 1).await;
    println!("  one: {:?}", supervisor.port("one"));
    println!(
        "  once more: {}",
        supervisor.end("one").await.expect_err("it is gone")
    );
    for child in supervisor.children() {
        println!("  left: {}, {} restarts", child.name, child.restarts);
    }
    supervisor.stop().await?;
    print(&events, 1).await;
    Ok(())
}

/// Ways to end a child that does not want to.
async fn shutdowns() -> Result<(), SupervisorError> {
    println!("shutdowns");
    let (supervisor, events) = observed(Supervisor::new(Strategy::OneForOne));
    let supervisor = supervisor
        .child(child("killed").shutdown(Shutdown::kill()))
        .child(child("asked").shutdown(Shutdown::ask("end", HOUR)))
        .child(child("deaf").shutdown(Shutdown::ask("what?", SOON)))
        .child(child("busy").shutdown(Shutdown::after_event(SOON)))
        .start()?;
    print(&events, 4).await;
    for name in ["killed", "busy"] {
        supervisor.port(name).expect("it runs").send("loop").ok();
    }
    supervisor.stop().await?;
    print(&events, 4).await;
    Ok(())
}

/// A supervisor as a child, which has a child of its own.
#[entry]
async fn inner(to: SendPort) -> Result<(), SupervisorError> {
    let supervisor = Supervisor::new(Strategy::OneForOne)
        .intensity(0, HOUR)
        .child(child("innermost"))
        .start()?;
    to.send(supervisor.port("innermost").expect("it runs")).ok();
    supervisor.wait().await
}

/// What the inner one cannot deal with is for the outer one.
async fn nested() -> Result<(), SupervisorError> {
    println!("a supervisor under a supervisor");
    let started = ReceivePort::new();
    let spec = ChildSpec::new("inner", inner, started.send_port());
    let supervisor = Supervisor::new(Strategy::OneForOne).child(spec).start()?;
    let first: SendPort = started.recv_as().await.expect("it starts");
    first.send("panic").ok();
    let second: SendPort = started.recv_as().await.expect("it is started again");
    println!("  started again: {}", first != second && first.is_closed());
    supervisor.isolate("inner").expect("it runs").kill().ok();
    second.closed().await;
    println!("  killed, and its child with it");
    let error = supervisor.wait().await.expect_err("it is one too many");
    println!("  {error}");
    Ok(())
}

/// Leaves its child alone.
#[entry]
fn leaving(to: SendPort) {
    let supervisor = Supervisor::new(Strategy::OneForOne).child(child("left behind"));
    let supervisor = supervisor.start().expect("there is room");
    to.send(supervisor.isolate("left behind")).ok();
    isolate::exit();
}

/// Only an end other than in peace is one for the children, too.
async fn ending_in_peace() {
    println!("the end of a supervisor's isolate in peace");
    let started = ReceivePort::new();
    let parent = Isolate::spawn(leaving, started.send_port());
    let child: Isolate = started.recv_as().await.expect("it starts");
    println!("  it {}", parent.monitor().await.reason);
    let answer = child.port().call::<String>("who are you?").await;
    println!("  its child goes on: {}", answer.is_ok());
    child.kill().ok();
}

#[main]
async fn main() -> Result<(), SupervisorError> {
    strategy(Strategy::OneForOne).await?;
    strategy(Strategy::OneForAll).await?;
    strategy(Strategy::RestForOne).await?;
    giving_up().await?;
    kinds().await?;
    at_run_time().await?;
    shutdowns().await?;
    ending_in_peace().await;
    nested().await
}
