//! Any serde type is a message.

mod support;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Debug;

use insula_message::{EncodeError, NoPort, encode};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use support::{Value, bytes_of, hex, read};

fn survives<T: Serialize + DeserializeOwned + PartialEq + Debug>(message: T) {
    assert_eq!(read::<T>(&bytes_of(&message)).unwrap(), message);
}

fn reads_as<T: Serialize>(message: T, text: &str) {
    let value: Value = read(&bytes_of(&message)).unwrap();
    assert_eq!(value.to_string(), text);
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone, Default)]
struct Person {
    name: String,
    age: Option<u8>,
    tags: Vec<String>,
    home: (f64, f64),
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Shape {
    Empty,
    Circle(f64),
    Line(i32, i32),
    Rect { w: u16, h: u16 },
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Unit;

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Newtype(String);

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Pair(u8, String);

fn person() -> Person {
    Person {
        name: "Ada".into(),
        age: Some(36),
        tags: vec!["x".into()],
        home: (51.5, -0.1),
    }
}

#[test]
fn structs_are_maps() {
    survives(person());
    survives(Person::default());
    reads_as(
        person(),
        r#"{"name": "Ada", "age": 36, "tags": ["x"], "home": [51.5, -0.1]}"#,
    );
    survives(Unit);
    reads_as(Unit, "null");
    survives(Newtype("n".into()));
    reads_as(Newtype("n".into()), r#""n""#);
    survives(Pair(1, "p".into()));
    reads_as(Pair(1, "p".into()), r#"[1, "p"]"#);
}

#[test]
fn enums_are_names_or_maps_of_one_entry() {
    survives(vec![
        Shape::Empty,
        Shape::Circle(1.5),
        Shape::Line(-1, 2),
        Shape::Rect { w: 3, h: 4 },
    ]);
    reads_as(Shape::Empty, r#""Empty""#);
    reads_as(Shape::Circle(1.5), r#"{"Circle": 1.5}"#);
    reads_as(Shape::Line(-1, 2), r#"{"Line": [-1, 2]}"#);
    reads_as(Shape::Rect { w: 3, h: 4 }, r#"{"Rect": {"w": 3, "h": 4}}"#);
    // A unit variant may also come as a map with null.
    let empty: Value = Value::map([("Empty", Value::Null)]);
    assert_eq!(read::<Shape>(&bytes_of(&empty)).unwrap(), Shape::Empty);
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(tag = "type")]
enum Tagged {
    A { x: i32 },
    B(Person),
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(untagged)]
enum Untagged {
    Int(i64),
    Text(String),
    Bytes(#[serde(with = "serde_bytes")] Vec<u8>),
    Map(BTreeMap<String, i64>),
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Flat {
    id: u64,
    #[serde(flatten)]
    rest: BTreeMap<String, i64>,
}

#[test]
fn serdes_buffered_forms_work() {
    survives(Tagged::A { x: 5 });
    survives(Tagged::B(person()));
    survives(vec![
        Untagged::Int(-1),
        Untagged::Text("t".into()),
        Untagged::Bytes(vec![255]),
        Untagged::Map(BTreeMap::from([("k".into(), 1)])),
    ]);
    survives(Flat {
        id: u64::MAX,
        rest: BTreeMap::from([("a".into(), 1), ("b".into(), 2)]),
    });
}

#[test]
fn primitives_survive() {
    survives(());
    survives(true);
    survives('ß');
    survives((u8::MAX, u16::MAX, u32::MAX, u64::MAX));
    survives((i8::MIN, i16::MIN, i32::MIN, i64::MIN));
    survives((i128::from(u64::MAX), u128::from(u64::MAX)));
    survives(-1 - i128::from(u64::MAX));
    survives((f32::MAX, f64::MIN, f32::MIN_POSITIVE));
    survives(Some(5));
    survives(None::<i32>);
    survives("127.0.0.1".parse::<std::net::IpAddr>().unwrap());
    reads_as(
        "127.0.0.1".parse::<std::net::IpAddr>().unwrap(),
        r#""127.0.0.1""#,
    );
}

#[test]
fn an_f32_keeps_its_payload_as_a_double() {
    let signalling = f32::from_bits(0x7f80_0001);
    let value: Value = read(&bytes_of(&signalling)).unwrap();
    let bits = value.as_double().unwrap().to_bits();
    assert_eq!(bits, 0x7ff0_0000_2000_0000);
}

#[test]
fn integers_beyond_64_bits_are_an_error() {
    let mut bytes = vec![1];
    let error = encode::<NoPort, _>(&(1, u128::MAX), &mut bytes).unwrap_err();
    assert!(matches!(error, EncodeError::IntTooBig { .. }));
    assert!(
        error
            .to_string()
            .contains("340282366920938463463374607431768211455")
    );
    assert_eq!(bytes, [1], "nothing stays behind after an error");
    assert!(encode::<NoPort, _>(&(-2 - i128::from(u64::MAX)), &mut bytes).is_err());
}

#[test]
fn collections_survive() {
    survives(HashMap::from([("a".to_string(), 1), ("b".to_string(), 2)]));
    survives(BTreeMap::from([
        (-1, "m".to_string()),
        (300, "p".to_string()),
    ]));
    survives(BTreeMap::from([((1, 2), vec![Some(3), None])]));
    survives(HashSet::from([1u8, 2, 3]));
    survives([1u8; 5]);
    survives(Box::new(vec![vec![vec![1.5f32]]]));
}

#[test]
fn nested_options_collapse() {
    assert_eq!(
        read::<Option<Option<u8>>>(&bytes_of(&Some(None::<u8>))).unwrap(),
        None
    );
    assert_eq!(read::<Option<()>>(&bytes_of(&Some(()))).unwrap(), None);
}

#[test]
fn a_sequence_of_u8_is_a_byte_string() {
    assert_eq!(bytes_of(&vec![1u8, 200]), hex("42 01c8"));
    assert_eq!(bytes_of(&Vec::<u8>::new()), hex("80"));
    survives(Vec::<u8>::new());
    survives((0..=255).collect::<Vec<u8>>());
    survives(vec![9u8; 100_000]);
    survives(vec![vec![1u8], vec![], vec![2, 3]]);
    survives(vec![Some(1u8), None, Some(255)]);
    // Tuples and arrays stay lists: serde does not tell one from the other.
    assert_eq!(bytes_of(&[1u8, 2]), hex("82 01 02"));
    // Bytes can be read as arrays, and as other sequences of numbers.
    assert_eq!(read::<[u8; 2]>(&hex("42 01c8")).unwrap(), [1, 200]);
    assert_eq!(read::<Vec<i64>>(&hex("42 01c8")).unwrap(), [1, 200]);
}

/// A sequence of numbers that are not all `u8`.
struct Mixed(Option<usize>, usize);

impl Serialize for Mixed {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq;
        let mut seq = s.serialize_seq(self.0)?;
        for i in 0..self.1 {
            seq.serialize_element(&(i as u8))?;
        }
        seq.serialize_element("end")?;
        seq.serialize_element(&7u8)?;
        seq.end()
    }
}

#[test]
fn a_sequence_that_starts_with_u8_may_go_on_with_others() {
    for bytes in [0, 1, 2, 22, 23, 24, 200, 256, 300] {
        let mut expected: Vec<Value> = (0..bytes).map(|i| Value::from(i as u8)).collect();
        expected.extend(["end".into(), 7.into()]);
        for length in [None, Some(bytes + 2), Some(1), Some(100_000)] {
            let value: Value = read(&bytes_of(&Mixed(length, bytes))).unwrap();
            assert_eq!(value, Value::from(expected.clone()), "{length:?} {bytes}");
        }
    }
}

/// Sequences and maps that do not know their length, or lie about it.
struct Unknown(Option<usize>, usize);

impl Serialize for Unknown {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        use serde::ser::{SerializeMap, SerializeSeq};
        struct Inner<'a>(&'a Unknown);
        impl Serialize for Inner<'_> {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                let mut map = s.serialize_map(self.0.0)?;
                for i in 0..self.0.1 {
                    map.serialize_entry(&i, &(i as u8))?;
                }
                map.end()
            }
        }
        let mut seq = s.serialize_seq(self.0)?;
        seq.serialize_element(&Inner(self))?;
        seq.serialize_element(&(0..self.1).map(|i| i as u8).collect::<Vec<_>>())?;
        seq.end()
    }
}

#[test]
fn lengths_are_corrected() {
    for count in [0, 1, 23, 24, 255, 256, 70_000] {
        for claimed in [None, Some(0), Some(count), Some(24), Some(100_000)] {
            type Read = (BTreeMap<usize, u8>, Vec<u8>);
            let (map, bytes) = read::<Read>(&bytes_of(&Unknown(claimed, count))).unwrap();
            assert_eq!((map.len(), bytes.len()), (count, count));
        }
    }
}

#[test]
fn serde_bytes_is_read_from_any_form() {
    use serde_bytes::ByteBuf;
    survives(ByteBuf::from(vec![1, 2, 3]));
    assert_eq!(bytes_of(&ByteBuf::new()), hex("40"));
    assert_eq!(read::<ByteBuf>(&hex("80")).unwrap(), ByteBuf::new());
    assert_eq!(
        read::<ByteBuf>(&hex("82 01 18ff")).unwrap(),
        ByteBuf::from(vec![1, 255])
    );
    assert!(read::<ByteBuf>(&hex("81 190100")).is_err());
    assert_eq!(
        read::<Vec<u8>>(&bytes_of(&ByteBuf::from(vec![7]))).unwrap(),
        [7]
    );
}

#[test]
fn a_value_sits_inside_types() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Envelope {
        before: u8,
        body: Value,
        bodies: Vec<Value>,
        after: u8,
    }
    let body: Value = Value::map([("k", Value::list([1, 2]))]);
    survives(Envelope {
        before: 1,
        body: body.clone(),
        bodies: vec![body, Value::Null],
        after: 2,
    });
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(tag = "t")]
    enum Buffered {
        New(Inner),
    }
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Inner {
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
    }
    let bytes = Value::Bytes(vec![1]);
    let rest = BTreeMap::from([("x".to_string(), Value::list([Value::Null, bytes]))]);
    survives(Buffered::New(Inner { rest }));
}

#[test]
fn ints_are_read_as_doubles_if_nothing_is_lost() {
    assert_eq!(read::<f64>(&bytes_of(&5)).unwrap(), 5.0);
    assert_eq!(read::<f32>(&bytes_of(&-5)).unwrap(), -5.0);
    assert!(read::<f64>(&bytes_of(&((1i64 << 53) + 1))).is_err());
    assert!(read::<i64>(&bytes_of(&5.0)).is_err());
}

/// Vectors of numbers have a loop of their own, which must not be seen.
#[test]
fn vectors_of_numbers_are_as_any_sequence() {
    #[derive(Serialize, Deserialize, PartialEq, Debug, Default, Clone)]
    struct Numbers {
        doubles: Vec<f64>,
        unsigned: Vec<u64>,
        signed: Vec<i64>,
        short: (Vec<u32>, Vec<i32>),
    }
    survives(Numbers::default());
    let ints = [0, 1, 23, 24, 255, 256, 65_535, 65_536, 4_294_967_295];
    let short = [0, -1, 24, -25, 256, -257, 65_536, i32::MIN, i32::MAX];
    survives(Numbers {
        doubles: vec![0.0, -0.0, 1.5, f64::INFINITY, f64::MIN_POSITIVE],
        unsigned: ints.iter().copied().chain([u64::MAX]).collect(),
        signed: vec![0, -1, -24, -25, -256, -257, i64::MIN, i64::MAX],
        short: (ints.map(|n| n as u32).into(), short.into()),
    });

    // What is no such number is read, or refused, as ever.
    assert_eq!(read::<Vec<f64>>(&bytes_of(&[1, 2])), Ok(vec![1.0, 2.0]));
    assert_eq!(
        read::<Vec<f64>>(&hex("82f93c00fb4000000000000000")),
        Ok(vec![1.0, 2.0])
    );
    assert_eq!(read::<Vec<u64>>(&hex("82d81c05d81d00")), Ok(vec![5, 5]));
    assert_eq!(read::<Vec<u32>>(&hex("43010203")), Ok(vec![1, 2, 3]));
    assert_eq!(
        read::<Vec<u32>>(&hex("821b000000000000000105")),
        Ok(vec![1, 5])
    );
    for (message, error) in [
        (
            bytes_of(&(1, u64::MAX)),
            "[1]: expected u32, found int 18446744073709551615",
        ),
        (bytes_of(&(1, -1)), "[1]: expected u32, found int -1"),
        (
            bytes_of(&(1, 2, "three")),
            "[2]: expected int, found string",
        ),
        (
            hex("8301"),
            "byte 0: a list says its length is 3, but only 1 bytes are left",
        ),
        (
            hex("830119"),
            "byte 0: a list says its length is 3, but only 2 bytes are left",
        ),
        (
            hex("82011901"),
            "[1]: the message ends at byte 4, inside a value",
        ),
        (hex("82011f00"), "[1]: byte 2: "),
        (
            hex("820102ff"),
            "byte 3: the message is over, but 1 more bytes follow",
        ),
    ] {
        let found = read::<Vec<u32>>(&message).unwrap_err().to_string();
        assert!(found.starts_with(error), "{found}");
        // A type that knows of no loop says the same.
        let other = read::<std::collections::VecDeque<u32>>(&message).unwrap_err();
        assert_eq!(found, other.to_string());
    }
}
