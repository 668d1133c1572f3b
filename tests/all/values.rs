//! Part 4: every value there is goes to an isolate and comes back as it was.

use std::hash::{DefaultHasher, Hash, Hasher};

use anyhow::Result;
use insula::{ExitReason, FromMessage, Graph, Isolate, Node, SendPort, SpawnOptions, Value};
use insula_tests::{HANG, Host};

use crate::guests;

#[test]
fn every_value_goes_from_one_guest_to_another_and_back() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(host.run_guest(guests::VALUES)?, ExitReason::Ended);
    assert_eq!(
        host.lines_of("main#1"),
        [
            "null",
            "bool",
            "int",
            "double",
            "NaN with its payload",
            "infinities",
            "-0.0",
            "string",
            "a string of 16 MiB",
            "bytes",
            "send port",
            "an empty list",
            "an empty map",
            "list",
            "map in its order, any value as a key",
            "nested",
            "a mebibyte of bytes, time and again in the same memory",
            "a list nested one million deep",
            "shared and cyclic",
            "  as a tree: the answer: a list or map contains itself; read it as a Graph, \
             which keeps cycles",
            "60 levels, each with the one below twice",
            "  as a tree: the answer: shared parts unfold to too much when read as a tree \
             (more than 67124 copied bytes); read it as a Graph, which keeps sharing",
            "by the port that came back",
        ]
    );
    Ok(())
}

/// Isolates that send back what they get: one reads it as a tree, one as a graph.
struct Echoes {
    host: Host,
    tree: Isolate,
    graph: Isolate,
}

impl Echoes {
    fn new() -> Result<Self> {
        let host = Host::new()?;
        let program = host.program(guests::VALUES)?;
        let spawn = |entry| {
            host.runtime
                .spawn(&program, SpawnOptions::new().entry(entry))
        };
        let (tree, graph) = (spawn("echo")?, spawn("echo_graph")?);
        Ok(Echoes { host, tree, graph })
    }

    fn ports(&self) -> [&SendPort; 2] {
        [self.tree.port(), self.graph.port()]
    }

    /// What comes back of a value, each way.
    fn send<T: FromMessage<SendPort>>(&self, value: &Value) -> Result<[T; 2]> {
        let [tree, graph] = self.ports();
        Ok([
            tree.call_timeout(value, HANG)?,
            graph.call_timeout(value, HANG)?,
        ])
    }
}

#[test]
fn scalars_come_back_to_the_host() -> Result<()> {
    let echoes = Echoes::new()?;
    let mut values: Vec<Value> = vec![
        Value::Null,
        true.into(),
        false.into(),
        "".into(),
        "text".into(),
        "\0 \n \u{1b} \u{7f} \u{feff} \u{202e} ünïcödé 🏛 \u{d7ff}\u{e000}\u{10ffff}".into(),
        Value::Bytes(vec![]),
        Value::Bytes((0..=255).collect()),
        Value::Bytes(vec![0xff; 1 << 20]),
    ];
    let powers = (0..63).flat_map(|power| [(1 << power) - 1, 1 << power, -(1 << power) - 1]);
    values.extend(
        powers
            .chain([i64::MIN, i64::MAX])
            .map(|int: i64| int.into()),
    );
    for value in values {
        for back in echoes.send::<Value>(&value)? {
            assert!(back == value, "{value} came back as {back}");
            assert_eq!(back.kind(), value.kind());
        }
    }
    Ok(())
}

#[test]
fn doubles_come_back_bit_for_bit() -> Result<()> {
    let echoes = Echoes::new()?;
    let doubles = [
        0.0,
        -0.0,
        1.0,
        0.1,
        -1.5e300,
        f64::MIN_POSITIVE,
        f64::from_bits(1),
        f64::MAX,
        f64::MIN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        // A double that is whole stays a double, also beyond the ints.
        9_007_199_254_740_992.0,
        1e19,
        f64::NAN,
        -f64::NAN,
        // Quiet and signalling NaNs with a payload.
        f64::from_bits(0x7ff8_dead_beef_cafe),
        f64::from_bits(0xfff8_0000_0000_0001),
        f64::from_bits(0x7ff0_0000_0000_0001),
        f64::from_bits(0xfff4_1234_5678_9abc),
    ];
    for double in doubles {
        for back in echoes.send::<Value>(&double.into())? {
            let Value::Double(back) = back else {
                panic!("{double} came back as {back}");
            };
            assert_eq!(
                back.to_bits(),
                double.to_bits(),
                "{double} came back as {back}"
            );
        }
    }
    Ok(())
}

#[test]
fn a_string_of_16_mib_comes_back_to_the_host() -> Result<()> {
    let echoes = Echoes::new()?;
    let text = "🏛 is ".repeat(2 << 20);
    assert_eq!(text.len(), 16 << 20);
    for back in echoes.send::<String>(&text.as_str().into())? {
        assert!(back == text);
    }
    Ok(())
}

#[test]
fn lists_and_maps_come_back_in_their_order() -> Result<()> {
    let echoes = Echoes::new()?;
    let list = Value::list([Value::Null, 1.into(), Value::list([2.0]), "three".into()]);
    let keys = [
        "z".into(),
        "a".into(),
        "".into(),
        Value::Null,
        true.into(),
        (-1).into(),
        1.into(),
        1.0.into(),
        f64::NAN.into(),
        Value::Bytes(vec![1]),
        list.clone(),
        Value::map([("key", "of a map")]),
        Value::SendPort(echoes.tree.port().clone()),
        // A key that is there twice is kept twice.
        "z".into(),
    ];
    let map = Value::map(keys.into_iter().zip(0..));
    let nested = Value::list([
        Value::map([("list", list.clone()), ("map", map.clone())]),
        Value::list([Value::list([map.clone()])]),
    ]);
    let (empty_list, empty_map) = (Value::list([0; 0]), Value::map([(0, 0); 0]));
    for value in [empty_list, empty_map, list, map, nested] {
        for back in echoes.send::<Value>(&value)? {
            assert_eq!(back, value);
        }
    }
    Ok(())
}

#[test]
fn a_list_nested_a_million_deep_comes_back_to_the_host() -> Result<()> {
    let echoes = Echoes::new()?;
    let mut deep = Value::list([0; 0]);
    for _ in 1..1_000_000 {
        deep = Value::list([deep]);
    }
    for back in echoes.send::<Value>(&deep)? {
        assert!(back == deep);
    }
    // A type that serde reads has a limit, and no stack that overflows.
    let error = echoes
        .send::<serde_json::Value>(&deep)
        .expect_err("it is too deep");
    assert_eq!(
        error.to_string(),
        format!(
            "the answer is not what was expected: {}: the message nests more than 64 levels \
             deep, the limit for serde types; read it as a Value or a Graph, which have none",
            "[0]".repeat(64)
        )
    );
    Ok(())
}

/// A list of a text and of itself twice, in a map that is its own key and value.
fn cyclic(port: &SendPort) -> Graph {
    let mut graph = Graph::new();
    let text = graph.add_string("one text, held by two");
    let port = graph.add(Node::SendPort(port.clone()));
    let list = graph.add_list([text, port, text]);
    assert!(graph.push(list, list));
    assert!(graph.push(list, list));
    let map = graph.add_map([(text, list), (list, text)]);
    assert!(graph.push_entry(map, map, map));
    assert!(graph.push(list, map));
    graph.set_root(map);
    graph
}

/// Levels of lists that hold the one below twice.
fn doubled(levels: usize) -> Graph {
    let mut graph = Graph::new();
    let mut list = graph.add_list([]);
    for _ in 0..levels {
        list = graph.add_list([list, list]);
    }
    graph.set_root(list);
    graph
}

#[test]
fn what_is_shared_and_cyclic_comes_back_to_the_host_as_it_was() -> Result<()> {
    let echoes = Echoes::new()?;
    let port = echoes.graph.port();
    let graph = cyclic(echoes.tree.port());
    let back: Graph = port.call_timeout(&graph, HANG)?;
    assert!(back.same_shape(&graph), "{back:?}");
    assert_eq!(back.len(), 4);

    let graph = doubled(60);
    let back: Graph = port.call_timeout(&graph, HANG)?;
    assert!(back.same_shape(&graph));
    assert_eq!(back.len(), 61);

    // Two equal lists are not one list.
    let mut graph = Graph::new();
    let twins = [graph.add_list([]), graph.add_list([])];
    let both = graph.add_list(twins);
    graph.set_root(both);
    let back: Graph = port.call_timeout(&graph, HANG)?;
    assert!(back.same_shape(&graph));
    assert!(!back.same_shape(&doubled(1)));
    assert_eq!(back.len(), 3);
    Ok(())
}

#[test]
fn what_is_shared_is_read_as_a_tree_within_bounds() -> Result<()> {
    let echoes = Echoes::new()?;
    let port = echoes.graph.port();
    let mut tree = Value::list([0; 0]);
    for _ in 0..5 {
        tree = Value::list([tree.clone(), tree]);
    }
    assert_eq!(port.call_timeout::<_, Value>(&doubled(5), HANG)?, tree);

    // What may be copied goes by the size of the graph, and of the message.
    let too_large = |budget: usize| {
        format!(
            "shared parts unfold to too much when read as a tree (more than {budget} copied \
             bytes); read it as a Graph, which keeps sharing"
        )
    };
    let cycle = "a list or map contains itself; read it as a Graph, which keeps cycles";
    for (graph, in_memory, received) in [
        (cyclic(port), cycle.to_owned(), cycle.to_owned()),
        (doubled(60), too_large(65_780), too_large(67_124)),
    ] {
        let back: Graph = port.call_timeout(&graph, HANG)?;
        let error = back.to_value().expect_err("it is no tree");
        assert_eq!(error.to_string(), in_memory);
        let error = port
            .call_timeout::<_, Value>(&graph, HANG)
            .expect_err("it is no tree");
        assert_eq!(
            error.to_string(),
            format!("the answer is not what was expected: {received}")
        );
    }
    // The guest that reads trees drops it and lives on.
    let error = echoes
        .tree
        .port()
        .call_timeout::<_, Value>(&doubled(60), HANG)
        .expect_err("it is no tree");
    assert!(matches!(error, insula::CallError::NoAnswer));
    assert_eq!(
        echoes.host.lines_of("echo#1"),
        [format!("a message was dropped: {}", too_large(67_124))]
    );
    assert_eq!(echoes.send::<i64>(&7.into())?, [7, 7]);
    Ok(())
}

fn hash(port: &SendPort) -> u64 {
    let mut hasher = DefaultHasher::new();
    port.hash(&mut hasher);
    hasher.finish()
}

#[test]
fn a_send_port_keeps_its_identity() -> Result<()> {
    let echoes = Echoes::new()?;
    let (to_host, at_host) = echoes.host.runtime.port();
    let ports = [
        echoes.tree.port().clone(),
        echoes.graph.port().clone(),
        to_host,
    ];
    for (place, port) in ports.iter().enumerate() {
        for back in echoes.send::<SendPort>(&Value::SendPort(port.clone()))? {
            for (other_place, other) in ports.iter().enumerate() {
                assert_eq!(back == *other, place == other_place);
                assert_eq!(hash(&back) == hash(other), place == other_place);
                assert_eq!(
                    format!("{back:?}") == format!("{other:?}"),
                    place == other_place
                );
            }
        }
    }
    // Many at once, some of them twice, each in its own place.
    let [tree, graph, to_host] = &ports;
    let many =
        Value::list([to_host, tree, to_host, graph].map(|port| Value::send_port(port.clone())));
    for back in echoes.send::<Vec<SendPort>>(&many)? {
        assert_eq!(back, [to_host, tree, to_host, graph].map(Clone::clone));
        back[2].send("by a port that came back")?;
        let arrived = at_host.recv_timeout(HANG)?;
        assert_eq!(arrived.decode::<String>()?, "by a port that came back");
    }
    Ok(())
}
