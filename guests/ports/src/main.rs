//! Receive ports, one claim after the other.

use insula_guest::*;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// Waits until all that this isolate has sent to itself has arrived: messages
/// come in the order in which they were sent, to whichever of its ports.
async fn settle() {
    let last = ReceivePort::new();
    last.send_port().send(()).expect("it is open");
    last.recv().await;
}

type Log = Rc<RefCell<Vec<String>>>;

/// A handler that writes down what it gets.
fn record(log: &Log, name: &'static str) -> impl FnMut(String, Option<SendPort>) + 'static {
    let log = Rc::clone(log);
    move |message, reply| {
        let answer = if reply.is_some() {
            " and wants an answer"
        } else {
            ""
        };
        log.borrow_mut()
            .push(format!("{name} got {message}{answer}"));
    }
}

async fn report(log: &Log) {
    settle().await;
    for line in log.take() {
        println!("  {line}");
    }
}

/// Ends at once: it listens to nothing.
#[entry]
fn short_lived() {}

/// Takes three of many messages, and then the others, at both ports that they were
/// sent to in turn.
#[entry]
async fn in_pieces() -> Result<(), SendError> {
    let ports = [ReceivePort::new(), ReceivePort::new()];
    for number in 0..200 {
        ports[number % 2].send_port().send(number)?;
    }
    let mut order = Vec::new();
    for _ in 0..3 {
        order.extend(ports[0].recv_as::<usize>().await);
    }
    // Not even the first port listens at this moment.
    settle().await;
    let rest = Rc::new(RefCell::new(Vec::new()));
    for port in &ports {
        let (rest, closing) = (Rc::clone(&rest), port.clone());
        port.receive(move |number: usize, _| {
            rest.borrow_mut().push(number);
            if number >= 150 {
                closing.close();
            }
        });
    }
    settle().await;
    order.append(&mut rest.borrow_mut());
    println!("{order:?}");
    Ok(())
}

#[main]
async fn main() -> Result<(), SendError> {
    let log = Log::default();

    println!("earlier messages are kept for the first handler");
    let own = port().send_port();
    own.send("one")?;
    own.send("two")?;
    settle().await;
    port().receive(record(&log, "first handler"));
    report(&log).await;

    println!("a second handler takes the place of the first");
    port().receive(record(&log, "second handler"));
    own.send("three")?;
    report(&log).await;

    println!("the reply is empty when the sender gave none");
    own.send("four")?;
    own.send_with_reply("five", &port())?;
    report(&log).await;

    println!("a handler gives its place to another one");
    let (replacing, then) = (port(), log.clone());
    port().receive(move |message: String, _| {
        then.borrow_mut()
            .push(format!("third handler got {message}, once"));
        replacing.receive(record(&then, "fourth handler"));
    });
    own.send("six")?;
    own.send("seven")?;
    report(&log).await;

    println!("a message of another type is dropped");
    own.send(8)?;
    own.send("nine")?;
    report(&log).await;

    println!("more ports, each with messages of its own");
    let more = [ReceivePort::new(), ReceivePort::new()];
    more[0].receive(record(&log, "one more port"));
    more[1].receive(record(&log, "another port"));
    more[1].send_port().send("ten")?;
    more[0].send_port().send("eleven")?;
    report(&log).await;

    println!("closing drops what is queued, and may be done twice");
    let closing = more[0].send_port();
    closing.send("never seen")?;
    more[0].close();
    more[0].close();
    println!("  sending to it: {:?}", closing.send("nor this"));
    println!("  receiving: {:?}", more[0].recv_as::<String>().await);
    more[0].receive(record(&log, "a closed port"));
    report(&log).await;

    println!("a handler closes its own port");
    let (port_to_close, then) = (more[1].clone(), log.clone());
    more[1].receive(move |message: String, _| {
        then.borrow_mut().push(format!("got {message} and closes"));
        port_to_close.close();
    });
    let closing = more[1].send_port();
    closing.send("twelve")?;
    closing.send("never seen")?;
    report(&log).await;

    println!("an isolate that listens to nothing ends, and sending to it harms nobody");
    let gone = spawn_function(short_lived);
    let error = loop {
        if let Err(error) = gone.send("anybody there?") {
            break error;
        }
        sleep(Duration::from_millis(1)).await;
    };
    println!("  sending to it: {error}");

    println!("main ends when it has closed its own port");
    port().close();
    Ok(())
}
