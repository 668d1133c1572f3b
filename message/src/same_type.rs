//! Knows a type behind a type parameter.
//!
//! serde hands out a `Vec<u8>` element by element, which takes 20 times as long as
//! a copy, and reads vectors of numbers in three times the time of a loop. Where such a type is next is seen here, while it is compiled: none of
//! this is left in the code of other types.
#![allow(unsafe_code)]

use std::any::TypeId;
use std::marker::PhantomData;

use crate::Bytes;

/// A type without lifetimes.
///
/// # Safety
///
/// No lifetime may stand in the type: types that differ in lifetimes only have one
/// id.
pub(crate) unsafe trait Plain: 'static {}

// SAFETY: there is no lifetime in any of them.
unsafe impl Plain for Vec<u8> {}
// SAFETY: as above.
unsafe impl Plain for Box<[u8]> {}
// SAFETY: as above.
unsafe impl Plain for Bytes {}
// SAFETY: as above.
unsafe impl Plain for Vec<f64> {}
// SAFETY: as above.
unsafe impl Plain for Vec<u64> {}
// SAFETY: as above.
unsafe impl Plain for Vec<i64> {}
// SAFETY: as above.
unsafe impl Plain for Vec<u32> {}
// SAFETY: as above.
unsafe impl Plain for Vec<i32> {}

#[inline]
fn is<T: ?Sized, U: Plain>() -> bool {
    typeid::of::<T>() == TypeId::of::<U>()
}

/// Whether a serde seed stands for "a `U`, as it deserializes itself".
#[inline]
pub(crate) fn is_seed_of<S, U: Plain>() -> bool {
    typeid::of::<S>() == TypeId::of::<PhantomData<U>>()
}

/// `value`, if it is a `U`.
#[inline]
pub(crate) fn as_a<T: ?Sized, U: Plain>(value: &T) -> Option<&U> {
    // SAFETY: `T` is `U`. The ids are those of types without their lifetimes, and
    // `U` has none.
    is::<T, U>().then(|| unsafe { &*std::ptr::from_ref(value).cast::<U>() })
}

/// The place for a `T` as one for a `U`, if that is the same.
#[inline]
pub(crate) fn slot<T, U: Plain>(slot: &mut Option<T>) -> Option<&mut Option<U>> {
    // SAFETY: `T` is `U`, as above.
    is::<T, U>().then(|| unsafe { &mut *std::ptr::from_mut(slot).cast::<Option<U>>() })
}

/// The bytes that `value` is, if it is one of the standard library's types that hold
/// bytes and serialize as sequences of them.
#[inline]
pub(crate) fn bytes_in<T: ?Sized>(value: &T) -> Option<&[u8]> {
    if let Some(bytes) = as_a::<T, Vec<u8>>(value) {
        return Some(bytes);
    }
    as_a::<T, Box<[u8]>>(value).map(|bytes| &**bytes)
}
