//! The examples of RFC 8949, appendix A.

mod support;

use insula_message::Graph;
use support::{Value, bytes_of, hex, read};

/// What means the same here as in CBOR, and is written the same way.
const BOTH_WAYS: &[(&str, &str)] = &[
    ("0", "00"),
    ("1", "01"),
    ("10", "0a"),
    ("23", "17"),
    ("24", "1818"),
    ("25", "1819"),
    ("100", "1864"),
    ("1000", "1903e8"),
    ("1000000", "1a000f4240"),
    ("1000000000000", "1b000000e8d4a51000"),
    ("-1", "20"),
    ("-10", "29"),
    ("-100", "3863"),
    ("-1000", "3903e7"),
    ("1.1", "fb3ff199999999999a"),
    ("1e300", "fb7e37e43c8800759c"),
    ("-4.1", "fbc010666666666666"),
    ("inf", "fb7ff0000000000000"),
    ("NaN", "fb7ff8000000000000"),
    ("-inf", "fbfff0000000000000"),
    ("false", "f4"),
    ("true", "f5"),
    ("null", "f6"),
    ("h''", "40"),
    ("h'01020304'", "4401020304"),
    ("\"\"", "60"),
    ("\"a\"", "6161"),
    ("\"IETF\"", "6449455446"),
    (r#""\"\\""#, "62225c"),
    ("\"ü\"", "62c3bc"),
    ("\"水\"", "63e6b0b4"),
    ("\"𐅑\"", "64f0908591"),
    ("[]", "80"),
    ("[1, 2, 3]", "83010203"),
    ("[1, [2, 3], [4, 5]]", "8301820203820405"),
    (
        "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25]",
        "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
    ),
    ("{}", "a0"),
    ("{1: 2, 3: 4}", "a201020304"),
    (r#"{"a": 1, "b": [2, 3]}"#, "a26161016162820203"),
    (r#"["a", {"b": "c"}]"#, "826161a161626163"),
    (
        r#"{"a": "A", "b": "B", "c": "C", "d": "D", "e": "E"}"#,
        "a56161614161626142616361436164614461656145",
    ),
];

/// What is read, but written as a 64-bit double.
const SHORT_FLOATS: &[(f64, &str)] = &[
    (0.0, "f90000"),
    (-0.0, "f98000"),
    (1.0, "f93c00"),
    (1.5, "f93e00"),
    (65504.0, "f97bff"),
    (100000.0, "fa47c35000"),
    (3.4028234663852886e+38, "fa7f7fffff"),
    (5.960464477539063e-8, "f90001"),
    (0.00006103515625, "f90400"),
    (-4.0, "f9c400"),
    (f64::INFINITY, "f97c00"),
    (f64::NAN, "f97e00"),
    (f64::NEG_INFINITY, "f9fc00"),
    (f64::INFINITY, "fa7f800000"),
    (f64::NAN, "fa7fc00000"),
    (f64::NEG_INFINITY, "faff800000"),
];

/// What is no message: bignums, other tags and simple values, streaming.
const REFUSED: &[&str] = &[
    "c249010000000000000000",
    "c349010000000000000000",
    "f7",
    "f0",
    "f8ff",
    "c074323031332d30332d32315432303a30343a30305a",
    "c11a514b67b0",
    "c1fb41d452d9e8200000",
    "d74401020304",
    "d818456449455446",
    "d82076687474703a2f2f7777772e6578616d706c652e636f6d",
    "5f42010243030405ff",
    "7f657374726561646d696e67ff",
    "9fff",
    "9f018202039f0405ffff",
    "9f01820203820405ff",
    "83018202039f0405ff",
    "83019f0203ff820405",
    "9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff",
    "bf61610161629f0203ffff",
    "826161bf61626163ff",
    "bf6346756ef563416d7421ff",
];

#[test]
fn examples_both_ways() {
    for (text, bytes) in BOTH_WAYS {
        let bytes = hex(bytes);
        let value: Value = read(&bytes).unwrap();
        assert_eq!(value.to_string(), *text);
        assert_eq!(bytes_of(&value), bytes, "{text}");
        let graph: Graph = read(&bytes).unwrap();
        assert_eq!(bytes_of(&graph), bytes, "{text}");
        if let Some(n) = value.as_int() {
            assert_eq!(bytes_of(&n), bytes);
            assert_eq!(read::<i64>(&bytes).unwrap(), n);
        }
    }
}

#[test]
fn integers_beyond_i64() {
    assert_eq!(read::<u64>(&hex("1bffffffffffffffff")).unwrap(), u64::MAX);
    assert_eq!(bytes_of(&u64::MAX), hex("1bffffffffffffffff"));
    assert_eq!(
        read::<i128>(&hex("3bffffffffffffffff")).unwrap(),
        -18446744073709551616
    );
    assert_eq!(
        bytes_of(&-18446744073709551616i128),
        hex("3bffffffffffffffff")
    );
}

#[test]
fn short_floats_are_read() {
    for (double, bytes) in SHORT_FLOATS {
        assert_eq!(read::<Value>(&hex(bytes)).unwrap(), *double, "{bytes}");
    }
    // Every half there is, against the formula of appendix D.
    for bits in 0..=u16::MAX {
        let [high, low] = bits.to_be_bytes();
        let read: f64 = read(&[0xf9, high, low]).unwrap();
        let (exponent, mantissa) = (i32::from(bits >> 10 & 31), f64::from(bits & 0x3ff));
        let magnitude = match (exponent, bits & 0x3ff) {
            (0, _) => mantissa * 2f64.powi(-24),
            (31, 0) => f64::INFINITY,
            (31, _) => f64::NAN,
            _ => (mantissa + 1024.0) * 2f64.powi(exponent - 25),
        };
        assert_eq!(read.is_nan(), magnitude.is_nan());
        assert!(read.is_nan() || read.abs() == magnitude, "{bits:#x}");
        assert_eq!(read.is_sign_negative(), bits >> 15 == 1);
    }
}

#[test]
fn what_is_no_message_is_refused() {
    for bytes in REFUSED {
        assert!(read::<Value>(&hex(bytes)).is_err(), "{bytes}");
        assert!(read::<Graph>(&hex(bytes)).is_err(), "{bytes}");
    }
}
