//! Vectors of numbers on their way in: as long as nothing but numbers of that type
//! comes, they are read in one loop that knows its place in a register.

use super::Decoder;
use crate::limits::DEPTH_LIMIT;
use crate::same_type::{self, Plain};
use crate::writer::{DOUBLE, major};

/// A number that can be read without a look at what is around it.
trait Number: Sized {
    /// Takes one from the front. None says that something else is there, or that it
    /// does not fit.
    fn take(bytes: &mut &[u8]) -> Option<Self>;
}

impl Number for f64 {
    #[inline(always)]
    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let ([DOUBLE, digits @ ..], rest) = bytes.split_first_chunk::<9>()? else {
            return None;
        };
        *bytes = rest;
        Some(f64::from_be_bytes(*digits))
    }
}

/// The number in a head and its major type.
#[inline(always)]
fn head(bytes: &mut &[u8]) -> Option<(u8, u64)> {
    let (first, mut rest) = bytes.split_first()?;
    let number = match first & 31 {
        small @ 0..24 => small.into(),
        24 => digits(&mut rest, |[byte]| byte.into())?,
        25 => digits(&mut rest, |two| u16::from_be_bytes(two).into())?,
        26 => digits(&mut rest, |four| u32::from_be_bytes(four).into())?,
        27 => digits(&mut rest, u64::from_be_bytes)?,
        _ => return None,
    };
    *bytes = rest;
    Some((first >> 5, number))
}

#[inline(always)]
fn digits<const N: usize>(bytes: &mut &[u8], read: impl Fn([u8; N]) -> u64) -> Option<u64> {
    let (digits, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(read(*digits))
}

macro_rules! unsigned {
    ($($int:ty)*) => {$(
        impl Number for $int {
            #[inline(always)]
            fn take(bytes: &mut &[u8]) -> Option<Self> {
                match head(bytes)? {
                    (major::UNSIGNED, n) => n.try_into().ok(),
                    _ => None,
                }
            }
        }
    )*};
}

macro_rules! signed {
    ($($int:ty)*) => {$(
        impl Number for $int {
            #[inline(always)]
            fn take(bytes: &mut &[u8]) -> Option<Self> {
                match head(bytes)? {
                    (major::UNSIGNED, n) => n.try_into().ok(),
                    (major::NEGATIVE, n) => i64::try_from(n).ok().and_then(|n| (!n).try_into().ok()),
                    _ => None,
                }
            }
        }
    )*};
}

unsigned!(u32 u64);
signed!(i32 i64);

impl Decoder<'_> {
    /// Reads what the seed stands for, if that is one of these vectors and all in it
    /// is as usual; else nothing is read.
    #[inline(always)]
    pub(super) fn numbers<S, T>(&mut self) -> Option<T> {
        self.vector_of::<S, T, f64>()
            .or_else(|| self.vector_of::<S, T, u64>())
            .or_else(|| self.vector_of::<S, T, i64>())
            .or_else(|| self.vector_of::<S, T, u32>())
            .or_else(|| self.vector_of::<S, T, i32>())
    }

    #[inline(always)]
    fn vector_of<S, T, N: Number>(&mut self) -> Option<T>
    where
        Vec<N>: Plain,
    {
        if !same_type::is_seed_of::<S, Vec<N>>() {
            return None;
        }
        let mut vector = None;
        *same_type::slot(&mut vector)? = self.vector::<N>();
        vector
    }

    fn vector<N: Number>(&mut self) -> Option<Vec<N>> {
        if self.depth == DEPTH_LIMIT {
            return None;
        }
        self.reader.list_of(N::take)
    }
}
