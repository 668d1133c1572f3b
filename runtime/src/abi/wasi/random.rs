//! Asking for random numbers.

use crate::guest_random::NoRandom;

use super::super::Guest;
use super::super::memory::{Span, view};
use super::{INVALID, IO, NOT_CAPABLE, SUCCESS, enter};

/// How many random bytes one call may ask for, so that none takes long.
const MOST_BYTES: u32 = 1 << 20;

pub(super) fn random_get(mut guest: Guest<'_>, start: u32, length: u32) -> wasmtime::Result<u32> {
    enter(&guest, "random_get")?;
    if length > MOST_BYTES {
        return Ok(INVALID);
    }
    let (memory, state) = view(&mut guest)?;
    let place = Span::new(start, length).within(memory, "a place for random bytes")?;
    Ok(match state.random.fill(&mut memory[place]) {
        Ok(()) => SUCCESS,
        Err(NoRandom::Off) => NOT_CAPABLE,
        Err(NoRandom::Failed) => IO,
    })
}
