//! Killing, pausing and pinging, and being told of the end.

use insula_guest::*;
use std::time::Duration;

type Failure = Box<dyn std::error::Error>;

/// Sends on what it is told.
#[entry]
fn relay(to: SendPort) {
    port().receive(move |text: String, _| {
        to.send(text).ok();
    });
}

#[entry]
fn loops(begun: SendPort) {
    begun.send(()).ok();
    loop {
        std::hint::black_box(0);
    }
}

/// A blocking call of the host's, and no waiting of the SDK's.
#[entry]
fn sleeps(begun: SendPort) {
    begun.send(()).ok();
    std::thread::sleep(Duration::from_secs(100_000));
}

#[entry]
fn listens() {
    port().receive(|_: Value, _| {});
}

#[entry]
fn ends() {}

/// Whatever an isolate is doing, to kill it ends it at once.
#[entry]
async fn kill() -> Result<(), Failure> {
    let begun = port().send_port();
    let looping = Isolate::spawn(loops, begun.clone());
    let asleep = Isolate::spawn(sleeps, begun);
    for _ in 0..2 {
        port().recv_as::<()>().await?;
    }
    // Whatever they do, they answer.
    println!("{}", looping.responds(Priority::Immediate).await);
    println!("{}", asleep.responds(Priority::Immediate).await);
    let idle = Isolate::spawn(listens, ());
    idle.responds(Priority::BeforeNextEvent).await;
    let paused = Isolate::spawn(listens, ());
    paused.pause()?;
    let not_begun = SpawnOptions::new().paused(true).spawn(ends, ())?;
    for isolate in [looping, asleep, idle, paused, not_begun] {
        isolate.kill()?;
        println!("{}", isolate.monitor().await.reason);
    }
    let dead = Isolate::spawn(ends, ());
    dead.monitor().await;
    dead.kill()?;
    println!("{}", dead.monitor().await.reason);
    Ok(())
}

/// After the current event, before what waits, and not while it is paused.
#[entry]
async fn kill_before_next_event() -> Result<(), Failure> {
    let told = ReceivePort::new();
    let relay = Isolate::spawn(relay, told.send_port());
    relay.port().send("a message before")?;
    println!("{}", told.recv_as::<String>().await?);
    relay.add_exit_listener(&told.send_port(), "the end")?;
    let pause = relay.pause()?;
    relay.port().send("a message that waits")?;
    relay.kill_with(Priority::BeforeNextEvent)?;
    println!("paused: {}", relay.responds(Priority::Immediate).await);
    relay.resume(&pause)?;
    println!("{}", told.recv_as::<String>().await?);
    println!("{}", relay.monitor().await.reason);
    // It has no next event.
    let looping = Isolate::spawn(loops, told.send_port());
    told.recv_as::<()>().await?;
    looping.kill_with(Priority::BeforeNextEvent)?;
    println!("looping: {}", looping.responds(Priority::Immediate).await);
    looping.kill()?;
    println!("{}", looping.monitor().await.reason);
    Ok(())
}

#[entry]
fn kills_itself() -> Result<(), Failure> {
    port().receive(|_: Value, _| {});
    println!("before");
    Control::current().kill()?;
    println!("never");
    Ok(())
}

/// The first isolate of its group, and the first to end.
#[entry]
fn leaves_a_child() {
    Isolate::spawn(is_left, Control::current());
}

#[entry]
async fn is_left(parent: Control) {
    println!("its parent {}", parent.monitor().await.reason);
    sleep(Duration::from_millis(1)).await;
    println!("goes on");
}

#[entry]
fn has_children((depth, begun): (u32, SendPort)) {
    port().receive(|_: Value, _| {});
    if depth > 0 {
        Isolate::spawn(has_children, (depth - 1, begun.clone()));
    }
    begun.send(()).ok();
}

#[entry]
async fn kill_tree() -> Result<(), Failure> {
    let root = Isolate::spawn(has_children, (3, port().send_port()));
    let bystander = Isolate::spawn(listens, ());
    for _ in 0..4 {
        port().recv_as::<()>().await?;
    }
    root.kill_tree()?;
    println!("{}", root.monitor().await.reason);
    println!("{}", bystander.responds(Priority::Immediate).await);
    bystander.kill()?;
    Ok(())
}

/// A pause is a set of capabilities, and what is sent meanwhile is kept.
#[entry]
async fn pause() -> Result<(), Failure> {
    let told = ReceivePort::new();
    let relay = Isolate::spawn(relay, told.send_port());
    let (one, two) = (Capability::new(), Capability::new());
    relay.pause_with(&one)?;
    relay.pause_with(&one)?;
    relay.pause_with(&two)?;
    for text in ["first", "second", "third"] {
        relay.port().send(text)?;
    }
    relay.resume(&Capability::new())?;
    relay.resume(&one)?;
    // What was resumed once is not owed.
    relay.resume(&one)?;
    relay.ping(&told.send_port(), "it is paused", Priority::Immediate)?;
    let at_rest = "it goes on";
    relay.ping(&told.send_port(), at_rest, Priority::BeforeNextEvent)?;
    println!("{}", told.recv_as::<String>().await?);
    relay.resume(&two)?;
    for _ in 0..4 {
        println!("{}", told.recv_as::<String>().await?);
    }
    relay.kill()?;
    Ok(())
}

/// Is due when it is paused already.
#[entry]
fn is_due(to: SendPort) -> Result<(), Failure> {
    let own = Control::current();
    own.pause_with(&Capability::from(&to))?;
    to.send(("is paused", own))?;
    let due = move || to.send(("is due", Control::current()));
    Timer::after(Duration::ZERO, due).detach();
    Ok(())
}

#[entry]
async fn pause_keeps_timers() -> Result<(), Failure> {
    let told = port().send_port();
    Isolate::spawn(is_due, told.clone());
    let (text, paused): (String, Control) = port().recv_as().await?;
    println!("{text}");
    // Time enough for a timer that is not kept.
    sleep(Duration::from_millis(20)).await;
    told.send(("goes on", &paused))?;
    paused.resume(&Capability::from(&told))?;
    for _ in 0..2 {
        println!("{}", port().recv_as::<(String, Control)>().await?.0);
    }
    Ok(())
}

/// Control messages of one sender keep their order.
#[entry]
async fn pings() -> Result<(), Failure> {
    let told = ReceivePort::new();
    let relay = Isolate::spawn(relay, told.send_port());
    let pause = relay.pause()?;
    relay.port().send("a message")?;
    for text in ["ping 1", "ping 2", "ping 3"] {
        relay.ping(&told.send_port(), text, Priority::BeforeNextEvent)?;
    }
    relay.ping(&told.send_port(), "at once", Priority::Immediate)?;
    println!("{}", told.recv_as::<String>().await?);
    relay.resume(&pause)?;
    for _ in 0..4 {
        println!("{}", told.recv_as::<String>().await?);
    }
    relay.kill()?;
    relay.monitor().await;
    for priority in [Priority::Immediate, Priority::BeforeNextEvent] {
        println!("{:?}", relay.ping(&told.send_port(), "never", priority));
        println!("{}", relay.responds(priority).await);
    }
    Ok(())
}

/// Nobody has the ports any more that were sent to the dead or the dying.
#[entry]
async fn ports_of_the_dead() -> Result<(), Failure> {
    let paused = Isolate::spawn(listens, ());
    paused.pause()?;
    let call = paused.port().call::<()>("waits there");
    paused.kill()?;
    println!("{:?}", call.await);
    println!("{:?}", paused.port().call::<()>("never there").await);
    Ok(())
}

/// Isolates that are killed whenever it happens to be, by themselves as well.
#[entry]
async fn races(count: u32) -> Result<(), Failure> {
    let mut ends = Vec::new();
    for number in 0..count {
        let paused = number % 7 == 0;
        let options = SpawnOptions::new().paused(paused);
        let isolate = options.spawn(relay, port().send_port())?;
        ends.push(isolate.monitor());
        isolate.port().send("a message").ok();
        let priority = match number % 3 {
            0 => Priority::Immediate,
            _ => Priority::BeforeNextEvent,
        };
        match number % 5 {
            0 => {
                isolate.responds(Priority::Immediate).await;
            }
            1 if !paused => {
                port().recv().await;
            }
            _ => {}
        }
        isolate.kill_with(priority)?;
        isolate.start()?;
        if number % 4 == 0 {
            isolate.kill_tree()?;
        }
        // So many at once.
        if ends.len() == 16 {
            for end in ends.drain(..) {
                assert_eq!(end.await.reason, ExitReason::Killed);
            }
        }
    }
    for end in ends {
        assert_eq!(end.await.reason, ExitReason::Killed);
    }
    println!("all are gone");
    Ok(())
}

/// It ends when told to, after it has sent something.
#[entry]
fn says_good_bye(to: SendPort) {
    port().receive(move |_: Value, _| {
        for number in 0..3 {
            to.send(format!("message {number}")).ok();
        }
        isolate::exit();
    });
}

#[entry]
async fn exit_listeners() -> Result<(), Failure> {
    let (told, removed) = (ReceivePort::new(), ReceivePort::new());
    let child = Isolate::spawn(says_good_bye, told.send_port());
    child.add_exit_listener(&told.send_port(), "the older response")?;
    child.add_exit_listener(&told.send_port(), "the newer response")?;
    child.add_exit_listener(&removed.send_port(), "never")?;
    child.remove_exit_listener(&removed.send_port());
    child.port().send(())?;
    for _ in 0..4 {
        println!("{}", told.recv_as::<String>().await?);
    }
    println!("{}", child.monitor().await.reason);
    // Too late for Dart's, at once for a monitor.
    println!("{:?}", child.add_exit_listener(&told.send_port(), "never"));
    child.add_monitor(&told.send_port(), "of the dead")?;
    let (text, reason): (String, ExitReason) = told.recv_as().await?;
    println!("{text}: {reason}");
    for port in [told, removed] {
        port.send_port().send("nothing else")?;
        println!("{}", port.recv_as::<String>().await?);
    }
    Ok(())
}

#[main]
fn main() {}
