//! Depth is no special case for values and graphs, and an error for serde types.
//!
//! Everything here runs with a guest's stack, 128 KiB.

mod support;

use insula_message::{DEPTH_LIMIT, DecodeErrorKind, EncodeError, Graph, NoPort, encode};
use serde::{Deserialize, Serialize};
use support::{Value, bytes_of, in_small_stack, in_small_stack_with_serde, read};

const DEEP: usize = 1_000_000;

fn deep_list(depth: usize) -> Value {
    (1..depth).fold(Value::list([7]), |inner, _| Value::list([inner]))
}

fn deep_map(depth: usize) -> Value {
    let inner: Value = Value::map([("v", 7)]);
    (1..depth).fold(inner, |inner, i| match i % 2 {
        0 => Value::map([(inner, Value::Null)]),
        _ => Value::map([("v", inner)]),
    })
}

fn lives(value: Value) {
    let copy = value.clone();
    assert!(copy == value);
    let bytes = bytes_of(&value);
    let back: Value = read(&bytes).unwrap();
    assert!(back == value);
    assert!(value.to_string().len() > DEEP);
    assert!(format!("{value:?}").len() > DEEP);
    let graph: Graph = read(&bytes).unwrap();
    assert!(graph == Graph::from(back));
    assert!(graph.to_value().unwrap() == value);
    assert!(bytes_of(&graph) == bytes);
    assert!(format!("{graph:?}").len() > DEEP);
    let ignored: serde::de::IgnoredAny = read(&bytes).unwrap();
    drop((copy, graph, ignored));
}

#[test]
fn a_list_a_million_deep_is_nothing_special() {
    in_small_stack(|| lives(deep_list(DEEP)));
}

#[test]
fn nor_is_a_map() {
    in_small_stack(|| lives(deep_map(DEEP)));
}

#[test]
fn nor_in_a_struct() {
    #[derive(Serialize, Deserialize)]
    struct Envelope {
        value: Value,
        after: u8,
    }
    in_small_stack(|| {
        let envelope = Envelope {
            value: deep_list(DEEP),
            after: 5,
        };
        let back: Envelope = read(&bytes_of(&envelope)).unwrap();
        assert!(back.value == envelope.value && back.after == 5);
    });
}

#[test]
fn taking_a_deep_value_apart_is_safe() {
    in_small_stack(|| {
        let Value::List(list) = deep_list(DEEP) else {
            panic!()
        };
        let mut elements = list.into_vec();
        elements.push(deep_map(DEEP));
        drop(elements);
        let mut shared = deep_list(DEEP);
        shared.as_list_mut().unwrap().clear();
        let list = deep_list(DEEP);
        let Value::List(list) = list else { panic!() };
        assert!(list.clone() == list);
    });
}

#[test]
fn an_incomplete_deep_message_is_dropped_safely() {
    in_small_stack(|| {
        let mut bytes = bytes_of(&deep_list(DEEP));
        bytes.pop();
        assert!(read::<Value>(&bytes).is_err());
        assert!(read::<Graph>(&bytes).is_err());
        assert!(read::<serde::de::IgnoredAny>(&bytes).is_err());
    });
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Nested {
    name: String,
    numbers: Vec<f64>,
    inner: Vec<Nested>,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
enum Tree {
    Leaf(i64),
    Node { left: Box<Tree>, right: Box<Tree> },
    Wrapped(Box<Option<Tree>>),
}

#[derive(Serialize, Deserialize, Debug)]
struct Endless(Option<Box<Endless>>);

#[test]
fn serde_types_have_a_limit_that_fits_a_guests_stack() {
    in_small_stack_with_serde(|| {
        let error = read::<Nested>(&bytes_of(&nested_value(DEEP))).unwrap_err();
        let kind = DecodeErrorKind::TooDeep { limit: DEPTH_LIMIT };
        assert_eq!(error.kind(), &kind);
        // A struct and its list are two levels.
        let bytes = bytes_of(&nested_value(DEPTH_LIMIT / 2));
        let nested: Nested = read(&bytes).unwrap();
        assert_eq!(bytes_of(&nested), bytes);
        let too_deep = Nested {
            name: String::new(),
            numbers: vec![],
            inner: vec![nested],
        };
        let error = encode::<NoPort, _>(&too_deep, &mut Vec::new()).unwrap_err();
        assert_eq!(error, EncodeError::TooDeep { limit: DEPTH_LIMIT });
        assert!(error.to_string().contains("Value or a Graph"));
    });
}

fn nested_value(depth: usize) -> Value {
    let level = |inner| {
        let empty = || Value::list::<Value>([]);
        Value::map([("name", "".into()), ("numbers", empty()), ("inner", inner)])
    };
    (0..depth).fold(Value::list::<Value>([]), |inner, i| match i {
        0 => level(inner),
        _ => level(Value::list([inner])),
    })
}

#[test]
fn so_have_enums() {
    in_small_stack_with_serde(|| {
        let mut tree: Value = Value::map([("Leaf", 1)]);
        for _ in 0..DEEP {
            tree = Value::map([("Wrapped", tree)]);
        }
        assert!(read::<Tree>(&bytes_of(&tree)).is_err());
        let mut tree = Tree::Leaf(1);
        for _ in 0..1000 {
            let right = Box::new(Tree::Leaf(2));
            tree = Tree::Node {
                left: Box::new(tree),
                right,
            };
            if encode::<NoPort, _>(&tree, &mut Vec::new()).is_err() {
                return;
            }
            assert_eq!(read::<Tree>(&bytes_of(&tree)).unwrap(), tree);
        }
        panic!("there is no limit");
    });
}

#[test]
fn newtypes_and_options_count_although_the_wire_does_not_show_them() {
    in_small_stack_with_serde(|| {
        // Any number would do: Some(Some(Some(...
        let error = read::<Endless>(&bytes_of(&5)).unwrap_err();
        assert_eq!(
            error.kind(),
            &DecodeErrorKind::TooDeep { limit: DEPTH_LIMIT }
        );
        let endless = (0..300).fold(Endless(None), |e, _| Endless(Some(Box::new(e))));
        assert!(encode::<NoPort, _>(&endless, &mut Vec::new()).is_err());
    });
}

#[test]
fn buffered_types_have_the_limit_too() {
    #[derive(Deserialize, Debug)]
    #[serde(untagged)]
    #[allow(dead_code)]
    enum Untagged {
        Leaf(i64),
        List(Vec<Untagged>),
    }
    in_small_stack_with_serde(|| {
        let error = read::<Untagged>(&bytes_of(&deep_list(DEEP))).unwrap_err();
        assert_eq!(
            error.kind(),
            &DecodeErrorKind::TooDeep { limit: DEPTH_LIMIT }
        );
    });
}

#[test]
fn a_foreign_serializer_gets_an_error_and_no_overflow() {
    in_small_stack_with_serde(|| {
        let error = serde_json::to_string(&deep_list(DEEP)).unwrap_err();
        assert!(error.to_string().contains("levels deep"), "{error}");
    });
}

#[test]
fn shared_parts_do_not_make_it_deeper() {
    // Every level is a list in tag 28, referred to once more at the end.
    let mut bytes = vec![0x82];
    for _ in 1..DEPTH_LIMIT {
        bytes.extend([0xd8, 0x1c, 0x81]);
    }
    bytes.extend([0x80, 0xd8, 0x1d, 0x00]);
    #[derive(Deserialize)]
    struct Levels(#[allow(dead_code)] Vec<serde_json::Value>);
    in_small_stack_with_serde(move || {
        read::<Value>(&bytes).unwrap();
        let error = read::<Levels>(&bytes).err().unwrap();
        assert_eq!(
            error.kind(),
            &DecodeErrorKind::TooDeep { limit: DEPTH_LIMIT }
        );
        assert!(read::<serde_json::Value>(&bytes[..]).is_err());
        let shallower = [&[0x82], &bytes[7..]].concat();
        assert!(read::<serde_json::Value>(&shallower).is_ok());
    });
}
