//! Messages: bytes from a stranger, read in every way there is.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::thread;

use insula_message::{
    DEPTH_LIMIT, ExitReason, FromMessage, Graph, Port, RemoteError, ToMessage, Value, decode,
    deserialize_port, encode, serialize_port, unfold_budget,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::within;

/// What recurses with the depth of a message overflows it soon.
const STACK: usize = 256 << 10;

/// What reading may allocate for each byte of a message, as `message/tests/memory.rs`
/// measures it, and beside that.
const FOR_EACH_BYTE: usize = 256;
const ANYWAY: usize = 64 << 10;

/// The number of the tag that refers to a shared part.
const REFERENCE: u8 = 29;

#[derive(Clone, PartialEq, Debug)]
struct TestPort(u32);

impl Port for TestPort {}

impl Serialize for TestPort {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize_port(self, serializer)
    }
}

impl<'de> Deserialize<'de> for TestPort {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_port(deserializer)
    }
}

#[derive(Serialize, Deserialize, Debug)]
enum Typed {
    Unit,
    Int(i32),
    Pair(u8, String),
    Fields { a: Option<bool>, b: Vec<u8> },
    Map(BTreeMap<i16, Typed>),
    List(Vec<Typed>),
    Port(TestPort),
}

/// serde keeps the parts of these in buffers first.
#[derive(Serialize, Deserialize, Debug)]
#[serde(untagged)]
enum Buffered {
    Number(u64),
    Port(TestPort),
    Flat {
        own: Option<TestPort>,
        #[serde(flatten)]
        rest: BTreeMap<String, Buffered>,
    },
    List(Vec<Buffered>),
}

type Ports = Vec<Option<TestPort>>;

/// The second one was lost on the way.
fn ports() -> Ports {
    vec![Some(TestPort(0)), None, Some(TestPort(2))]
}

/// Reads `bytes` as all that a message can be.
pub fn run(bytes: &[u8]) {
    thread::scope(|scope| {
        let reading = thread::Builder::new().stack_size(STACK);
        let reading = reading.spawn_scoped(scope, || read_all_ways(bytes));
        let read = reading.expect("a thread can be had").join();
        read.expect("a panic ends the process");
    });
}

fn read_all_ways(bytes: &[u8]) {
    let value = read::<Value<TestPort>>(bytes);
    let graph = read::<Graph<TestPort>>(bytes);
    if !bytes.contains(&REFERENCE) {
        assert_eq!(value.is_some(), graph.is_some(), "a tree is a graph");
    }
    if let Some(value) = &value {
        let graph = graph.as_ref().expect("what is a value is a graph");
        check_value(bytes, value, graph);
    }
    if let Some(graph) = &graph {
        check_graph(bytes, graph);
    }
    typed::<Typed>(bytes);
    typed::<BTreeMap<String, Vec<u8>>>(bytes);
    typed::<(TestPort, Option<f64>)>(bytes);
    typed::<serde_json::Value>(bytes);
    typed::<ExitReason>(bytes);
    typed::<(String, ExitReason)>(bytes);
    typed::<RemoteError>(bytes);
    // A copy in each level that is open.
    read_within::<Buffered>(FOR_EACH_BYTE * DEPTH_LIMIT, bytes);
    read::<Vec<(f32, char, i128)>>(bytes);
}

/// Reads it as a `T`, which may be refused but takes memory by its length only.
fn read<T: FromMessage<TestPort>>(bytes: &[u8]) -> Option<T> {
    read_within(FOR_EACH_BYTE, bytes)
}

fn read_within<T: FromMessage<TestPort>>(for_each_byte: usize, bytes: &[u8]) -> Option<T> {
    // What is shared may be copied, and a value of one byte takes some memory.
    let copies = match bytes.contains(&REFERENCE) {
        true => unfold_budget(bytes.len()),
        false => 0,
    };
    let most = (bytes.len() + copies) * for_each_byte + ANYWAY;
    let what = std::any::type_name::<T>();
    within(most, what, || match decode::<TestPort, T>(bytes, ports()) {
        Ok(message) => Some(message),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            None
        }
    })
}

fn written<T: ToMessage<TestPort>>(message: &T) -> (Vec<u8>, Vec<TestPort>) {
    let mut bytes = Vec::new();
    let ports = encode(message, &mut bytes).expect("what was read can be written");
    (bytes, ports)
}

/// What was read is written, read and written: the second time as the first.
fn again<T: ToMessage<TestPort> + FromMessage<TestPort>>(message: &T) -> T {
    let (bytes, ports) = written(message);
    let arrived = ports.iter().cloned().map(Some).collect();
    let again: T = decode(&bytes, arrived).expect("what was written can be read");
    assert!((bytes, ports) == written(&again), "it changes on the way");
    again
}

fn typed<T: Serialize + DeserializeOwned + Debug>(bytes: &[u8]) {
    if let Some(message) = read::<T>(bytes) {
        again(&message);
    }
}

fn check_value(bytes: &[u8], value: &Value<TestPort>, graph: &Graph<TestPort>) {
    assert!(again(value) == *value);
    if let Ok(tree) = graph.to_value() {
        assert!(tree == *value, "the graph says something else");
    }
    let unfolded = Graph::from(value.clone());
    assert!(unfolded.len() <= bytes.len() + unfold_budget(bytes.len()));
    let back = unfolded.to_value().expect("nothing is shared in it");
    assert!(back == *value);
    assert!(!value.to_string().is_empty() && !format!("{value:?}").is_empty());
    if let Ok(json) = serde_json::Value::try_from(value) {
        // Doubles without a fraction stay doubles, so there is one way back.
        let value = Value::<TestPort>::from(json);
        assert!(again(&value) == value);
    }
}

fn check_graph(bytes: &[u8], graph: &Graph<TestPort>) {
    assert!(graph.len() <= bytes.len());
    assert!(again(graph) == *graph);
    assert!(graph.clone() == *graph);
    assert!(!format!("{graph:?}").is_empty());
}
