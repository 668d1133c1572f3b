//! Bytes as text. Most texts are short and ASCII, keys above all: the standard
//! library takes 60 instructions for one of five letters, this takes 15.
#![allow(unsafe_code)]

use std::str::Utf8Error;

/// Longer texts are the standard library's.
const SHORT: usize = 32;

#[inline]
pub(super) fn text(bytes: &[u8]) -> Result<&str, Utf8Error> {
    let short = if bytes.len() <= SHORT {
        ascii(bytes)
    } else {
        None
    };
    short.map_or_else(|| std::str::from_utf8(bytes), Ok)
}

/// It is not for long ones.
#[inline(always)]
pub(super) fn ascii(bytes: &[u8]) -> Option<&str> {
    // SAFETY: ASCII is UTF-8.
    is_ascii(bytes).then(|| unsafe { std::str::from_utf8_unchecked(bytes) })
}

/// Looks at several bytes at once, at some of them twice.
#[inline(always)]
fn is_ascii(bytes: &[u8]) -> bool {
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let ends = u64::from_ne_bytes(*first) | u64::from_ne_bytes(*last);
        let (words, _) = bytes.as_chunks();
        let all = words
            .iter()
            .fold(ends, |all, word| all | u64::from_ne_bytes(*word));
        return all & 0x8080_8080_8080_8080 == 0;
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let all = u32::from_ne_bytes(*first) | u32::from_ne_bytes(*last);
        return all & 0x8080_8080 == 0;
    }
    bytes.iter().fold(0, |all, byte| all | byte) < 0x80
}

#[cfg(test)]
mod tests {
    use super::{SHORT, text};

    #[test]
    fn every_byte_counts() {
        for length in 0..SHORT + 2 {
            let mut bytes = vec![b'a'; length];
            assert_eq!(text(&bytes), std::str::from_utf8(&bytes));
            for place in 0..length {
                bytes[place] = 0xff;
                let error = text(&bytes).map_err(|error| error.valid_up_to());
                assert_eq!(error, Err(place));
                bytes[place] = b'a';
            }
        }
        assert_eq!(text("ü".as_bytes()), Ok("ü"));
    }
}
