//! Asking for the time.

use std::time::Duration;

use crate::guest_clock::Clock;

use super::super::Guest;
use super::super::memory::view;
use super::{INVALID, NOT_CAPABLE, NOT_SUPPORTED, SUCCESS, enter, result};

/// The clock of a WASI clock id, or an error number. A CPU clock would be a fine
/// clock whatever the others are.
pub(super) fn clock(id: u32) -> Result<Clock, u32> {
    match id {
        0 => Ok(Clock::Wall),
        1 => Ok(Clock::Monotonic),
        2 | 3 => Err(NOT_SUPPORTED),
        _ => Err(INVALID),
    }
}

pub(super) fn clock_time_get(
    guest: Guest<'_>,
    id: u32,
    _precision: u64,
    answer: u32,
) -> wasmtime::Result<u32> {
    enter(&guest, "clock_time_get")?;
    give(guest, answer, |guest| {
        let time = guest.data().clock.time(clock(id)?);
        time.ok_or(NOT_CAPABLE)
    })
}

pub(super) fn clock_res_get(guest: Guest<'_>, id: u32, answer: u32) -> wasmtime::Result<u32> {
    enter(&guest, "clock_res_get")?;
    give(guest, answer, |guest| {
        clock(id)?;
        guest.data().clock.resolution().ok_or(NOT_CAPABLE)
    })
}

/// Answers with nanoseconds, or an error number.
fn give(
    mut guest: Guest<'_>,
    answer: u32,
    time: impl FnOnce(&Guest<'_>) -> Result<Duration, u32>,
) -> wasmtime::Result<u32> {
    let found = time(&guest);
    let (memory, _) = view(&mut guest)?;
    let answer = result(memory, answer, 8)?;
    match found {
        Ok(time) => {
            let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
            memory[answer].copy_from_slice(&nanos.to_le_bytes());
            Ok(SUCCESS)
        }
        Err(errno) => Ok(errno),
    }
}
