//! A `Value` of every kind survives the way, and reads like Rust's own types.

mod support;

use insula_message::{Kind, Map};
use support::{Value, bytes_of, read};

fn survives(value: Value) {
    assert_eq!(read::<Value>(&bytes_of(&value)).unwrap(), value);
}

#[test]
fn every_kind_survives() {
    survives(Value::Null);
    survives(true.into());
    survives(false.into());
    survives("".into());
    survives("héllo\0 \u{10ffff} 😀".into());
    survives(Vec::<u8>::new().into());
    survives(Value::Bytes((0..=255).collect()));
    survives(Value::list::<Value>([]));
    survives(Value::map::<Value, Value>([]));
    survives(Value::list([Value::Null, 1.into(), Value::list(["x"])]));
}

#[test]
fn every_integer_survives() {
    for power in 0..64 {
        let n = 1i64.wrapping_shl(power);
        for n in [n.wrapping_sub(1), n, n.wrapping_add(1), n.wrapping_neg()] {
            survives(n.into());
        }
    }
    survives(i64::MIN.into());
    survives(i64::MAX.into());
}

#[test]
fn every_double_survives_with_its_bits() {
    let signalling_nan = f64::from_bits(0x7ff0_0000_0000_0001);
    let payload_nan = f64::from_bits(0xfff8_dead_beef_0001);
    for d in [
        0.0,
        -0.0,
        1.0,
        f64::MIN_POSITIVE,
        5e-324,
        f64::MAX,
        f64::INFINITY,
    ] {
        survives(d.into());
        survives((-d).into());
    }
    survives(signalling_nan.into());
    survives(payload_nan.into());
}

#[test]
fn a_double_never_turns_into_an_int() {
    assert_eq!(bytes_of(&Value::from(1.0)).len(), 9);
    let back: Value = read(&bytes_of(&Value::from(1.0))).unwrap();
    assert_eq!(back.kind(), Kind::Double);
}

#[test]
fn long_strings_survive() {
    survives("x".repeat(16 << 20).into());
    survives(vec![7u8; 16 << 20].into());
}

#[test]
fn maps_keep_their_order_and_take_any_key() {
    let keys: [Value; 7] = [
        "z".into(),
        "a".into(),
        1.into(),
        Value::Null,
        2.5.into(),
        Value::list([1, 2]),
        Value::map([("k", "v")]),
    ];
    let map: Map<_> = keys.iter().cloned().map(|key| (key, 0)).collect();
    let value = Value::Map(map);
    survives(value.clone());
    for key in &keys {
        assert_eq!(value.get(key), Some(&0.into()));
    }
}

#[test]
fn equality_is_by_bits() {
    let nan: Value = f64::NAN.into();
    assert_eq!(nan, nan.clone());
    assert_ne!(Value::from(0.0), Value::from(-0.0));
    assert_ne!(Value::from(1), Value::from(1.0));
}

#[test]
fn rusts_own_types_become_values_and_return() {
    let value: Value = (1, "two", 3.0f32, Some(true)).into();
    assert_eq!(value.to_string(), r#"[1, "two", 3.0, true]"#);
    let list: Vec<Value> = value.try_into().unwrap();
    let [one, two, three, four] = <[Value; 4]>::try_from(list).unwrap();
    assert_eq!(u8::try_from(one), Ok(1));
    assert_eq!(String::try_from(two), Ok("two".to_string()));
    assert_eq!(f64::try_from(three), Ok(3.0));
    assert_eq!(bool::try_from(four), Ok(true));
    assert_eq!(Value::from(None::<i64>), Value::Null);
}

#[test]
fn a_wrong_conversion_says_what_was_found() {
    let value: Value = "five".into();
    let error = i64::try_from(value).unwrap_err();
    assert_eq!(error.to_string(), "expected int, found string");
    let error = u8::try_from(Value::from(300)).unwrap_err();
    assert_eq!(error.to_string(), "the integer 300 does not fit in u8");
}

#[test]
fn values_can_be_looked_into_and_changed() {
    let mut value: Value = Value::map([("list", Value::list([1, 2])), ("name", "x".into())]);
    assert_eq!(value["list"][1], 2);
    assert_eq!(value["name"], "x");
    assert!(value["nothing"][7].is_null());
    value["list"][0] = "changed".into();
    assert_eq!(value["list"][0].as_str(), Some("changed"));
    value.as_map_mut().unwrap().insert("name", 5);
    value.as_map_mut().unwrap().insert("new", 6);
    assert_eq!(
        value.to_string(),
        r#"{"list": ["changed", 2], "name": 5, "new": 6}"#
    );
    assert_eq!(value["list"].take().as_list().unwrap().len(), 2);
}

#[test]
fn parts_move_out_in_a_match() {
    let value: Value = Value::list([Value::map([("key", "text")])]);
    let Value::List(list) = value else { panic!() };
    let Some(Value::Map(map)) = list.into_iter().next() else {
        panic!()
    };
    let Some((Value::String(key), Value::String(text))) = map.into_iter().next() else {
        panic!()
    };
    assert_eq!((key.as_str(), text.as_str()), ("key", "text"));
}

#[test]
fn printing_is_json_where_json_has_a_form() {
    let value: Value = Value::map([
        ("a", Value::list([Value::Null, true.into(), 1.0.into()])),
        ("b", Value::Bytes(vec![0, 255])),
        ("c", Value::map([(1, 2)])),
    ]);
    let text = r#"{"a": [null, true, 1.0], "b": h'00ff', "c": {1: 2}}"#;
    assert_eq!(value.to_string(), text);
    assert_eq!(format!("{value:?}"), text);
    assert_eq!(format!("{:?}", value.as_map().unwrap()), text);
}
