//! The text in a [`Value`](crate::Value): short ones in place.
//!
//! A short one is made and moved in whole words. Put together byte by byte it would
//! wait, each time that it is moved, until the bytes have arrived in the cache: that
//! was a quarter of the time of decoding a tree.
#![allow(unsafe_code)]

use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt::{self, Debug, Display, Formatter};
use std::hash::{Hash, Hasher};
use std::num::NonZeroUsize;
use std::ops::Deref;

/// The text of a [`Value`](crate::Value) or a [`Graph`](crate::Graph).
///
/// As large as a `String`, and one of less than that size (11 bytes in a guest, 23 in
/// the host) needs no memory beside it: keys of maps and most words. It derefs to
/// `str` and can be had from a `String` and made into one.
///
/// ```
/// use insula_message::{Text, Value};
///
/// let value: Value = "Ada".into();
/// if let Value::String(name) = value {
///     assert_eq!(name, "Ada");
///     assert!(name.starts_with('A'));
///     let name: String = name.into();
///     assert_eq!(Text::from(name).as_str(), "Ada");
/// }
/// ```
#[derive(Clone)]
pub struct Text(Repr);

#[derive(Clone)]
enum Repr {
    Short(Short),
    Long(Box<str>),
}

const WORD: usize = size_of::<usize>();
const SHORT: usize = size_of::<Short>() - 1;
const _: () = assert!(size_of::<Text>() == size_of::<String>());

/// The bytes of a text, then zeros, and in the last byte its length plus one, so that
/// the last word is never zero.
#[derive(Clone, Copy)]
#[repr(C)]
struct Short {
    first: [u8; 2 * WORD],
    last: NonZeroUsize,
}

impl Short {
    #[inline(always)]
    fn new(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() > SHORT {
            return None;
        }
        let word = |start: usize| word(bytes.get(start..).unwrap_or_default());
        let mut first = [0; 2 * WORD];
        for (number, eight) in first.as_chunks_mut().0.iter_mut().enumerate() {
            *eight = word(8 * number).to_le_bytes();
        }
        let length = (bytes.len() + 1) << (8 * (WORD - 1));
        let last = NonZeroUsize::new((word(2 * WORD) as usize | length).to_le())?;
        Some(Short { first, last })
    }

    #[inline(always)]
    fn len(&self) -> usize {
        (usize::from_le(self.last.get()) >> (8 * (WORD - 1))) - 1
    }

    #[inline(always)]
    fn bytes(&self) -> [u8; SHORT + 1] {
        let mut bytes = [0; SHORT + 1];
        let (first, last) = bytes.split_at_mut(2 * WORD);
        first.copy_from_slice(&self.first);
        last.copy_from_slice(&self.last.get().to_ne_bytes());
        bytes
    }

    #[inline]
    fn as_str(&self) -> &str {
        let length = self.len();
        let start = std::ptr::from_ref(self).cast::<u8>();
        // SAFETY: it has three words without gaps, of which `new` has filled the
        // first `length` bytes with those of a `str`; nothing changes them.
        unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(start, length)) }
    }
}

/// The first bytes of these, as many as there are and fit, the first one lowest.
#[inline(always)]
fn word(bytes: &[u8]) -> u64 {
    if let Some(word) = bytes.first_chunk() {
        return u64::from_le_bytes(*word);
    }
    // The two may have bytes in common, which are the same and in the same places.
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return u64::from(first) | u64::from(last) << (8 * (bytes.len() - 4));
    }
    let three = match bytes {
        [] => [0, 0, 0, 0],
        [a] => [*a, 0, 0, 0],
        [a, b] => [*a, *b, 0, 0],
        [a, b, c, ..] => [*a, *b, *c, 0],
    };
    u32::from_le_bytes(three).into()
}

impl Text {
    /// A copy of this text.
    #[inline(always)]
    pub fn new(text: &str) -> Self {
        match Short::new(text) {
            Some(short) => Text(Repr::Short(short)),
            None => Text::long(text),
        }
    }

    #[cold]
    fn long(text: &str) -> Self {
        Text(Repr::Long(text.into()))
    }

    /// The text.
    #[inline]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Short(short) => short.as_str(),
            Repr::Long(text) => text,
        }
    }

    /// The text as a `String`.
    pub fn into_string(self) -> String {
        match self.0 {
            Repr::Short(short) => short.as_str().to_owned(),
            Repr::Long(text) => text.into(),
        }
    }

    /// The bytes of a short one, and how many of them belong to it.
    #[inline(always)]
    pub(crate) fn short_bytes(&self) -> Option<([u8; SHORT + 1], usize)> {
        match &self.0 {
            Repr::Short(short) => Some((short.bytes(), short.len())),
            Repr::Long(_) => None,
        }
    }

    /// Whether it has no memory beside it.
    #[inline]
    pub(crate) fn is_short(&self) -> bool {
        matches!(self.0, Repr::Short(_))
    }
}

impl Default for Text {
    fn default() -> Self {
        Text::new("")
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

/// As a `str`.
impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Deref for Text {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self
    }
}

/// It compares and hashes as a `str`.
impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self
    }
}

impl Display for Text {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self.as_str(), f)
    }
}

impl Debug for Text {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Debug::fmt(self.as_str(), f)
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Text::new(text)
    }
}

impl From<&String> for Text {
    fn from(text: &String) -> Self {
        Text::new(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        match Short::new(&text) {
            Some(short) => Text(Repr::Short(short)),
            None => Text(Repr::Long(text.into_boxed_str())),
        }
    }
}

impl From<Cow<'_, str>> for Text {
    fn from(text: Cow<'_, str>) -> Self {
        match text {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        }
    }
}

impl From<char> for Text {
    fn from(c: char) -> Self {
        Text::new(c.encode_utf8(&mut [0; 4]))
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.into_string()
    }
}

impl FromIterator<char> for Text {
    fn from_iter<I: IntoIterator<Item = char>>(chars: I) -> Self {
        String::from_iter(chars).into()
    }
}

macro_rules! equals {
    ($($other:ty)*) => {$(
        impl PartialEq<$other> for Text {
            fn eq(&self, other: &$other) -> bool {
                let other: &str = other.as_ref();
                self.as_str() == other
            }
        }

        impl PartialEq<Text> for $other {
            fn eq(&self, other: &Text) -> bool {
                other == self
            }
        }
    )*};
}

equals!(str &str String);

#[cfg(test)]
mod tests {
    use super::{SHORT, Text};

    #[test]
    fn texts_of_every_length_are_what_they_were_made_from() {
        let letters = "abcdefghijklmnopqrstuvwxyz0123456789";
        for length in 0..letters.len() {
            let given = &letters[..length];
            let text = Text::new(given);
            assert_eq!(text.as_str(), given);
            assert_eq!(text.is_short(), length <= SHORT, "{length}");
            assert_eq!(text.clone().into_string(), given);
            assert_eq!(Text::from(given.to_string()), text);
            assert_eq!(Some(text), Some(Text::from(given)));
        }
        assert_eq!(Text::new("ünïcödé"), "ünïcödé");
        assert_eq!(Text::new("\0\0"), "\0\0");
        assert!(Text::new("a") < Text::new("a much longer text than that"));
        assert_eq!(Text::default(), "");
        assert_eq!(Text::from('🏛'), "🏛");
    }
}
