//! [`Bytes`]: bytes in the form in which they travel.

use std::fmt::{self, Debug, Formatter};
use std::io;
use std::ops::{Deref, DerefMut};

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::reader::Reader;
use crate::value::print_bytes;
use crate::writer::{self, head_len, major};

/// The longest head of a byte string.
const HEAD: usize = 9;

/// Bytes that are sent and received without being copied.
///
/// It is the same in a message as a `Vec<u8>`, and derefs to a slice. Its own is where
/// the bytes are: a message that is nothing but a `Bytes` is sent from where it is,
/// and where one is received it keeps the memory in which the message arrived. So
/// for messages of a megabyte it is the type to take. Within another type it is
/// copied, as a `Vec<u8>` is.
///
/// ```
/// use insula_message::{Bytes, NoPort, decode_owned, encode};
///
/// let mut picture = Bytes::with_capacity(1_000_000);
/// picture.resize(1_000_000, 0xff);
/// picture[0] = 0;
///
/// let mut message = Vec::new();
/// encode::<NoPort, _>(&picture, &mut message)?;
/// let arrived: Bytes = decode_owned::<NoPort, _>(message, vec![])?;
/// assert_eq!(arrived, picture);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Bytes {
    /// Where there is room for the head of a byte string before `start`, it is there,
    /// and says how many bytes follow.
    buffer: Vec<u8>,
    start: usize,
}

impl Bytes {
    /// None, with room for as many as `capacity`, and for what a message has in front
    /// of them. (There is no such room in a `Vec<u8>`: made from one, they are copied
    /// once to be sent.)
    pub fn with_capacity(capacity: usize) -> Self {
        let mut buffer = Vec::with_capacity(capacity.saturating_add(HEAD));
        buffer.resize(HEAD, 0);
        let start = HEAD;
        let mut bytes = Bytes { buffer, start };
        bytes.write_head();
        bytes
    }

    /// Appends these.
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        self.write_head();
    }

    /// Makes them so many, by leaving some out at the end or by adding `value`s.
    pub fn resize(&mut self, length: usize, value: u8) {
        self.buffer.resize(self.start.saturating_add(length), value);
        self.write_head();
    }

    /// The bytes as a `Vec`: they are moved to where the buffer begins.
    pub fn into_vec(mut self) -> Vec<u8> {
        self.buffer.drain(..self.start);
        self.buffer
    }

    fn write_head(&mut self) {
        let length = self.len() as u64;
        if let Some(start) = self.start.checked_sub(head_len(length)) {
            let mut head = Vec::with_capacity(HEAD);
            writer::head(&mut head, major::BYTES, length);
            self.buffer[start..self.start].copy_from_slice(&head);
        }
    }

    /// The message that it is, if it is here as such.
    pub(crate) fn encoded(&self) -> Option<&[u8]> {
        let start = self.start.checked_sub(head_len(self.len() as u64))?;
        Some(&self.buffer[start..])
    }

    /// Takes over a message that is one byte string, and leaves any other.
    pub(crate) fn received(message: &mut Vec<u8>) -> Option<Self> {
        let start = message.len() - whole_bytes(message)?.len();
        let buffer = std::mem::take(message);
        let mut bytes = Bytes { buffer, start };
        // The one that it came with may be longer than need be.
        bytes.write_head();
        Some(bytes)
    }
}

/// The bytes in a message that is one byte string.
fn whole_bytes(message: &[u8]) -> Option<&[u8]> {
    let mut reader = Reader::new(message);
    if reader.major().ok()? != major::BYTES {
        return None;
    }
    let bytes = reader.string("byte string").ok()?;
    reader.finish().ok()?;
    Some(bytes)
}

impl Default for Bytes {
    fn default() -> Self {
        Bytes::from(Vec::new())
    }
}

impl Deref for Bytes {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.buffer[self.start..]
    }
}

impl DerefMut for Bytes {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.buffer[self.start..]
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl PartialEq for Bytes {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Bytes {}

impl PartialEq<[u8]> for Bytes {
    fn eq(&self, other: &[u8]) -> bool {
        **self == *other
    }
}

/// `h'00ff'`, as in the notation of CBOR.
impl Debug for Bytes {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        print_bytes(self, f)
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(buffer: Vec<u8>) -> Self {
        Bytes { buffer, start: 0 }
    }
}

/// With room for what a message has in front of them.
impl From<&[u8]> for Bytes {
    fn from(slice: &[u8]) -> Self {
        let mut bytes = Bytes::with_capacity(slice.len());
        bytes.extend_from_slice(slice);
        bytes
    }
}

impl From<Bytes> for Vec<u8> {
    fn from(bytes: Bytes) -> Self {
        bytes.into_vec()
    }
}

impl Extend<u8> for Bytes {
    fn extend<I: IntoIterator<Item = u8>>(&mut self, bytes: I) {
        self.buffer.extend(bytes);
        self.write_head();
    }
}

/// Appends; it never fails.
impl io::Write for Bytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_bytes(self)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        d.deserialize_byte_buf(AnyBytes)
    }
}

struct AnyBytes;

impl<'de> Visitor<'de> for AnyBytes {
    type Value = Bytes;

    fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
        Ok(bytes.into())
    }

    fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
        Ok(bytes.into())
    }

    /// From JSON and others that have no bytes.
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Bytes, A::Error> {
        let mut bytes = Bytes::default();
        while let Some(byte) = seq.next_element()? {
            bytes.buffer.push(byte);
        }
        Ok(bytes)
    }
}
