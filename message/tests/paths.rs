//! A wrong type is an error that names the path, and what was expected and found.

mod support;

use std::collections::BTreeMap;

use serde::Deserialize;
use support::{Value, error_reading};

#[derive(Deserialize, Debug)]
#[allow(dead_code)]
struct Order {
    user: User,
}

#[derive(Deserialize, Debug)]
#[allow(dead_code)]
struct User {
    address: Vec<Address>,
}

#[derive(Deserialize, Debug)]
#[allow(dead_code)]
struct Address {
    zip: String,
    #[serde(default)]
    kind: Option<Kind>,
}

#[derive(Deserialize, Debug)]
#[allow(dead_code)]
enum Kind {
    Home,
    Work { desk: u8 },
    Grid(i32, i32),
}

fn order(third: Value) -> Value {
    let good: Value = Value::map([("zip", "1")]);
    let address = Value::list([good.clone(), good, third]);
    Value::map([("user", Value::map([("address", address)]))])
}

fn order_error(third: Value) -> String {
    error_reading::<Order>(order(third))
}

#[test]
fn the_path_leads_to_the_wrong_value() {
    let third = Value::map([("zip", 12345)]);
    assert_eq!(
        order_error(third),
        "user.address[2].zip: expected string, found int"
    );
}

#[test]
fn at_the_top_there_is_no_path() {
    assert_eq!(
        error_reading::<String>(5.into()),
        "expected string, found int"
    );
}

#[test]
fn every_kind_has_its_name() {
    let found = |v: Value| error_reading::<char>(v);
    assert_eq!(found(Value::Null), "expected string, found null");
    assert_eq!(found(true.into()), "expected string, found bool");
    assert_eq!(found(1.5.into()), "expected string, found double");
    assert_eq!(found(vec![1u8].into()), "expected string, found bytes");
    assert_eq!(found(Value::list([1])), "expected string, found list");
    assert_eq!(found(Value::map([(1, 1)])), "expected string, found map");
    let text = || Value::from("x");
    assert_eq!(error_reading::<()>(text()), "expected null, found string");
    assert_eq!(error_reading::<bool>(text()), "expected bool, found string");
    assert_eq!(error_reading::<u64>(text()), "expected int, found string");
    assert_eq!(
        error_reading::<f32>(text()),
        "expected double, found string"
    );
    assert_eq!(
        error_reading::<Vec<u8>>(text()),
        "expected list, found string"
    );
    assert_eq!(
        error_reading::<serde_bytes::ByteBuf>(text()),
        "expected bytes, found string"
    );
    assert_eq!(error_reading::<User>(text()), "expected map, found string");
    assert_eq!(
        error_reading::<Kind>(1.into()),
        "expected string or map, found int"
    );
    assert_eq!(
        error_reading::<Option<u8>>(text()),
        "expected int, found string"
    );
}

#[test]
fn serdes_errors_keep_their_text_behind_the_path() {
    let third = Value::map([("other", 1)]);
    assert_eq!(order_error(third), "user.address[2]: missing field `zip`");
    let third = Value::map([("zip", "1"), ("kind", "Car")]);
    assert_eq!(
        order_error(third),
        "user.address[2].kind: unknown variant `Car`, expected one of `Home`, `Work`, `Grid`"
    );
}

#[test]
fn variants_are_part_of_the_path() {
    let kind = Value::map([("Work", Value::map([("desk", "x")]))]);
    let third = Value::map([("zip", "1".into()), ("kind", kind)]);
    assert_eq!(
        order_error(third),
        "user.address[2].kind.Work.desk: expected int, found string"
    );
    let kind = Value::map([("Grid", Value::list([1]))]);
    assert_eq!(
        error_reading::<Kind>(kind),
        "Grid: expected tuple variant Kind::Grid with 2 elements, found length 1"
    );
    let kind = Value::map([("Grid", Value::list([1, 2, 3]))]);
    assert_eq!(
        error_reading::<Kind>(kind),
        "Grid: expected list of length 2, found list of length 3"
    );
    assert_eq!(
        error_reading::<Kind>("Work".into()),
        "expected map of one entry (this variant has contents), found string"
    );
    let two = Value::map([("Home", 1), ("Work", 2)]);
    assert_eq!(
        error_reading::<Kind>(two),
        "expected map of one entry (an enum's variant), found map of 2 entries"
    );
}

#[test]
fn keys_that_are_no_names_are_in_brackets() {
    let wrong: Value = Value::map([(7, "x")]);
    assert_eq!(
        error_reading::<BTreeMap<i8, u8>>(wrong),
        "[7]: expected int, found string"
    );
    let wrong: Value = Value::map([("two words", "x")]);
    assert_eq!(
        error_reading::<BTreeMap<String, u8>>(wrong),
        r#"["two words"]: expected int, found string"#
    );
    let wrong: Value = Value::map([("a", 1)]);
    assert_eq!(
        error_reading::<BTreeMap<i8, u8>>(wrong),
        "[key 0]: expected int, found string"
    );
}

#[test]
fn numbers_out_of_range_are_shown() {
    assert_eq!(
        error_reading::<Vec<u8>>(Value::list([1, 300])),
        "[1]: expected u8, found int 300"
    );
    assert_eq!(
        error_reading::<u64>((-1).into()),
        "expected u64, found int -1"
    );
    assert_eq!(
        error_reading::<char>("ab".into()),
        "expected character, found string \"ab\""
    );
}

#[test]
fn wrong_lengths_are_errors() {
    assert_eq!(
        error_reading::<(u8, u8)>(Value::list([1, 2, 3])),
        "expected list of length 2, found list of length 3"
    );
    assert_eq!(
        error_reading::<[u8; 2]>(vec![1u8, 2, 3].into()),
        "expected bytes of length 2, found bytes of length 3"
    );
}

#[test]
fn elements_of_bytes_are_ints() {
    assert_eq!(
        error_reading::<Vec<String>>(vec![1u8].into()),
        "[0]: expected string, found int"
    );
}

#[test]
fn the_parts_of_an_error_can_be_had() {
    let bytes = support::bytes_of(&order(Value::map([("zip", 1)])));
    let error = support::read::<Order>(&bytes).unwrap_err();
    assert_eq!(error.path(), "user.address[2].zip");
    assert!(matches!(
        error.kind(),
        insula_message::DecodeErrorKind::WrongType { .. }
    ));
}
