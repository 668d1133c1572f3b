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
    #[inline(always)]
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

    /// Whether so many bytes need no buffer.
    #[inline]
    pub(crate) fn are_few(length: usize) -> bool {
        length <= FEW
    }

    /// Copies them to the beginning of `room`, which has room for them; what is behind
    /// them there may become zeros.
    #[inline]
    pub(crate) fn copy_to(&self, room: &mut [u8]) {
        match (self, room.first_chunk_mut::<FEW>()) {
            (MessageBytes::Few { length, bytes }, Some(room)) => *room = bytes.first(*length),
            _ => room[..self.len()].copy_from_slice(self),
        }
    }
}

impl Aligned {
    /// The first `length` of them, and zeros: what stands behind them is the sender's
    /// and nobody else's business. In words, without a loop over bytes.
    #[inline]
    fn first(&self, length: u8) -> [u8; FEW] {
        let mut all = [0; FEW];
        let words = self.0.as_chunks::<8>().0;
        for (place, (word, out)) in words.iter().zip(all.as_chunks_mut::<8>().0).enumerate() {
            let kept = usize::from(length).saturating_sub(8 * place).min(8);
            let mask = if kept == 8 {
                u64::MAX
            } else {
                (1 << (8 * kept)) - 1
            };
            *out = (u64::from_le_bytes(*word) & mask).to_le_bytes();
        }
        all
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

    /// What stood behind the bytes in the sender's memory is shown to nobody.
    #[test]
    fn only_the_bytes_are_copied_out() {
        for length in (0..=FEW + 8).chain([1000]) {
            let all = vec![7; length];
            let memory = [&all[..], &[9; 100]].concat();
            let bytes = MessageBytes::copied(&memory, 0..length);
            for room in [length, length + 1, FEW, 2000] {
                let mut room = vec![0; room.max(length)];
                bytes.copy_to(&mut room);
                assert_eq!(room[..length], all);
                assert!(!room.contains(&9), "{length}: {room:?}");
            }
        }
    }
}
