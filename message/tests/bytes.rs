//! Bytes in one piece: they keep the memory that they came in, and stay the same.

mod support;

use std::collections::BTreeMap;
use std::io::Write;

use insula_message::{Bytes, NoPort, decode_owned, encoded};
use serde::{Deserialize, Serialize};
use support::{Value, bytes_of, error_reading, hex, read};

const LENGTHS: [usize; 12] = [
    0, 1, 23, 24, 25, 255, 256, 257, 65_535, 65_536, 65_537, 1_000_000,
];

fn counting(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n % 251) as u8).collect()
}

fn taken<T: insula_message::FromMessage<NoPort>>(message: Vec<u8>) -> T {
    decode_owned::<NoPort, T>(message, Vec::new()).unwrap()
}

#[test]
fn bytes_are_the_same_message_however_they_were_made() {
    for length in LENGTHS {
        let plain = counting(length);
        let message = bytes_of(&Bytes::from(plain.clone()));
        assert_eq!(bytes_of(&Value::from(plain.clone())), message);

        let built = Bytes::from(&plain[..]);
        assert_eq!(encoded::<NoPort, _>(&built), Some(&message[..]), "{length}");
        assert_eq!(bytes_of(&built), message);

        let mut written = Bytes::with_capacity(3);
        let (first, rest) = plain.split_at(length / 3);
        written.write_all(first).unwrap();
        written.extend(rest.iter().copied());
        assert_eq!(encoded::<NoPort, _>(&written), Some(&message[..]));

        let arrived: Bytes = taken(message.clone());
        assert_eq!(*arrived, plain[..]);
        assert_eq!(encoded::<NoPort, _>(&arrived), Some(&message[..]));
        assert_eq!(read::<Bytes>(&message), Ok(arrived.clone()));
        assert_eq!(arrived.into_vec(), plain);
        assert_eq!(taken::<Vec<u8>>(message.clone()), plain);
        assert_eq!(read::<Vec<u8>>(&message), Ok(plain));
    }
}

#[test]
fn what_arrived_is_where_it_came() {
    let message = bytes_of(&Bytes::from(counting(1_000_000)));
    let place = message.as_ptr_range();
    let arrived: Bytes = taken(message);
    assert_eq!(arrived.as_ptr_range().end, place.end);

    let message = bytes_of(&arrived);
    let place = message.as_ptr();
    let arrived: Vec<u8> = taken(message);
    assert_eq!(arrived.as_ptr(), place);
}

#[test]
fn the_head_follows_every_change() {
    let mut bytes = Bytes::with_capacity(0);
    for length in LENGTHS.into_iter().chain(LENGTHS.into_iter().rev()) {
        bytes.resize(length, 7);
        let message = encoded::<NoPort, _>(&bytes).unwrap();
        assert_eq!(read::<Vec<u8>>(message), Ok(vec![7; length]));
        assert_eq!(message, bytes_of(&Bytes::from(vec![7; length])));
    }
    // What came with a short head has no room for a longer one.
    let mut arrived: Bytes = taken(bytes_of(&Bytes::from(vec![1, 2, 3])));
    arrived.extend_from_slice(&[4; 300]);
    assert_eq!(encoded::<NoPort, _>(&arrived), None);
    let expected = [vec![1, 2, 3], vec![4; 300]].concat();
    assert_eq!(read(&bytes_of(&arrived)), Ok(expected));
    arrived.resize(2, 0);
    arrived[0] = 9;
    assert_eq!(encoded::<NoPort, _>(&arrived), Some(&[0x42, 9, 2][..]));
}

#[test]
fn a_head_that_is_longer_than_need_be_is_made_short() {
    let arrived: Bytes = taken(hex("5b000000000000000201ff"));
    assert_eq!(*arrived, [1, 255]);
    assert_eq!(encoded::<NoPort, _>(&arrived), Some(&hex("4201ff")[..]));
}

#[test]
fn other_forms_are_read_as_ever() {
    // A list of ints, a shared byte string, an empty list.
    for message in ["83010203", "d81c43010203"] {
        assert_eq!(*taken::<Bytes>(hex(message)), [1, 2, 3]);
        assert_eq!(taken::<Vec<u8>>(hex(message)), [1, 2, 3]);
    }
    assert!(taken::<Vec<u8>>(hex("80")).is_empty());
    for malformed in ["43010203ff", "4301", "5f4101ff", "43", ""] {
        let message = hex(malformed);
        let error = read::<Vec<u8>>(&message).unwrap_err();
        let owned = decode_owned::<NoPort, Vec<u8>>(message.clone(), Vec::new());
        assert_eq!(owned, Err(error.clone()), "{malformed}");
        let owned = decode_owned::<NoPort, Bytes>(message, Vec::new());
        assert_eq!(owned, Err(error), "{malformed}");
    }
    let error = error_reading::<Bytes>(Value::from("text"));
    assert_eq!(error, "expected bytes, found string");
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Default)]
struct Holder {
    plain: Vec<u8>,
    boxed: Box<[u8]>,
    own: Bytes,
    maybe: Option<Vec<u8>>,
    many: Vec<Vec<u8>>,
    by_name: BTreeMap<String, Vec<u8>>,
    pair: (Vec<u8>, i8),
    new: New,
    either: Vec<Either>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Default)]
struct New(Vec<u8>);

#[derive(Serialize, Deserialize, PartialEq, Debug)]
enum Either {
    Bytes(Vec<u8>),
    Named { bytes: Vec<u8> },
}

#[test]
fn bytes_within_other_types_are_byte_strings_as_well() {
    assert_eq!(read(&bytes_of(&Holder::default())), Ok(Holder::default()));
    for length in [1, 30, 300] {
        let bytes = || counting(length);
        let holder = Holder {
            plain: bytes(),
            boxed: bytes().into(),
            own: bytes().into(),
            maybe: Some(bytes()),
            many: vec![bytes(), vec![], bytes()],
            by_name: [("a".to_string(), bytes())].into(),
            pair: (bytes(), -1),
            new: New(bytes()),
            either: vec![Either::Bytes(bytes()), Either::Named { bytes: bytes() }],
        };
        let message = bytes_of(&holder);
        assert_eq!(read(&message), Ok(holder));
        let value: Value = read(&message).unwrap();
        let same = Value::from(bytes());
        for key in ["plain", "boxed", "own", "maybe", "new"] {
            assert_eq!(value[key], same, "{key}");
        }
        assert_eq!(
            value["many"],
            Value::from([same.clone(), Value::list([0; 0]), same.clone()])
        );
        assert_eq!(value["by_name"]["a"], same);
        assert_eq!(value["pair"][0], same);
        assert_eq!(value["either"][0]["Bytes"], same);
        assert_eq!(value["either"][1]["Named"]["bytes"], same);
    }
}

#[test]
fn bytes_take_a_level_as_other_sequences_do() {
    fn nested(levels: usize, bytes: Vec<u8>) -> Result<Vec<u8>, insula_message::EncodeError> {
        #[derive(Serialize)]
        struct Level(Box<Inner>);
        #[derive(Serialize)]
        #[serde(untagged)]
        enum Inner {
            Level(Level),
            Bytes(Vec<u8>),
        }
        let mut inner = Inner::Bytes(bytes);
        for _ in 0..levels {
            inner = Inner::Level(Level(Box::new(inner)));
        }
        let mut message = Vec::new();
        insula_message::encode::<NoPort, _>(&inner, &mut message).map(|_| message)
    }
    for levels in 0..insula_message::DEPTH_LIMIT + 2 {
        // With none in it, a `Vec<u8>` is written as any list is.
        let allowed = nested(levels, vec![]).is_ok();
        assert_eq!(nested(levels, vec![1]).is_ok(), allowed, "{levels}");
    }
}
