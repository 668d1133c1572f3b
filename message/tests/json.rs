//! Values from and to JSON.
#![cfg(feature = "json")]

mod support;

use serde_json::{Value as Json, json};
use support::{TestPort, Value};

fn to_json(value: Value) -> Result<Json, String> {
    Json::try_from(&value).map_err(|error| error.to_string())
}

#[test]
fn json_survives() {
    for json in [
        json!(null),
        json!(true),
        json!(-5),
        json!(2.5),
        json!("text"),
        json!([]),
        json!({}),
        json!([1, [2, {"a": [null], "b": {"c": "d"}}], 3]),
    ] {
        assert_eq!(to_json(Value::from(json.clone())), Ok(json));
    }
    assert_eq!(
        Value::from(json!({"a": [1, 2.0]})).to_string(),
        r#"{"a": [1, 2.0]}"#
    );
}

#[test]
fn numbers_beyond_i64_become_doubles() {
    assert_eq!(Value::from(json!(u64::MAX)), Value::from(u64::MAX as f64));
}

#[test]
fn what_json_cannot_say_is_named() {
    let error = |value: Value| to_json(Value::map([("a", Value::list([value]))])).unwrap_err();
    assert!(error(vec![1u8].into()).starts_with("a[0]: JSON has no bytes"));
    assert_eq!(
        error(f64::NAN.into()),
        "a[0]: JSON has no NaN; only finite numbers"
    );
    assert!(error(f64::NEG_INFINITY.into()).contains("JSON has no -inf"));
    assert_eq!(
        error(Value::map([(1, 2)])),
        "a[0][key 0]: JSON's keys are strings, found int"
    );
    assert_eq!(
        error(Value::map([("k", 1), ("k", 2)])),
        "a[0].k: the map has this key twice"
    );
    let port = insula_message::Value::SendPort(TestPort(1));
    let error = Json::try_from(port).unwrap_err();
    assert_eq!(error.to_string(), "JSON has no send ports");
    assert_eq!(error.path(), "");
}

#[test]
fn deep_values_are_an_error() {
    let nest = |depth| (0..depth).fold(Value::Null, |inner, _| Value::list([inner]));
    assert!(
        to_json(nest(1_000_000))
            .unwrap_err()
            .contains("levels deep")
    );
    let json = to_json(nest(127)).unwrap();
    assert!(serde_json::from_str::<Json>(&json.to_string()).is_ok());
    assert!(to_json(nest(128)).is_err());
}

#[test]
fn serde_json_reads_and_writes_values_directly() {
    let value: Value = serde_json::from_str(r#"{"a": [1, 2.5, null, "x"]}"#).unwrap();
    assert_eq!(value.to_string(), r#"{"a": [1, 2.5, null, "x"]}"#);
    assert_eq!(
        serde_json::to_string(&value).unwrap(),
        r#"{"a":[1,2.5,null,"x"]}"#
    );
    assert!(serde_json::from_str::<Value>("18446744073709551615").is_err());
}
