//! Every value goes to an isolate and comes back as it was.

use insula_guest::*;

/// Sends each message back, read as a tree.
#[entry]
fn echo() {
    port().receive(|message: Value, reply| {
        if let Some(reply) = reply {
            reply.send(message).expect("main lives");
        }
    });
}

/// Sends each message back, read as a graph.
#[entry]
fn echo_graph() {
    port().receive(|message: Graph, reply| {
        if let Some(reply) = reply {
            reply.send(message).expect("main lives");
        }
    });
}

/// Sends bytes back from where they arrived.
#[entry]
fn echo_bytes() {
    port().receive(|bytes: Bytes, reply: Option<SendPort>| {
        if let Some(reply) = reply {
            reply.send(bytes).expect("main lives");
        }
    });
}

fn scalars() -> Vec<(&'static str, Value)> {
    let nan = f64::from_bits(0x7ff8_dead_beef_cafe);
    vec![
        ("null", Value::Null),
        ("bool", Value::list([true, false])),
        ("int", Value::list([0, -1, i64::MIN, i64::MAX])),
        (
            "double",
            Value::list([0.0, 1.5, f64::MIN_POSITIVE, f64::MAX]),
        ),
        ("NaN with its payload", nan.into()),
        (
            "infinities",
            Value::list([f64::INFINITY, f64::NEG_INFINITY]),
        ),
        ("-0.0", (-0.0).into()),
        (
            "string",
            Value::list(["", "text", "ünïcödé 🏛 \u{10ffff}", "\0\n\u{1b}"]),
        ),
        (
            "a string of 16 MiB",
            "insula 🏛 ".repeat(16 * 1024 * 1024 / 12).into(),
        ),
        ("bytes", Value::list([vec![], vec![0u8, 255, 128]])),
        ("send port", Value::SendPort(port().send_port())),
    ]
}

fn collections() -> Vec<(&'static str, Value)> {
    let list: Value = (1, "two", 3.0, Value::list([true])).into();
    let map = Value::map([
        (Value::from("z comes first"), Value::from(1)),
        (Value::from("a comes second"), Value::from(2)),
        (Value::Null, list.clone()),
        (Value::from(7), Value::from("an int as a key")),
        (Value::from(f64::NAN), Value::from("and NaN")),
        (list.clone(), Value::from("and a list")),
        (
            Value::SendPort(port().send_port()),
            Value::from("and a send port"),
        ),
    ]);
    let nested = Value::list([Value::map([("list", list.clone()), ("map", map.clone())])]);
    vec![
        ("an empty list", List::default().into()),
        ("an empty map", Map::default().into()),
        ("list", list),
        ("map in its order, any value as a key", map),
        ("nested", nested),
    ]
}

/// A list in a list in a list..
fn deep(depth: usize) -> Value {
    let mut value = Value::from(List::default());
    for _ in 1..depth {
        value = Value::list([value]);
    }
    value
}

/// A list that holds itself twice, a map that holds itself, and a text that both
/// of them hold.
fn cyclic() -> Graph {
    let mut graph = Graph::new();
    let text = graph.add_string("one text, held twice");
    let list = graph.add_list([text]);
    graph.push(list, list);
    graph.push(list, list);
    let map = graph.add_map([(text, list)]);
    graph.push_entry(map, map, map);
    graph.push(list, map);
    graph.set_root(list);
    graph
}

/// Levels of lists that hold the one below twice: 2^levels leaves as a tree.
fn doubled(levels: usize) -> Graph {
    let mut graph = Graph::new();
    let mut list = graph.add_list([]);
    for _ in 0..levels {
        list = graph.add_list([list, list]);
    }
    graph.set_root(list);
    graph
}

#[main]
async fn main() -> Result<(), CallError> {
    let echo = spawn_function(echo);
    let echo_graph = spawn_function(echo_graph);

    for (name, value) in scalars().into_iter().chain(collections()) {
        let tree: Value = echo.call(&value).await?;
        assert!(tree == value, "as a tree: {name}");
        let graph: Value = echo_graph.call(&value).await?;
        assert!(graph == value, "through a graph: {name}");
        println!("{name}");
    }

    let echo_bytes = spawn_function(echo_bytes);
    let plain: Vec<u8> = (0..1 << 20).map(|n: u32| (n % 251) as u8).collect();
    let bytes = Bytes::from(&plain[..]);
    let mut pages = 0;
    for round in 0..30 {
        let copy: Bytes = echo_bytes.call(&bytes).await?;
        assert!(copy == bytes);
        let copy: Vec<u8> = echo.call(&plain).await?;
        assert!(copy == plain);
        let now = core::arch::wasm32::memory_size::<0>();
        assert!(round < 5 || now == pages, "{pages} pages, then {now}");
        pages = now;
    }
    println!("a mebibyte of bytes, time and again in the same memory");

    let value = deep(1_000_000);
    let copy: Value = echo.call(&value).await?;
    assert!(copy == value);
    println!("a list nested one million deep");

    let graph = cyclic();
    let copy: Graph = echo_graph.call(graph.clone()).await?;
    assert!(copy.same_shape(&graph), "{copy:?}");
    println!("shared and cyclic");
    let refused: Result<Value, _> = echo_graph.call(graph).await;
    println!(
        "  as a tree: {}",
        refused.expect_err("a tree has no cycles")
    );

    let graph = doubled(60);
    let copy: Graph = echo_graph.call(graph.clone()).await?;
    assert!(copy.same_shape(&graph));
    println!("60 levels, each with the one below twice");
    let refused: Result<Value, _> = echo_graph.call(graph).await;
    println!("  as a tree: {}", refused.expect_err("2^60 leaves"));

    // What comes back is the port that was sent away, and works.
    let own = port().send_port();
    let copy: SendPort = echo.call(&own).await?;
    assert_eq!(copy, own);
    assert_ne!(copy, echo);
    copy.send("by the port that came back")?;
    println!("{}", port().recv_as::<String>().await.expect("it was sent"));
    Ok(())
}
