//! Values from and to `serde_json::Value` (feature `json`).

use serde_json::{Map as JsonMap, Number, Value as Json};

use crate::path::{Path, Segment};
use crate::value::Builder;
use crate::{List, Map, Value};

/// How deep JSON may nest: as deep as serde_json reads it.
const JSON_DEPTH_LIMIT: usize = 127;

/// Every JSON value is a message. Entries come in the order in which the map
/// gives them. A number that is no `i64` becomes a double, the closest one.
impl<P> From<Json> for Value<P> {
    fn from(json: Json) -> Self {
        let mut builder = Builder::new();
        let mut todo = vec![json];
        while let Some(json) = todo.pop() {
            let whole = match json {
                Json::Array(elements) => {
                    let length = elements.len();
                    todo.extend(elements.into_iter().rev());
                    builder.list(length, (), drop)
                }
                Json::Object(entries) => {
                    let length = entries.len();
                    let start = todo.len();
                    todo.extend(entries.into_iter().flat_map(|(k, v)| [Json::String(k), v]));
                    todo[start..].reverse();
                    builder.map(length, (), drop)
                }
                leaf => builder.add(from_leaf(leaf), drop),
            };
            if let Some(whole) = whole {
                return whole;
            }
        }
        Value::Null
    }
}

fn from_leaf<P>(json: Json) -> Value<P> {
    match json {
        Json::Bool(b) => Value::Bool(b),
        Json::String(s) => Value::String(s.into()),
        Json::Number(n) => match (n.as_i64(), n.as_f64()) {
            (Some(int), _) => Value::Int(int),
            (None, double) => Value::Double(double.unwrap_or(f64::NAN)),
        },
        Json::Null | Json::Array(_) | Json::Object(_) => Value::Null,
    }
}

/// JSON cannot say what this value holds.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{}{reason}", if .path.is_empty() { String::new() } else { format!("{}: ", .path) })]
pub struct ToJsonError {
    path: Path,
    reason: String,
}

impl ToJsonError {
    fn new(reason: impl Into<String>) -> Self {
        ToJsonError {
            path: Path::default(),
            reason: reason.into(),
        }
    }

    fn below(mut self, segment: Segment) -> Self {
        self.path.prepend(segment);
        self
    }

    /// Where it is, as in `user.address[2].zip`; empty for the whole value.
    pub fn path(&self) -> String {
        self.path.to_string()
    }
}

/// An error for bytes, send ports, NaN and infinities, keys that are no
/// strings or are there twice, and for more levels than the 127 that serde_json reads.
impl<P> TryFrom<&Value<P>> for Json {
    type Error = ToJsonError;

    fn try_from(value: &Value<P>) -> Result<Self, ToJsonError> {
        to_json(value, 0)
    }
}

impl<P> TryFrom<Value<P>> for Json {
    type Error = ToJsonError;

    fn try_from(value: Value<P>) -> Result<Self, ToJsonError> {
        to_json(&value, 0)
    }
}

fn to_json<P>(value: &Value<P>, depth: usize) -> Result<Json, ToJsonError> {
    match value {
        Value::Null => Ok(Json::Null),
        Value::Bool(b) => Ok(Json::Bool(*b)),
        Value::Int(n) => Ok(Json::from(*n)),
        Value::Double(d) => number(*d),
        Value::String(s) => Ok(Json::String(s.to_string())),
        Value::Bytes(_) => Err(ToJsonError::new(
            "JSON has no bytes; make a string of them first (base64)",
        )),
        Value::SendPort(_) => Err(ToJsonError::new("JSON has no send ports")),
        Value::List(_) | Value::Map(_) if depth >= JSON_DEPTH_LIMIT => Err(ToJsonError::new(
            format!("nests more than {JSON_DEPTH_LIMIT} levels deep, the limit for JSON"),
        )),
        Value::List(list) => array(list, depth + 1),
        Value::Map(map) => object(map, depth + 1),
    }
}

fn number(d: f64) -> Result<Json, ToJsonError> {
    let number = Number::from_f64(d).map(Json::Number);
    number.ok_or_else(|| ToJsonError::new(format!("JSON has no {d}; only finite numbers")))
}

fn array<P>(list: &List<P>, depth: usize) -> Result<Json, ToJsonError> {
    let element = |(i, value)| {
        to_json(value, depth).map_err(|error: ToJsonError| error.below(Segment::Index(i)))
    };
    let elements = list.iter().enumerate().map(element);
    elements.collect::<Result<_, _>>().map(Json::Array)
}

fn object<P>(map: &Map<P>, depth: usize) -> Result<Json, ToJsonError> {
    let mut object = JsonMap::new();
    for (i, (key, value)) in map.iter().enumerate() {
        let Value::String(key) = key else {
            let kind = key.kind();
            let error = ToJsonError::new(format!("JSON's keys are strings, found {kind}"));
            return Err(error.below(Segment::Key(i)));
        };
        let at = |error: ToJsonError| error.below(Segment::Field(key.to_string()));
        let value = to_json(value, depth).map_err(at)?;
        if object.insert(key.to_string(), value).is_some() {
            return Err(at(ToJsonError::new("the map has this key twice")));
        }
    }
    Ok(Json::Object(object))
}
