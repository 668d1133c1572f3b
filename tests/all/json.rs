//! JSON becomes a message, and a message JSON.

use anyhow::Result;
use insula::Value;
use insula_tests::{HANG, Host};
use serde_json::json;

use crate::guests;
use crate::host::spawn;

#[test]
fn json_goes_to_a_guest_and_comes_back() -> Result<()> {
    let host = Host::new()?;
    let echo = spawn(&host, guests::HELLO, "echo")?;
    let json = json!({
        "null": null,
        "bools": [true, false],
        "ints": [0, -1, i64::MIN, i64::MAX],
        "doubles": [0.5, -1.5e300, 1.0],
        "text": "ünïcödé \u{0} 🏛",
        "empty": {"list": [], "map": {}, "text": ""},
    });
    let back: Value = echo.port().call_timeout(&Value::from(json.clone()), HANG)?;
    assert_eq!(back["ints"][3], i64::MAX);
    assert_eq!(serde_json::Value::try_from(&back)?, json);
    // And so does what serde makes of it, without a value between.
    let back: serde_json::Value = echo.port().call_timeout(&json, HANG)?;
    assert_eq!(back, json);
    // A number that is no int of ours is the closest double.
    assert_eq!(
        Value::from(json!(u64::MAX)),
        Value::from(18_446_744_073_709_551_615.0)
    );
    Ok(())
}

#[test]
fn what_json_cannot_say_is_an_error_that_says_so() -> Result<()> {
    let host = Host::new()?;
    let (port, _at_host) = host.runtime.port();
    let mut deep = Value::Null;
    for _ in 0..128 {
        deep = Value::list([deep]);
    }
    for (value, expected) in [
        (
            Value::map([("raw", Value::list([Value::Bytes(vec![1])]))]),
            "raw[0]: JSON has no bytes; make a string of them first (base64)",
        ),
        (
            Value::map([("to", Value::send_port(port))]),
            "to: JSON has no send ports",
        ),
        (
            Value::list([f64::NAN]),
            "[0]: JSON has no NaN; only finite numbers",
        ),
        (
            Value::list([f64::NEG_INFINITY]),
            "[0]: JSON has no -inf; only finite numbers",
        ),
        (
            Value::map([(1, 2)]),
            "[key 0]: JSON's keys are strings, found int",
        ),
        (
            Value::map([("twice", 1), ("twice", 2)]),
            "twice: the map has this key twice",
        ),
    ] {
        let error = serde_json::Value::try_from(&value).expect_err("JSON cannot say it");
        assert_eq!(error.to_string(), expected);
    }
    let error = serde_json::Value::try_from(&deep).expect_err("it is too deep");
    assert!(
        error
            .to_string()
            .ends_with("]: nests more than 127 levels deep, the limit for JSON")
    );
    Ok(())
}
