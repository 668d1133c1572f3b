//! What the tests share: a port type, and a thread with a small stack.
#![allow(dead_code)]

use insula_message::{
    DecodeError, FromMessage, NoPort, Port, ToMessage, decode, deserialize_port, encode,
    serialize_port,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A value without ports.
pub type Value = insula_message::Value;

/// A port for tests: a number on the host's side.
#[derive(Clone, PartialEq, Debug)]
pub struct TestPort(pub u32);

impl Port for TestPort {}

impl Serialize for TestPort {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        serialize_port(self, s)
    }
}

impl<'de> Deserialize<'de> for TestPort {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        deserialize_port(d)
    }
}

pub fn bytes_of<T: ToMessage<NoPort> + ?Sized>(message: &T) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode::<NoPort, T>(message, &mut bytes).unwrap();
    bytes
}

pub fn read<T: FromMessage<NoPort>>(bytes: &[u8]) -> Result<T, DecodeError> {
    decode::<NoPort, T>(bytes, Vec::new())
}

/// The text of the error that reading `message` as a `T` is.
pub fn error_reading<T: FromMessage<NoPort> + std::fmt::Debug>(message: Value) -> String {
    read::<T>(&bytes_of(&message)).unwrap_err().to_string()
}

/// Sends a message and reads it as another type, with its ports.
pub fn send<A, B>(message: &A) -> Result<B, DecodeError>
where
    A: ToMessage<TestPort>,
    B: FromMessage<TestPort>,
{
    let mut bytes = Vec::new();
    let ports = encode(message, &mut bytes).unwrap();
    decode(&bytes, ports.into_iter().map(Some).collect())
}

/// Runs `f` with as much stack as a guest has.
pub fn in_small_stack(f: impl FnOnce() + Send + 'static) {
    with_stack(128 * 1024, f);
}

/// The same for code that recurses. Native frames without optimisation are
/// larger than those of a guest, whose locals are mostly not on its stack.
pub fn in_small_stack_with_serde(f: impl FnOnce() + Send + 'static) {
    let kib = if cfg!(debug_assertions) { 256 } else { 128 };
    with_stack(kib * 1024, f);
}

fn with_stack(size: usize, f: impl FnOnce() + Send + 'static) {
    if cfg!(target_family = "wasm") {
        // No threads there; the linker sets the stack.
        return f();
    }
    std::thread::Builder::new()
        .stack_size(size)
        .spawn(f)
        .unwrap()
        .join()
        .unwrap();
}

/// Hex with spaces, as in RFC 8949.
pub fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .bytes()
        .filter(|b| !b.is_ascii_whitespace())
        .map(|b| (b as char).to_digit(16).unwrap() as u8)
        .collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}
