//! Send ports travel beside the bytes, wherever they sit in a message.

mod support;

use insula_message::{
    DecodeErrorKind, EncodeError, Graph, NoPort, Node, Port, Value, decode, encode,
};
use serde::{Deserialize, Serialize};
use support::{TestPort, bytes_of, send};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Ask {
    text: String,
    reply_to: TestPort,
    others: Vec<Option<TestPort>>,
}

fn ask() -> Ask {
    Ask {
        text: "why?".into(),
        reply_to: TestPort(7),
        others: vec![Some(TestPort(8)), None, Some(TestPort(7))],
    }
}

#[test]
fn ports_are_numbered_and_equal_ones_share_a_number() {
    let mut bytes = Vec::new();
    let ports = encode::<TestPort, _>(&ask(), &mut bytes).unwrap();
    assert_eq!(ports, [TestPort(7), TestPort(8)]);
    let arrived = vec![Some(TestPort(70)), Some(TestPort(80))];
    let ask: Ask = decode(&bytes, arrived).unwrap();
    assert_eq!(ask.reply_to, TestPort(70));
    assert_eq!(ask.others, [Some(TestPort(80)), None, Some(TestPort(70))]);
}

#[test]
fn a_lost_port_is_an_error_only_where_it_is_used() {
    let mut bytes = Vec::new();
    encode::<TestPort, _>(&ask(), &mut bytes).unwrap();
    let error = decode::<TestPort, Ask>(&bytes, vec![Some(TestPort(1)), None]).unwrap_err();
    assert_eq!(error.kind(), &DecodeErrorKind::LostPort { index: 1 });
    assert!(
        error
            .to_string()
            .starts_with("others[0]: send port 1 of the message was lost")
    );

    #[derive(Deserialize)]
    struct OnlyText {
        text: String,
    }
    let text: OnlyText = decode::<TestPort, _>(&bytes, vec![None, None]).unwrap();
    assert_eq!(text.text, "why?");
}

#[test]
fn a_number_beyond_the_ports_is_an_error() {
    let mut bytes = Vec::new();
    encode::<TestPort, _>(&ask(), &mut bytes).unwrap();
    let error = decode::<TestPort, Ask>(&bytes, vec![Some(TestPort(1))]).unwrap_err();
    assert_eq!(
        error.kind(),
        &DecodeErrorKind::PortOutOfRange { index: 1, count: 1 }
    );
    let error = decode::<TestPort, Graph<TestPort>>(&bytes, vec![]).unwrap_err();
    assert_eq!(
        error.kind(),
        &DecodeErrorKind::PortOutOfRange { index: 0, count: 0 }
    );
    let error = decode::<TestPort, Value<TestPort>>(&bytes, vec![None]).unwrap_err();
    assert_eq!(error.kind(), &DecodeErrorKind::LostPort { index: 0 });
}

#[test]
fn values_and_graphs_carry_ports() {
    let value: Value<TestPort> = send(&ask()).unwrap();
    assert_eq!(value["reply_to"].as_send_port(), Some(&TestPort(7)));
    assert_eq!(send::<_, Ask>(&value).unwrap(), ask());
    let graph: Graph<TestPort> = send(&value).unwrap();
    assert_eq!(send::<_, Ask>(&graph).unwrap(), ask());
    assert_eq!(graph.to_value().unwrap(), value);
    assert_eq!(
        value.to_string(),
        r#"{"text": "why?", "reply_to": <TestPort(7)>, "others": [<TestPort(8)>, null, <TestPort(7)>]}"#
    );
}

#[test]
fn ports_survive_serdes_buffers() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(tag = "kind")]
    enum Tagged {
        Call { reply_to: TestPort },
        Boxed(Ask),
        Nested(Outer),
    }
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    enum Outer {
        Pair(TestPort, Value<TestPort>),
        Fields { port: Option<TestPort> },
    }
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(untagged)]
    enum Untagged {
        Port(TestPort),
        Number(u64),
        Ports(Vec<TestPort>),
        Value(Value<TestPort>),
    }
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Flat {
        #[serde(flatten)]
        rest: std::collections::BTreeMap<String, Untagged>,
    }
    for tagged in [
        Tagged::Call {
            reply_to: TestPort(5),
        },
        Tagged::Boxed(ask()),
        Tagged::Nested(Outer::Pair(
            TestPort(1),
            Value::list([Value::SendPort(TestPort(2)), 5.into()]),
        )),
        Tagged::Nested(Outer::Fields {
            port: Some(TestPort(4)),
        }),
    ] {
        assert_eq!(send::<_, Tagged>(&tagged).unwrap(), tagged);
    }
    for untagged in [
        Untagged::Port(TestPort(5)),
        Untagged::Number(0),
        Untagged::Ports(vec![TestPort(5), TestPort(6)]),
        Untagged::Value(Value::list([Value::SendPort(TestPort(3)), Value::Null])),
    ] {
        assert_eq!(send::<_, Untagged>(&untagged).unwrap(), untagged);
        let flat = Flat {
            rest: [("k".to_string(), untagged)].into(),
        };
        assert_eq!(send::<_, Flat>(&flat).unwrap(), flat);
    }
}

#[test]
fn a_number_never_passes_as_a_port() {
    let error = send::<_, TestPort>(&0u8).unwrap_err();
    assert_eq!(error.to_string(), "expected send port, found int");
    #[derive(Deserialize, Debug)]
    struct Flat {
        #[serde(flatten)]
        _rest: std::collections::BTreeMap<String, TestPort>,
    }
    let sent = std::collections::BTreeMap::from([("p", 0u8)]);
    let error = send::<_, Flat>(&sent).unwrap_err();
    assert_eq!(error.to_string(), "expected send port, found int");
}

#[test]
fn a_port_is_no_other_type() {
    let error = send::<_, u32>(&TestPort(1)).unwrap_err();
    assert_eq!(error.to_string(), "expected int, found send port");
    let error = send::<_, Vec<String>>(&vec![TestPort(1)]).unwrap_err();
    assert_eq!(error.to_string(), "[0]: expected string, found send port");
    let error = send::<_, Value>(&vec![TestPort(1)]).unwrap_err();
    assert!(
        matches!(error.kind(), DecodeErrorKind::PortType { .. }),
        "{error}"
    );
}

#[test]
fn a_message_carries_one_type_of_port() {
    #[derive(Clone, PartialEq, Debug)]
    struct OtherPort;
    impl Port for OtherPort {}
    impl Serialize for OtherPort {
        fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
            insula_message::serialize_port(self, s)
        }
    }
    let mut bytes = vec![9];
    let error = encode::<TestPort, _>(&(1, OtherPort), &mut bytes).unwrap_err();
    assert!(matches!(error, EncodeError::PortType { .. }), "{error}");
    let value = Value::list([Value::SendPort(OtherPort)]);
    let error = encode::<TestPort, _>(&value, &mut bytes).unwrap_err();
    assert!(matches!(error, EncodeError::PortType { .. }), "{error}");
    assert_eq!(bytes, [9]);
    // A value that can hold no port goes with any.
    let plain: Value = Value::list([1, 2]);
    assert!(encode::<TestPort, _>(&plain, &mut bytes).is_ok());
}

#[test]
fn other_serializers_refuse_ports() {
    let error = serde_json::to_string(&ask()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("a send port can only be sent in a message")
    );
    let error = serde_json::from_str::<TestPort>("0").unwrap_err();
    assert!(error.to_string().contains("expected send port"), "{error}");
}

/// Encodes another message, and reads one, while it is encoded itself.
struct Nesting(TestPort);

impl Serialize for Nesting {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        let inner: (TestPort, Value<TestPort>) =
            send(&(TestPort(1), Value::list([Value::SendPort(TestPort(2))]))).unwrap();
        assert_eq!(inner.0, TestPort(1));
        assert!(std::panic::catch_unwind(|| bytes_of(&Panics)).is_err());
        (&self.0, &inner.0, &self.0).serialize(s)
    }
}

struct Panics;

impl Serialize for Panics {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("as the test wants");
    }
}

#[test]
fn messages_in_messages_keep_their_ports_apart() {
    let mut bytes = Vec::new();
    let ports = encode::<TestPort, _>(&Nesting(TestPort(9)), &mut bytes).unwrap();
    assert_eq!(ports, [TestPort(9), TestPort(1)]);
}

#[test]
fn very_many_ports_take_no_quadratic_time() {
    let many: Vec<TestPort> = (0..200_000).map(TestPort).collect();
    assert_eq!(send::<_, Vec<TestPort>>(&many).unwrap(), many);
    let graph = Graph::from(Value::from_iter(many.into_iter().map(Value::SendPort)));
    assert_eq!(send::<_, Graph<TestPort>>(&graph).unwrap(), graph);
}

#[test]
fn a_graph_node_can_be_a_port() {
    let mut graph: Graph<TestPort> = Graph::new();
    let port = graph.add(Node::SendPort(TestPort(1)));
    let list = graph.add_list([port, port]);
    graph.set_root(list);
    assert_eq!(send::<_, Graph<TestPort>>(&graph).unwrap(), graph);
    assert_eq!(
        send::<_, Vec<TestPort>>(&graph).unwrap(),
        [TestPort(1), TestPort(1)]
    );
    let _ = NoPort::clone;
}
