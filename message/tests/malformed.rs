//! Bytes that are no message are an error that says where and why.

mod support;

use std::collections::BTreeMap;

use insula_message::{DecodeErrorKind, Graph, SEND_PORT_TAG};
use serde::de::IgnoredAny;
use support::{Value, bytes_of, hex, read};

/// Anything, by serde's own calls.
#[derive(Debug, serde::Deserialize)]
#[serde(untagged)]
enum Text {
    Bytes(#[allow(dead_code)] serde_bytes::ByteBuf),
    Any(IgnoredAny),
}

/// The errors of all ways to read these bytes; they must agree.
fn error_of(bytes: &[u8]) -> DecodeErrorKind {
    let error = read::<Value>(bytes).unwrap_err();
    assert_eq!(read::<Graph>(bytes).unwrap_err(), error);
    assert_eq!(read::<IgnoredAny>(bytes).unwrap_err(), error);
    let any = read::<Text>(bytes).unwrap_err();
    assert_eq!(any.kind(), error.kind());
    error.kind().clone()
}

#[test]
fn a_message_cut_anywhere_is_an_error() {
    let mut sample: Value = Value::map([
        ("text", Value::from("some text")),
        ("bytes", vec![1u8; 30].into()),
        (
            "ints",
            Value::list([1, 100, 1000, 100_000, 10_000_000_000i64]),
        ),
        ("double", 1.5.into()),
    ]);
    sample
        .as_map_mut()
        .unwrap()
        .insert(1, Value::map([(true, Value::Null)]));
    let bytes = bytes_of(&sample);
    for end in 0..bytes.len() {
        let error = error_of(&bytes[..end]);
        let is_cut = matches!(
            error,
            DecodeErrorKind::Truncated { .. } | DecodeErrorKind::LengthTooLong { .. }
        );
        assert!(is_cut, "{end}: {error}");
        assert!(read::<BTreeMap<String, IgnoredAny>>(&bytes[..end]).is_err());
    }
}

#[test]
fn a_cut_graph_is_an_error() {
    // {"a": 28([1]), "b": 29(0), "c": 28("text"), "d": 29(1)}
    let bytes = hex("a4 6161 d81c8101 6162 d81d00 6163 d81c6474657874 6164 d81d01");
    assert!(read::<Value>(&bytes).is_ok());
    for end in 0..bytes.len() {
        error_of(&bytes[..end]);
    }
}

#[test]
fn lying_lengths_fail_fast() {
    for text in [
        "9b 1000000000000000",
        "9b ffffffffffffffff",
        "bb 1000000000000000 00",
        "bb 8000000000000000 00 00",
        "5b 1000000000000000 00",
        "7b ffffffffffffffff 61",
        "9a ffffffff 00",
        "82 9a 00000002 00 00",
        "a1 82 00 00",
        "5a 00000003 0000",
    ] {
        let error = error_of(&hex(text));
        assert!(
            matches!(error, DecodeErrorKind::LengthTooLong { .. }),
            "{text}: {error}"
        );
    }
    let error = error_of(&hex("9b 1000000000000000"));
    assert_eq!(
        error.to_string(),
        "byte 0: a list says its length is 1152921504606846976, but only 0 bytes are left"
    );
}

/// Every list claims as much as the rest could hold, if it were the only one.
#[test]
fn nested_lying_lengths_do_not_add_up() {
    let size = 1 << 20;
    let mut bytes = Vec::new();
    while bytes.len() < size {
        bytes.push(0x9a);
        let claim = size.saturating_sub(bytes.len() + 4);
        bytes.extend_from_slice(&(claim as u32).to_be_bytes());
    }
    error_of(&bytes);
}

#[test]
fn indefinite_lengths_are_refused() {
    for text in [
        "9fff",
        "bfff",
        "5fff",
        "7fff",
        "9f01ff",
        "5f4101ff",
        "bf6161 01ff",
    ] {
        let error = error_of(&hex(text));
        assert_eq!(
            error,
            DecodeErrorKind::IndefiniteLength { offset: 0 },
            "{text}"
        );
    }
}

#[test]
fn reserved_forms_are_refused() {
    for major in 0..7u8 {
        for info in 28..31 {
            let byte = major << 5 | info;
            let error = error_of(&[byte, 0, 0]);
            assert_eq!(error, DecodeErrorKind::Reserved { offset: 0, byte });
        }
    }
    for byte in [0xfc, 0xfd, 0xfe, 0xff] {
        assert_eq!(
            error_of(&[byte]),
            DecodeErrorKind::Reserved { offset: 0, byte }
        );
    }
    for byte in [0x1f, 0x3f, 0xdf] {
        let error = error_of(&[0x81, byte]);
        assert_eq!(error, DecodeErrorKind::IndefiniteLength { offset: 1 });
    }
}

#[test]
fn other_simple_values_are_refused() {
    for value in (0..20).chain([23]) {
        let error = error_of(&[0x81, 0xe0 | value]);
        assert_eq!(error, DecodeErrorKind::SimpleValue { offset: 1, value });
    }
    let error = error_of(&[0xf8, 255]);
    assert_eq!(
        error,
        DecodeErrorKind::SimpleValue {
            offset: 0,
            value: 255
        }
    );
}

#[test]
fn strings_must_be_utf8() {
    assert_eq!(
        error_of(&hex("82 00 63 6161ff")),
        DecodeErrorKind::NotUtf8 { offset: 5 }
    );
    assert!(read::<String>(&hex("62 c328")).is_err());
    // Half of a surrogate pair.
    assert!(read::<Value>(&hex("63 eda080")).is_err());
}

#[test]
fn unknown_tags_are_refused() {
    for (text, tag) in [
        ("c0 60", 0),
        ("c2 41 01", 2),
        ("d9 d9f7 00", 55799),
        ("d81e 00", 30),
    ] {
        assert_eq!(
            error_of(&hex(text)),
            DecodeErrorKind::UnknownTag { offset: 0, tag }
        );
    }
    let error = error_of(&hex("c1 00"));
    assert!(
        error
            .to_string()
            .starts_with("byte 0: unknown tag 1 (messages use 28, 29 and")
    );
}

#[test]
fn references_must_name_what_came_before() {
    for text in ["d81d 00", "82 d81c80 d81d01", "82 d81d00 d81c80"] {
        let error = error_of(&hex(text));
        assert!(
            matches!(error, DecodeErrorKind::DanglingReference { .. }),
            "{text}: {error}"
        );
    }
    let error = error_of(&hex("d81d 1b ffffffffffffffff"));
    let (index, known) = (u64::MAX, 0);
    assert_eq!(
        error,
        DecodeErrorKind::DanglingReference {
            offset: 0,
            index,
            known
        }
    );
}

#[test]
fn tags_must_hold_what_they_are_for() {
    let port = |content: &str| {
        let mut bytes = vec![0xd9];
        bytes.extend_from_slice(&(SEND_PORT_TAG as u16).to_be_bytes());
        bytes.extend(hex(content));
        bytes
    };
    let table = [
        (hex("d81c d81c 80"), 28, 2),
        (hex("82 d81c80 d81c d81d00"), 28, 6),
        (hex("82 d81c80 d81d 20"), 29, 6),
        (hex("82 d81c80 d81d 6130"), 29, 6),
        (hex("82 d81c80 d81d d81c00"), 29, 6),
        (port("20"), SEND_PORT_TAG, 3),
        (port("6130"), SEND_PORT_TAG, 3),
        (port("f6"), SEND_PORT_TAG, 3),
    ];
    for (bytes, expected_tag, expected_offset) in table {
        match error_of(&bytes) {
            DecodeErrorKind::TagContent { tag, offset, .. } => {
                assert_eq!((tag, offset), (expected_tag, expected_offset));
            }
            other => panic!("{bytes:x?}: {other}"),
        }
    }
    error_of(&hex("d81c"));
    error_of(&port(""));
}

#[test]
fn bytes_after_the_message_are_an_error() {
    let error = error_of(&hex("81 00 00 00"));
    assert_eq!(
        error,
        DecodeErrorKind::TrailingBytes {
            offset: 2,
            count: 2
        }
    );
    assert!(read::<Vec<u8>>(&hex("81 00 00")).is_err());
    assert_eq!(error_of(&[]), DecodeErrorKind::Truncated { offset: 0 });
}

#[test]
fn large_integers_are_named() {
    let bytes = hex("1b 8000000000000000");
    let error = read::<Value>(&bytes).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the integer 9223372036854775808 does not fit")
    );
    assert!(read::<Graph>(&bytes).is_err());
    assert_eq!(read::<u64>(&bytes).unwrap(), 1 << 63);
    let bytes = hex("3b 8000000000000000");
    assert!(read::<Value>(&bytes).is_err());
    assert_eq!(read::<i128>(&bytes).unwrap(), i128::from(i64::MIN) - 1);
    assert!(read::<i64>(&bytes).is_err());
}

#[test]
fn longer_forms_of_a_number_are_accepted() {
    for text in ["05", "1805", "190005", "1a00000005", "1b0000000000000005"] {
        assert_eq!(read::<Value>(&hex(text)).unwrap(), 5);
    }
    assert_eq!(
        read::<Vec<u8>>(&hex("9b 0000000000000001 05")).unwrap(),
        [5]
    );
}
