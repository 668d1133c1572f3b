//! CBOR, outgoing: heads and leaves appended to a buffer.

use crate::limits::{REFERENCE_TAG, SEND_PORT_TAG, SHAREABLE_TAG};

/// The major types of RFC 8949, section 3.1.
pub(crate) mod major {
    pub(crate) const UNSIGNED: u8 = 0;
    pub(crate) const NEGATIVE: u8 = 1;
    pub(crate) const BYTES: u8 = 2;
    pub(crate) const TEXT: u8 = 3;
    pub(crate) const LIST: u8 = 4;
    pub(crate) const MAP: u8 = 5;
    pub(crate) const TAG: u8 = 6;
}

pub(crate) const FALSE: u8 = 0xf4;
pub(crate) const TRUE: u8 = 0xf5;
pub(crate) const NULL: u8 = 0xf6;
pub(crate) const DOUBLE: u8 = 0xfb;

/// A major type and its number, in the fewest bytes.
#[inline]
pub(crate) fn head(out: &mut Vec<u8>, major: u8, n: u64) {
    let major = major << 5;
    match n {
        0..=23 => out.push(major | n as u8),
        24..=0xff => out.extend_from_slice(&[major | 24, n as u8]),
        _ => long_head(out, major, n),
    }
}

fn long_head(out: &mut Vec<u8>, major: u8, n: u64) {
    if let Ok(n) = u16::try_from(n) {
        out.push(major | 25);
        out.extend_from_slice(&n.to_be_bytes());
    } else if let Ok(n) = u32::try_from(n) {
        out.push(major | 26);
        out.extend_from_slice(&n.to_be_bytes());
    } else {
        out.push(major | 27);
        out.extend_from_slice(&n.to_be_bytes());
    }
}

/// How many bytes [`head`] takes.
pub(crate) fn head_len(n: u64) -> usize {
    match n {
        0..=23 => 1,
        24..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}

#[inline]
pub(crate) fn bool(out: &mut Vec<u8>, b: bool) {
    out.push(if b { TRUE } else { FALSE });
}

#[inline]
pub(crate) fn int(out: &mut Vec<u8>, n: i64) {
    // A negative n is written as -1 - n, which is its bitwise complement.
    match n {
        0.. => head(out, major::UNSIGNED, n as u64),
        _ => head(out, major::NEGATIVE, !n as u64),
    }
}

/// Always 64 bits, whatever shorter form would do: NaN payloads survive.
#[inline]
pub(crate) fn double(out: &mut Vec<u8>, d: f64) {
    let mut nine = [DOUBLE; 9];
    nine[1..].copy_from_slice(&d.to_bits().to_be_bytes());
    out.extend_from_slice(&nine);
}

#[inline]
pub(crate) fn text(out: &mut Vec<u8>, s: &str) {
    head(out, major::TEXT, s.len() as u64);
    out.extend_from_slice(s.as_bytes());
}

/// A text that is the first `length` of these bytes; at most 23.
#[inline(always)]
pub(crate) fn short_text<const N: usize>(out: &mut Vec<u8>, bytes: [u8; N], length: usize) {
    out.push(major::TEXT << 5 | length as u8);
    let end = out.len() + length;
    // All of them, as to copy a number that is known while this is compiled takes no
    // call, and in a guest a copy of any other is one of the host's.
    out.extend_from_slice(&bytes);
    out.truncate(end);
}

#[inline]
pub(crate) fn bytes(out: &mut Vec<u8>, b: &[u8]) {
    head(out, major::BYTES, b.len() as u64);
    out.extend_from_slice(b);
}

pub(crate) fn port(out: &mut Vec<u8>, index: u64) {
    head(out, major::TAG, SEND_PORT_TAG);
    head(out, major::UNSIGNED, index);
}

pub(crate) fn shareable(out: &mut Vec<u8>) {
    head(out, major::TAG, SHAREABLE_TAG);
}

pub(crate) fn reference(out: &mut Vec<u8>, index: u64) {
    head(out, major::TAG, REFERENCE_TAG);
    head(out, major::UNSIGNED, index);
}
