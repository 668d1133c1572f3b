//! Talks to a program in C, `c_peer.wasm` beside it: calls both ways, ports both ways,
//! and ends of either as the other sees them.

use insula_guest::*;
use serde::{Deserialize, Serialize};
use std::time::Duration;

const PEER: &str = "c_peer.wasm";

/// What the program in C can be asked.
#[derive(Serialize)]
enum Ask {
    Echo(Value),
    Sum(Vec<i64>),
    Reverse(Bytes),
    Describe(Thing),
    Give,
    TurnAround(Vec<SendPort>),
    Fill(u64),
    Graphs,
    Call {
        port: SendPort,
        message: Value,
        milliseconds: Option<u64>,
    },
    Spawn {
        uri: &'static str,
        entry: &'static str,
        message: Value,
    },
    Kill(Control),
    Child,
    Silence,
    Fail,
    Panic,
    Stop,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Thing {
    name: String,
    age: u32,
    nothing: Option<f64>,
    colour: Colour,
    at: (f64, f64),
    tags: Vec<String>,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
enum Colour {
    Red,
    Mixed(u8, u8, u8),
}

/// Answers with twice the number; fails at none.
#[entry]
fn doubler() {
    port().receive(|message: Value, reply: Option<SendPort>| {
        let Value::Int(number) = message else {
            return Err(format!("not a number: {message:?}"));
        };
        reply
            .ok_or("no reply port")?
            .send(2 * number)
            .map_err(|error| error.to_string())?;
        if number == 0 {
            return Err("nothing twice".to_owned());
        }
        port().close();
        Ok(())
    });
}

fn peer() -> Result<Isolate, SpawnError> {
    SpawnOptions::new()
        .all_capabilities()
        .spawn_uri(PEER, "peer", ())
}

type Anything = Box<dyn std::error::Error>;

/// All kinds of values, there and back.
async fn values(peer: &SendPort) -> Result<(), Anything> {
    let value = Value::map([
        (Value::from("null"), Value::Null),
        (Value::from(true), Value::from(-1)),
        (Value::from(1.5), Value::from(i64::MIN)),
        (
            Value::list([1, 2]),
            Value::from(vec![0u8, 255].into_iter().collect::<Vec<u8>>()),
        ),
        (Value::from("ports"), Value::SendPort(port().send_port())),
        (Value::from("text"), Value::from("gr\u{fc}n \u{1f60a}")),
    ]);
    let back: Value = peer.call(Ask::Echo(value.clone())).await?;
    println!("all kinds come back: {}", back == value);

    let sum: i64 = peer.call(Ask::Sum(vec![1, -2, 1 << 40])).await?;
    println!("the sum is {sum}");

    let reversed: Bytes = peer.call(Ask::Reverse(Bytes::from(vec![1, 2, 3]))).await?;
    println!("reversed: {:?}", &reversed[..]);
    let nothing: Vec<u8> = peer.call(Ask::Reverse(Bytes::from(vec![]))).await?;
    println!("of nothing: {nothing:?}");

    let thing = Thing {
        name: "Ada".into(),
        age: 36,
        nothing: None,
        colour: Colour::Red,
        at: (1.5, 2.0),
        tags: vec!["countess".into()],
    };
    let thing: Thing = peer.call(Ask::Describe(thing)).await?;
    println!("{thing:?}");
    Ok(())
}

/// Messages of many sizes, up to the megabytes.
async fn sizes(peer: &SendPort) -> Result<(), Anything> {
    for size in [0, 23, 24, 256, 65_536, 4 << 20] {
        let filled: Bytes = peer.call(Ask::Fill(size)).await?;
        assert!(filled.len() as u64 == size && filled.iter().all(|&byte| byte == 0xab));
        let back: Bytes = peer.call(Ask::Reverse(filled)).await?;
        assert_eq!(back.len() as u64, size);
    }
    println!("all sizes");
    Ok(())
}

async fn ports(peer: &SendPort) -> Result<(), Anything> {
    let given: SendPort = peer.call(Ask::Give).await?;
    let said: String = given.call(()).await?;
    println!("{said}");

    let (one, other) = (ReceivePort::new(), ReceivePort::new());
    let sent = vec![one.send_port(), other.send_port(), one.send_port()];
    let (back, same): (Vec<SendPort>, bool) = peer.call(Ask::TurnAround(sent)).await?;
    println!(
        "ports come back: {}, {same}",
        back == [one.send_port(), other.send_port(), one.send_port()]
    );

    // C calls a port of this isolate's.
    let callee = ReceivePort::new();
    callee.set_keep_isolate_alive(false);
    callee.receive(|message: Value, reply| {
        // What it does not know it does not answer.
        if let (Value::String(text), Some(reply)) = (&message, reply) {
            reply.send(format!("{text} to you")).ok();
        }
    });
    for (message, milliseconds) in [(Value::from("good day"), None), (Value::Null, None)] {
        let call = Ask::Call {
            port: callee.send_port(),
            message,
            milliseconds,
        };
        let (status, answer): (String, Value) = peer.call(call).await?;
        println!("C has called: {status} {answer:?}");
    }
    let slow = ReceivePort::new();
    let call = Ask::Call {
        port: slow.send_port(),
        message: Value::Null,
        milliseconds: Some(20),
    };
    let (status, _): (String, Value) = peer.call(call).await?;
    println!("C has waited: {status}");
    let closed = slow.send_port();
    slow.close();
    let call = Ask::Call {
        port: closed,
        message: Value::Null,
        milliseconds: None,
    };
    let (status, _): (String, Value) = peer.call(call).await?;
    println!("C has called nobody: {status}");
    Ok(())
}

/// A list that holds itself.
async fn graphs(peer: &SendPort) -> Result<(), Anything> {
    let port: SendPort = peer.call(Ask::Graphs).await?;
    let mut graph = Graph::new();
    let list = graph.add(Node::List(vec![]));
    graph[list] = Node::List(vec![list]);
    graph.set_root(list);
    let back: Graph = port.call(&graph).await?;
    println!("a cycle comes back: {:?}", back == graph);
    // Where none is expected it is dropped, and the caller told.
    let lost = peer.call::<Value>(&graph).await;
    println!("a cycle where none is expected: {lost:?}");
    Ok(())
}

/// C starts isolates of this program.
async fn children(peer: &SendPort) -> Result<(), Anything> {
    for (entry, message) in [("doubler", 21), ("doubler", 0), ("missing", 1)] {
        let answers = ReceivePort::new();
        let spawn = Ask::Spawn {
            uri: "mixed.wasm",
            entry,
            message: message.into(),
        };
        peer.send_with_reply(spawn, &answers)?;
        let (status, answer): (String, Value) = answers.recv_as().await?;
        let (kind, text): (u8, String) = answers.recv_as().await?;
        println!("{entry} {message}: {status} {answer:?}, ended {kind} {text:?}");
    }
    let spawn = Ask::Spawn {
        uri: "../outside.wasm",
        entry: "main",
        message: Value::Null,
    };
    let (status, why): (String, String) = peer.call(spawn).await?;
    println!("{status}: {}", why.split(' ').next().unwrap_or_default());
    Ok(())
}

/// Isolates are handed on, with rights and without.
async fn rights(peer: &SendPort) -> Result<(), Anything> {
    let doubler = Isolate::spawn(doubler, ());
    let harmless = doubler.without_rights()?;
    let refused: String = peer.call(Ask::Kill(harmless)).await?;
    let done: String = peer.call(Ask::Kill(doubler.control().clone())).await?;
    println!(
        "C kills: {refused}, then {done}: {}",
        doubler.monitor().await.reason
    );

    let child: Isolate = peer.call(Ask::Child).await?;
    println!("a child of C's cannot be killed: {}", child.kill().is_err());
    let sum = child.port().call::<i64>(Ask::Sum(vec![3, 4]));
    child.start()?;
    println!("but started: {}", sum.await?);
    child.port().send(Ask::Stop)?;
    println!("it has {}", child.monitor().await.reason);
    Ok(())
}

/// How C ends, as seen from here.
async fn ends() -> Result<(), Anything> {
    for (name, ask) in [
        ("silence", Ask::Silence),
        ("fail", Ask::Fail),
        ("panic", Ask::Panic),
        ("stop", Ask::Stop),
    ] {
        let peer = peer()?;
        let answer = peer.port().call::<Value>(ask).await;
        if name == "silence" {
            // It lives on.
            let sum: i64 = peer.port().call(Ask::Sum(vec![1])).await?;
            peer.kill()?;
            println!(
                "{name}: {answer:?}, then {sum}, {}",
                peer.monitor().await.reason
            );
        } else {
            println!("{name}: {answer:?}, {}", peer.monitor().await.reason);
        }
    }
    let returns = SpawnOptions::new().spawn_uri(PEER, "returns", "unheard")?;
    println!("returns: {}", returns.monitor().await.reason);
    Ok(())
}

#[main]
async fn main() -> Result<(), Anything> {
    let isolate = peer()?;
    let peer = isolate.port();
    values(peer).await?;
    sizes(peer).await?;
    ports(peer).await?;
    graphs(peer).await?;
    children(peer).await?;
    rights(peer).await?;
    ends().await?;
    timeout(
        Duration::from_secs(60),
        peer.call::<i64>(Ask::Sum(vec![2, 2])),
    )
    .await??;
    isolate.kill()?;
    Ok(())
}
