//! Raw receive ports: a handler that changes, messages that find none, and ports
//! that keep no isolate alive. And what any handler may do to its own port.

use insula_guest::*;
use std::cell::RefCell;
use std::rc::Rc;

/// Waits until all that this isolate has sent to itself has arrived.
async fn settle() {
    let last = ReceivePort::new();
    last.send_port().send(()).expect("it is open");
    last.recv().await;
}

type Log = Rc<RefCell<Vec<String>>>;

fn record(log: &Log, name: &'static str) -> impl FnMut(String, Option<SendPort>) + 'static {
    let log = Rc::clone(log);
    move |message, _| log.borrow_mut().push(format!("{name} got {message}"))
}

async fn report(log: &Log) {
    settle().await;
    for line in log.take() {
        println!("  {line}");
    }
}

/// Listens for ever, and is not kept alive by it.
#[entry]
fn bystander() {
    let raw = RawReceivePort::new(|(): (), _| {});
    raw.set_keep_isolate_alive(false);
    port().set_keep_isolate_alive(false);
    port().receive(|(): (), _| {});
}

/// Is kept alive by a port that has not even a handler.
#[entry]
fn sitter(to: SendPort) {
    let raw = RawReceivePort::without_handler();
    to.send(raw.send_port()).ok();
    std::mem::forget(raw);
}

#[main]
async fn main() -> Result<(), SendError> {
    let log = Log::default();

    println!("a message without a handler is lost");
    let raw = RawReceivePort::without_handler();
    let to = raw.send_port();
    to.send("one")?;
    settle().await;
    raw.set_handler(record(&log, "first handler"));
    to.send("two")?;
    report(&log).await;

    println!("a handler is replaced and taken away");
    raw.set_handler(record(&log, "second handler"));
    to.send("three")?;
    report(&log).await;
    raw.clear_handler();
    to.send("four")?;
    settle().await;
    raw.set_handler(record(&log, "third handler"));
    to.send("five")?;
    report(&log).await;

    println!("a handler replaces itself, and the one after it takes itself away");
    let (port, then) = (raw.clone(), log.clone());
    raw.set_handler(move |message: String, _| {
        record(&then, "fourth handler")(message, None);
        let (inner, then) = (port.clone(), then.clone());
        port.set_handler(move |message: String, _| {
            record(&then, "fifth handler")(message, None);
            inner.clear_handler();
        });
    });
    for message in ["six", "seven", "eight"] {
        to.send(message)?;
    }
    report(&log).await;

    println!("a handler sends to itself and closes its port");
    let (port, own, then) = (raw.clone(), to.clone(), log.clone());
    raw.set_handler(move |message: String, _| {
        record(&then, "sixth handler")(message.clone(), None);
        if message == "nine" {
            own.send("ten").expect("it is open");
            own.send("eleven").expect("it is open");
        } else {
            port.close();
        }
    });
    to.send("nine")?;
    settle().await;
    report(&log).await;
    println!("  sending to it: {:?}", to.send("twelve"));
    println!(
        "  closed: {}, keeps alive: {}",
        raw.is_closed(),
        raw.keeps_isolate_alive()
    );

    println!("a raw port becomes one with room for messages");
    let raw = RawReceivePort::new(record(&log, "a raw handler"));
    let to = raw.send_port();
    to.send("thirteen")?;
    report(&log).await;
    let port = ReceivePort::from_raw(raw);
    to.send("fourteen")?;
    settle().await;
    println!(
        "  it kept {}",
        port.recv_as::<String>().await.expect("it is open")
    );
    port.close();

    println!("who keeps an isolate alive");
    println!(
        "  bystander {}",
        Isolate::spawn(bystander, ()).monitor().await.reason
    );
    let started = ReceivePort::new();
    let sitter = Isolate::spawn(sitter, started.send_port());
    let raw: SendPort = started.recv_as().await.expect("it starts");
    raw.send("lost")?;
    println!(
        "  sitter is there: {}",
        sitter.responds(Priority::BeforeNextEvent).await
    );
    sitter.kill().ok();
    println!("  sitter {}", sitter.monitor().await.reason);
    Ok(())
}
