//! Selective receive: the first message that is wanted, the others kept in order.

use insula_guest::*;
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;

/// Waits until all that this isolate has sent to itself has arrived.
async fn settle() {
    let last = ReceivePort::new();
    last.send_port().send(()).expect("it is open");
    last.recv().await;
}

/// Lets the other tasks run up to where they wait.
async fn give_way() {
    settle().await;
}

fn send(port: &ReceivePort, numbers: impl IntoIterator<Item = u32>) {
    let to = port.send_port();
    for number in numbers {
        to.send(number).expect("there is room");
    }
}

fn number(message: &Message) -> u32 {
    message.decode().expect("a number")
}

async fn next(port: &ReceivePort) -> u32 {
    port.recv_as().await.expect("it is open")
}

#[main]
async fn main() {
    let port = ReceivePort::new();

    send(&port, [1, 2, 3, 40, 5]);
    let limit = 9;
    let big = port.recv_where(|message| number(message) > limit).await;
    println!(
        "the first that is wanted: {}",
        number(&big.expect("it is open"))
    );
    let even = port
        .recv_as_where(|number: &u32| number.is_multiple_of(2))
        .await;
    println!("as a type: {:?}", even);
    println!(
        "the others in order: {} {} {}",
        next(&port).await,
        next(&port).await,
        next(&port).await
    );

    // Everybody gets what they wait for, in the order in which they began to.
    let log = Rc::new(RefCell::new(Vec::new()));
    let wait = |name: &'static str, wanted: fn(&u32) -> bool| {
        let (port, log) = (port.clone(), Rc::clone(&log));
        spawn_task(async move {
            let number = port.recv_as_where(wanted).await.expect("it is open");
            log.borrow_mut().push(format!("{name} {number}"));
        })
    };
    let plain = |name: &'static str| {
        let (port, log) = (port.clone(), Rc::clone(&log));
        spawn_task(async move {
            let number = next(&port).await;
            log.borrow_mut().push(format!("{name} {number}"));
        })
    };
    let tasks = [
        wait("odd:", |number| number % 2 == 1),
        plain("any:"),
        wait("small:", |number| *number < 10),
        plain("any again:"),
    ];
    give_way().await;
    let handled = Rc::clone(&log);
    port.receive(move |number: u32, _| handled.borrow_mut().push(format!("handler: {number}")));
    send(&port, [20, 22, 24, 26, 3, 4]);
    for task in tasks {
        task.await;
    }
    settle().await;
    println!("{}", log.take().join(", "));

    // A stream waits in the same line.
    let streamed = ReceivePort::new();
    let mut messages = pin!(streamed.messages());
    let mut first = poll_fn(|context| {
        Poll::Ready(futures_core::Stream::poll_next(messages.as_mut(), context).is_pending())
    });
    println!("a stream waits: {}", Pin::new(&mut first).await);
    let other = {
        let streamed = streamed.clone();
        spawn_task(async move { streamed.recv_as_where(|number: &u32| *number == 1).await })
    };
    give_way().await;
    send(&streamed, [1, 2, 1]);
    let item = poll_fn(|context| futures_core::Stream::poll_next(messages.as_mut(), context)).await;
    println!("and is first: {}", number(&item.expect("it is open")));
    println!("then the one who wants it: {:?}", other.await);
    println!("and one is left: {}", next(&streamed).await);

    // One that is dropped takes nothing along, whatever it has looked at.
    let kept = ReceivePort::new();
    send(&kept, [1, 2]);
    let mut none = kept.recv_where(|_| false);
    let pending = poll_fn(|context| {
        let pending = Future::poll(Pin::new(&mut none), context).is_pending();
        Poll::Ready(pending)
    })
    .await;
    settle().await;
    println!("nobody wants these: {pending}");
    drop(none);
    println!(
        "nothing is lost: {} {}",
        next(&kept).await,
        next(&kept).await
    );

    // It may close the port that it looks at.
    send(&kept, [1, 2]);
    let closing = kept.clone();
    let closed = kept.recv_where(move |_| {
        closing.close();
        false
    });
    println!("closed by who looks: {:?}", closed.await.is_none());
    println!(
        "closed for a type: {:?}",
        kept.recv_as_where(|_: &u32| true).await
    );
}
