//! The bytes of a message: few of them stand in the queue itself, many in a buffer
//! of their own.

use std::ops::{Deref, Range};

/// How many bytes need no buffer. With them a message, and when it arrived, is 64
/// bytes: one line of the cache.
const FEW: usize = 24;

pub(crate) enum MessageBytes {
    Few { length: u8, bytes: Aligned },
    Many(Box<[u8]>),
}

/// Aligned, as messages are moved as they are: in words.
#[repr(align(8))]
pub(crate) struct Aligned([u8; FEW]);

impl MessageBytes {
    /// Those in a place within a guest's memory.
    #[inline]
    pub(crate) fn copied(memory: &[u8], place: Range<usize>) -> Self {
        let length = place.len();
        let around = memory.get(place.start..place.start.saturating_add(FEW));
        match around.map(TryInto::try_into) {
            // What stands behind the few comes along: copying so many as there may be
            // takes no loop, and nobody is shown more than there are.
            Some(Ok(bytes)) if length <= FEW => MessageBytes::Few {
                length: length as u8,
                bytes: Aligned(bytes),
            },
            _ => memory[place].into(),
        }
    }
}

impl From<&[u8]> for MessageBytes {
    #[inline]
    fn from(all: &[u8]) -> Self {
        if all.len() <= FEW {
            let mut bytes = Aligned([0; FEW]);
            bytes.0[..all.len()].copy_from_slice(all);
            MessageBytes::Few {
                length: all.len() as u8,
                bytes,
            }
        } else {
            MessageBytes::Many(all.into())
        }
    }
}

impl From<Vec<u8>> for MessageBytes {
    fn from(all: Vec<u8>) -> Self {
        if all.len() <= FEW {
            all.as_slice().into()
        } else {
            MessageBytes::Many(all.into())
        }
    }
}

impl Deref for MessageBytes {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            MessageBytes::Few { length, bytes } => &bytes.0[..usize::from(*length)],
            MessageBytes::Many(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_the_same_wherever_they_stand() {
        for length in [0, 1, FEW - 1, FEW, FEW + 1, 1000] {
            let all: Vec<u8> = (0..length).map(|byte| byte as u8).collect();
            assert_eq!(*MessageBytes::from(&all[..]), all[..]);
            assert_eq!(*MessageBytes::from(all.clone()), all[..]);
            let memory = [&[7; 10], &all[..], &[8; 100]].concat();
            assert_eq!(*MessageBytes::copied(&memory, 10..10 + length), all[..]);
            let memory = [&[7; 10], &all[..]].concat();
            assert_eq!(*MessageBytes::copied(&memory, 10..10 + length), all[..]);
        }
    }
}
