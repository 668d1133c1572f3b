//! What holds for every value, every graph and all bytes.

mod support;

use std::collections::BTreeMap;

use insula_message::{Graph, Node, Value, decode, encode, unfold_budget};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use support::{TestPort, send};

fn leaf() -> impl Strategy<Value = Node<TestPort>> {
    prop_oneof![
        Just(Node::Null),
        any::<bool>().prop_map(Node::Bool),
        any::<i64>().prop_map(Node::Int),
        (-300i64..300).prop_map(Node::Int),
        any::<u64>().prop_map(|bits| Node::Double(f64::from_bits(bits))),
        vec(any::<char>(), 0..30).prop_map(|s| Node::String(s.into_iter().collect())),
        vec(any::<u8>(), 0..300).prop_map(Node::Bytes),
        (0u32..5).prop_map(|n| Node::SendPort(TestPort(n))),
    ]
}

fn value() -> impl Strategy<Value = Value<TestPort>> {
    let leaf = leaf().prop_map(|node| {
        let mut graph = Graph::new();
        let root = graph.add(node);
        graph.set_root(root);
        graph.to_value().unwrap()
    });
    leaf.prop_recursive(6, 100, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Value::from),
            vec((inner.clone(), inner), 0..8).prop_map(Value::from),
        ]
    })
}

/// Nodes that name each other at random: sharing and cycles.
fn graph() -> impl Strategy<Value = Graph<TestPort>> {
    let node = (
        leaf(),
        0..4,
        vec(
            (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
            0..6,
        ),
    );
    (vec(node, 1..30), any::<prop::sample::Index>()).prop_map(|(nodes, root)| {
        let mut graph = Graph::new();
        let ids: Vec<_> = nodes
            .iter()
            .map(|(leaf, ..)| graph.add(leaf.clone()))
            .collect();
        for ((_, kind, children), id) in nodes.iter().zip(&ids) {
            let children = children.iter().map(|(a, b)| (*a.get(&ids), *b.get(&ids)));
            match kind {
                0 => graph[*id] = Node::List(children.map(|(a, _)| a).collect()),
                1 => graph[*id] = Node::Map(children.collect()),
                _ => {}
            }
        }
        graph.set_root(*root.get(&ids));
        graph
    })
}

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
enum Typed {
    Unit,
    Int(i32),
    Pair(u8, String),
    Fields { a: Option<bool>, b: Vec<u8> },
    Map(BTreeMap<i16, Typed>),
    List(Vec<Typed>),
}

fn typed() -> impl Strategy<Value = Typed> {
    let leaf = prop_oneof![
        Just(Typed::Unit),
        any::<i32>().prop_map(Typed::Int),
        (any::<u8>(), ".*").prop_map(|(a, b)| Typed::Pair(a, b)),
        (any::<Option<bool>>(), vec(any::<u8>(), 0..40)).prop_map(|(a, b)| Typed::Fields { a, b }),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            vec((any::<i16>(), inner.clone()), 0..5)
                .prop_map(|entries| Typed::Map(entries.into_iter().collect())),
            vec(inner, 0..5).prop_map(Typed::List),
        ]
    })
}

fn ports() -> Vec<Option<TestPort>> {
    vec![Some(TestPort(0)), None, Some(TestPort(2))]
}

/// Reads bytes in all ways; whatever comes of it, it ends and does not panic.
fn read_all_ways(bytes: &[u8]) {
    let value = decode::<TestPort, Value<TestPort>>(bytes, ports());
    let graph = decode::<TestPort, Graph<TestPort>>(bytes, ports());
    let _ = decode::<TestPort, Typed>(bytes, ports());
    let _ = decode::<TestPort, BTreeMap<String, Vec<u8>>>(bytes, ports());
    let _ = decode::<TestPort, serde_json::Value>(bytes, ports());
    let _ = decode::<TestPort, (TestPort, Option<f64>)>(bytes, ports());
    if let Ok(value) = value {
        let graph = graph.expect("what is a value is a graph");
        assert!(graph.len() <= bytes.len());
        let unfolded = Graph::from(value.clone());
        assert!(unfolded.len() <= bytes.len() + unfold_budget(bytes.len()));
        assert_eq!(send::<_, Value<TestPort>>(&value).unwrap(), value);
        assert_eq!(send::<_, Graph<TestPort>>(&graph).unwrap(), graph);
    }
}

/// Mostly heads that mean something here, so that random bytes get far.
fn likely_bytes() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<u8>().prop_map(|b| vec![b]),
        (0x80u8..0x86).prop_map(|b| vec![b]),
        (0xa0u8..0xa4).prop_map(|b| vec![b]),
        (0x60u8..0x64).prop_map(|b| vec![b]),
        Just(vec![0xd8, 0x1c]),
        (0u8..4).prop_map(|n| vec![0xd8, 0x1d, n]),
        (0u8..4).prop_map(|n| vec![0xd9, 0xb8, 0x06, n]),
        Just(vec![0xd8, 0x1c, 0x82]),
    ];
    vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn every_value_survives(value in value()) {
        prop_assert_eq!(&send::<_, Value<TestPort>>(&value).unwrap(), &value);
        let graph = Graph::from(value.clone());
        prop_assert_eq!(&graph.to_value().unwrap(), &value);
        prop_assert_eq!(&send::<_, Graph<TestPort>>(&value).unwrap(), &graph);
        prop_assert_eq!(&value.clone(), &value);
    }

    #[test]
    fn every_graph_survives(graph in graph()) {
        let back: Graph<TestPort> = send(&graph).unwrap();
        prop_assert!(back == graph);
        prop_assert!(graph == back);
        // As a tree it is the same from the message and from the graph.
        let value = send::<_, Value<TestPort>>(&graph);
        match (value, graph.to_value()) {
            (Ok(a), Ok(b)) => prop_assert_eq!(a, b),
            (a, b) => prop_assert!(a.is_err() || b.is_err()),
        }
    }

    #[test]
    fn graphs_are_equal_if_their_messages_are(a in graph(), b in graph()) {
        let (mut bytes_a, mut bytes_b) = (Vec::new(), Vec::new());
        let ports_a = encode(&a, &mut bytes_a).unwrap();
        let ports_b = encode(&b, &mut bytes_b).unwrap();
        prop_assert_eq!(a == b, bytes_a == bytes_b && ports_a == ports_b);
    }

    #[test]
    fn every_typed_message_survives(typed in typed()) {
        prop_assert_eq!(&send::<_, Typed>(&typed).unwrap(), &typed);
        let value: Value<TestPort> = send(&typed).unwrap();
        prop_assert_eq!(&send::<_, Typed>(&value).unwrap(), &typed);
    }

    #[test]
    fn random_bytes_never_panic(bytes in vec(any::<u8>(), 0..200)) {
        read_all_ways(&bytes);
    }

    #[test]
    fn nor_do_likely_ones(bytes in likely_bytes()) {
        read_all_ways(&bytes);
    }

    #[test]
    fn nor_do_messages_with_an_error(graph in graph(), at: prop::sample::Index, byte: u8) {
        let mut bytes = Vec::new();
        encode(&graph, &mut bytes).unwrap();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        read_all_ways(&bytes);
    }
}
