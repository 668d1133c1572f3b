//! The vectors in `wit/vectors`, and what this crate makes of a message, in their words.

use std::fmt::Write as _;

use insula_message::{DecodeErrorKind, Graph, Value, decode, encode};
use serde_json::{Value as Json, json};

use crate::support::TestPort;

/// Deeper lists and maps are not looked into: the message is, as a whole.
const DEPTH: usize = 100;

pub fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// What a message is read as: the fields of a vector that say so.
pub fn outcome(bytes: &[u8], ports: usize, lost: usize) -> Json {
    let came = (0..ports).map(|number| Some(TestPort(number as u32)));
    let ports: Vec<_> = came.chain((0..lost).map(|_| None)).collect();
    match decode::<TestPort, Value<TestPort>>(bytes, ports.clone()) {
        Ok(value) => {
            let mut canonical = Vec::new();
            let sent = encode(&value, &mut canonical).expect("it was just read");
            let sends: Vec<_> = sent.iter().map(|TestPort(number)| number).collect();
            json!({ "value": typed(&value, 0), "canonical": hex_of(&canonical), "sends": sends })
        }
        Err(error) => {
            let (name, offset) = named(error.kind());
            let mut outcome = json!({ "error": name });
            if let Some(offset) = offset {
                outcome["offset"] = offset.into();
            }
            if decode::<TestPort, Graph<TestPort>>(bytes, ports).is_ok() {
                outcome["graph"] = true.into();
            }
            outcome
        }
    }
}

/// A value in JSON: see `wit/vectors/README.md`.
pub fn typed(value: &Value<TestPort>, depth: usize) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(b) => json!(b),
        Value::Int(n) => json!({ "int": n.to_string() }),
        Value::Double(d) => json!({ "double": format!("{:016x}", d.to_bits()) }),
        Value::String(text) => json!(text.to_string()),
        Value::Bytes(bytes) => json!({ "bytes": hex_of(bytes) }),
        Value::SendPort(TestPort(number)) => json!({ "port": number }),
        Value::List(_) | Value::Map(_) if depth == DEPTH => json!("deeper"),
        Value::List(list) => list.iter().map(|value| typed(value, depth + 1)).collect(),
        Value::Map(map) => {
            let pair = |(key, value): &(_, _)| [typed(key, depth + 1), typed(value, depth + 1)];
            json!({ "map": map.iter().map(pair).collect::<Vec<_>>() })
        }
    }
}

/// An error's name, and where it is, where that is said.
fn named(error: &DecodeErrorKind) -> (&'static str, Option<usize>) {
    use DecodeErrorKind as Kind;
    match error {
        Kind::Truncated { offset } => ("truncated", Some(*offset)),
        Kind::LengthTooLong { offset, .. } => ("length_too_long", Some(*offset)),
        Kind::TrailingBytes { offset, .. } => ("trailing_bytes", Some(*offset)),
        Kind::IndefiniteLength { offset } => ("indefinite_length", Some(*offset)),
        Kind::Reserved { offset, .. } => ("reserved", Some(*offset)),
        Kind::SimpleValue { offset, .. } => ("simple_value", Some(*offset)),
        Kind::NotUtf8 { offset } => ("text_not_utf8", Some(*offset)),
        Kind::UnknownTag { offset, .. } => ("unknown_tag", Some(*offset)),
        Kind::TagContent { offset, .. } => ("tag_content", Some(*offset)),
        Kind::DanglingReference { offset, .. } => ("dangling_reference", Some(*offset)),
        Kind::Cyclic => ("cyclic", None),
        Kind::UnfoldsTooLarge { .. } => ("unfolds_too_large", None),
        Kind::PortOutOfRange { .. } => ("port_out_of_range", None),
        Kind::LostPort { .. } => ("lost_port", None),
        Kind::IntOutOfRange { .. } => ("int_out_of_range", None),
        other => panic!("no message can be this when it is read as a value: {other}"),
    }
}
