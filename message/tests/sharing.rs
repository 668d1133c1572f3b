//! Shared and cyclic messages: kept by `Graph`, unfolded within a budget by trees.

mod support;

use std::time::{Duration, Instant};

use insula_message::{DecodeErrorKind, EncodeError, Graph, NoPort, Node, encode, unfold_budget};
use support::{Value, bytes_of, hex, in_small_stack, read};

/// Lists that hold the one below twice: 2^levels leaves as a tree.
fn doubling(levels: usize) -> Graph {
    let mut graph = Graph::new();
    let mut below = graph.add_int(1);
    for _ in 0..levels {
        below = graph.add_list([below, below]);
    }
    graph.set_root(below);
    graph
}

fn itself_in_a_list() -> Graph {
    let mut graph = Graph::new();
    let list = graph.add_list([]);
    graph.push(list, list);
    graph.set_root(list);
    graph
}

#[test]
fn shared_parts_are_sent_once() {
    let mut graph: Graph = Graph::new();
    let list = graph.add_list([]);
    let text = graph.add_string("twice");
    let root = graph.add_list([list, text, list, text]);
    graph.set_root(root);
    let bytes = bytes_of(&graph);
    assert_eq!(bytes, hex("84 d81c 80 d81c 65 7477696365 d81d 00 d81d 01"));
    assert_eq!(read::<Graph>(&bytes).unwrap(), graph);
    let value: Value = read(&bytes).unwrap();
    assert_eq!(value.to_string(), r#"[[], "twice", [], "twice"]"#);
}

#[test]
fn sixty_levels_are_kept_by_a_graph() {
    let graph = doubling(60);
    let bytes = bytes_of(&graph);
    assert!(bytes.len() < 60 * 8);
    let back: Graph = read(&bytes).unwrap();
    assert_eq!(back, graph);
    assert!(back.len() < 130);
}

#[test]
fn sixty_levels_are_refused_by_trees_at_once() {
    let bytes = bytes_of(&doubling(60));
    let start = Instant::now();
    let budget = unfold_budget(bytes.len());
    let kind = DecodeErrorKind::UnfoldsTooLarge { budget };
    assert_eq!(read::<Value>(&bytes).unwrap_err().kind(), &kind);
    let error = read::<Bits>(&bytes).unwrap_err();
    assert_eq!(error.kind(), &kind);
    assert!(error.to_string().contains("read it as a Graph"));
    let error = doubling(60).to_value().unwrap_err();
    assert!(matches!(
        error.kind(),
        DecodeErrorKind::UnfoldsTooLarge { .. }
    ));
    assert!(start.elapsed() < Duration::from_secs(2));
}

/// Counts leaves, to any depth.
#[derive(Debug)]
struct Bits;

impl<'de> serde::Deserialize<'de> for Bits {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Bits;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bits")
            }
            fn visit_u64<E>(self, _: u64) -> Result<Bits, E> {
                Ok(Bits)
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut a: A) -> Result<Bits, A::Error> {
                while a.next_element::<Bits>()?.is_some() {}
                Ok(Bits)
            }
        }
        d.deserialize_any(Visitor)
    }
}

#[test]
fn modest_sharing_unfolds() {
    let bytes = bytes_of(&doubling(10));
    let value: Value = read(&bytes).unwrap();
    assert_eq!(value.to_string().matches('1').count(), 1 << 10);
    assert_eq!(doubling(10).to_value().unwrap(), value);
    type Three = Vec<Vec<Vec<u8>>>;
    let three: Three = read(&bytes_of(&doubling(3))).unwrap();
    assert_eq!(three, vec![vec![vec![1u8; 2]; 2]; 2]);
}

#[test]
fn long_strings_count_as_much_as_they_are_long() {
    let mut graph: Graph = Graph::new();
    let long = graph.add_string("x".repeat(1 << 20));
    let many = graph.add_list(std::iter::repeat_n(long, 10_000));
    graph.set_root(many);
    let bytes = bytes_of(&graph);
    assert!(bytes.len() < 2 << 20);
    assert!(read::<Value>(&bytes).is_err());
    assert!(read::<Vec<String>>(&bytes).is_err());
    assert!(graph.to_value().is_err());
    assert_eq!(read::<Graph>(&bytes).unwrap(), graph);
    let mut few = graph.clone();
    let root = few.add_list([long; 4]);
    few.set_root(root);
    assert_eq!(read::<Vec<String>>(&bytes_of(&few)).unwrap().len(), 4);
}

#[test]
fn cycles_are_kept_by_a_graph_and_refused_by_trees() {
    let graph = itself_in_a_list();
    let bytes = bytes_of(&graph);
    assert_eq!(bytes, hex("d81c 81 d81d 00"));
    let back: Graph = read(&bytes).unwrap();
    assert_eq!(back, graph);
    assert_eq!(
        format!("{back:?}"),
        "Graph { root: #0, nodes: {#0: List([#0])} }"
    );
    let error = read::<Value>(&bytes).unwrap_err();
    assert_eq!(error.kind(), &DecodeErrorKind::Cyclic);
    assert!(error.to_string().contains("read it as a Graph"));
    assert_eq!(
        read::<Bits>(&bytes).unwrap_err().kind(),
        &DecodeErrorKind::Cyclic
    );
    assert_eq!(
        graph.to_value().unwrap_err().kind(),
        &DecodeErrorKind::Cyclic
    );
    // Who does not look at it is not disturbed.
    assert!(read::<serde::de::IgnoredAny>(&bytes).is_ok());
}

#[test]
fn a_cycle_that_was_skipped_is_still_found() {
    // {"skipped": 28([29(0)]), "used": 29(0)}
    let mut bytes = hex("a2 67");
    bytes.extend_from_slice(b"skipped");
    bytes.extend(hex("d81c 81 d81d 00 64"));
    bytes.extend_from_slice(b"used");
    bytes.extend(hex("d81d 00"));
    #[derive(serde::Deserialize, Debug)]
    struct Used {
        #[serde(rename = "used")]
        _used: Value,
    }
    let error = read::<Used>(&bytes).unwrap_err();
    assert_eq!(error.kind(), &DecodeErrorKind::Cyclic);
    assert_eq!(error.path(), "used");
}

#[test]
fn what_was_skipped_can_be_referred_to() {
    // [28([28("a"), 29(1)]), 29(0), 29(1)]
    let bytes = hex("83 d81c 82 d81c 61 61 d81d 01 d81d 00 d81d 01");
    type Read = (serde::de::IgnoredAny, (String, String), String);
    let (_, pair, text) = read::<Read>(&bytes).unwrap();
    assert_eq!(
        (pair.0.as_str(), pair.1.as_str(), text.as_str()),
        ("a", "a", "a")
    );
    let value: Value = read(&bytes).unwrap();
    assert_eq!(value.to_string(), r#"[["a", "a"], ["a", "a"], "a"]"#);
    let graph: Graph = read(&bytes).unwrap();
    assert_eq!(bytes_of(&graph), bytes);
}

#[test]
fn any_shared_thing_can_be_read_as_a_type() {
    // [28(1), 29(0), 28(null), 29(1), 28(2.5), 29(2), 28({"a": 1}), 29(3)]
    let bytes =
        hex("88 d81c01 d81d00 d81cf6 d81d01 d81cfb4004000000000000 d81d02 d81ca1616101 d81d03");
    #[derive(serde::Deserialize, Debug, PartialEq)]
    struct A {
        a: u8,
    }
    type Read = (u8, Option<u8>, Option<u8>, (), f64, f32, A, A);
    let read_back: Read = read(&bytes).unwrap();
    assert_eq!(
        read_back,
        (1, Some(1), None, (), 2.5, 2.5, A { a: 1 }, A { a: 1 })
    );
    #[derive(serde::Deserialize, Debug, PartialEq)]
    enum E {
        Unit,
        One(u8),
    }
    // [28("Unit"), 29(0), 28({"One": 1}), 29(1)]
    let bytes = hex("84 d81c64556e6974 d81d00 d81ca1634f6e6501 d81d01");
    assert_eq!(
        read::<Vec<E>>(&bytes).unwrap(),
        [E::Unit, E::Unit, E::One(1), E::One(1)]
    );
}

#[test]
fn same_shape_sees_sharing_but_not_numbers() {
    let mut shared: Graph = Graph::new();
    let list = shared.add_list([]);
    let root = shared.add_list([list, list]);
    shared.set_root(root);
    let mut apart: Graph = Graph::new();
    let root = apart.add_list([]);
    let (a, b) = (apart.add_list([]), apart.add_list([]));
    apart.push(root, a);
    apart.push(root, b);
    apart.set_root(root);
    assert_ne!(shared, apart);
    assert_ne!(apart, shared);
    let mut renumbered: Graph = Graph::new();
    renumbered.add_int(99);
    let root = renumbered.add_list([]);
    let list = renumbered.add_list([]);
    renumbered.push(root, list);
    renumbered.push(root, list);
    renumbered.set_root(root);
    assert_eq!(shared, renumbered);
    assert_eq!(bytes_of(&shared), bytes_of(&renumbered));
    assert_ne!(itself_in_a_list(), {
        // Unrolled once: [[itself]]
        let mut graph: Graph = Graph::new();
        let inner = graph.add_list([]);
        let outer = graph.add_list([inner]);
        graph.push(inner, outer);
        graph.set_root(outer);
        graph
    });
}

#[test]
fn maps_may_hold_themselves_also_as_keys() {
    let mut graph: Graph = Graph::new();
    let map = graph.add_map([]);
    let key = graph.add_string("self");
    assert!(graph.push_entry(map, key, map));
    assert!(graph.push_entry(map, map, key));
    assert!(!graph.push(map, key));
    graph.set_root(map);
    assert_eq!(read::<Graph>(&bytes_of(&graph)).unwrap(), graph);
}

#[test]
fn incomplete_graphs_are_not_sent() {
    let mut graph: Graph = Graph::new();
    let mut bytes = Vec::new();
    assert_eq!(
        encode::<NoPort, _>(&graph, &mut bytes),
        Err(EncodeError::NoRoot)
    );
    let id = {
        let mut other = doubling(3);
        other.add(Node::Null)
    };
    let list = graph.add_list([id]);
    graph.set_root(list);
    assert_eq!(
        encode::<NoPort, _>(&graph, &mut bytes),
        Err(EncodeError::DanglingNode { id })
    );
    assert!(bytes.is_empty());
    assert!(graph.to_value().is_err());
    assert_eq!(graph, graph.clone());
    assert_eq!(Graph::<NoPort>::new(), Graph::default());
}

#[test]
fn a_cycle_of_a_million_lists_is_nothing_special() {
    in_small_stack(|| {
        let mut graph: Graph = Graph::new();
        let first = graph.add_list([]);
        let mut last = first;
        for _ in 0..1_000_000 {
            let next = graph.add_list([]);
            graph.push(last, next);
            last = next;
        }
        graph.push(last, first);
        graph.set_root(first);
        let back: Graph = read(&bytes_of(&graph)).unwrap();
        assert!(back == graph);
        assert!(back.to_value().is_err());
        assert!(read::<Value>(&bytes_of(&graph)).is_err());
    });
}
