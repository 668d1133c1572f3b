//! Sleeping.

use std::time::{Duration, Instant};

use crate::guest_clock::GuestClock;
use crate::state::State;

use super::super::Guest;
use super::super::memory::{Span, view};
use super::clocks::clock;
use super::{BAD_DESCRIPTOR, INVALID, NOT_CAPABLE, SUCCESS, enter, files, result, u32_at, u64_at};

// The layouts of `subscription` and `event` in WASI's witx.
const SUBSCRIPTION: u32 = 48;
const EVENT: u32 = 32;
const CLOCK_EVENT: u8 = 0;
const READ_EVENT: u8 = 1;

/// How many subscriptions one call may bring.
const MOST_SUBSCRIPTIONS: u32 = 4096;

/// One thing that a guest waits for.
struct Subscription {
    userdata: u64,
    kind: u8,
    wait: Wait,
}

enum Wait {
    /// For so long.
    Time(Duration),
    /// For the guest's input.
    Input,
    /// For nothing: files are always ready, and what cannot be waited for is answered
    /// with an error number.
    No(u32),
}

impl Subscription {
    fn parse(bytes: &[u8], state: &mut State) -> wasmtime::Result<Self> {
        let kind = bytes[8];
        // A clock or a descriptor.
        let of = u32_at(bytes, 16);
        let wait = match kind {
            CLOCK_EVENT => {
                let time = Duration::from_nanos(u64_at(bytes, 24));
                let is_absolute = bytes[40] & 1 != 0;
                until(of, time, is_absolute, &state.clock).map_or_else(Wait::No, Wait::Time)
            }
            READ_EVENT if state.streams.is_input(of) => Wait::Input,
            _ if state.streams.is_input(of) || state.streams.output(of).is_some() => {
                Wait::No(SUCCESS)
            }
            _ if files::is_open(state.wasi(), of)? => Wait::No(SUCCESS),
            _ => Wait::No(BAD_DESCRIPTOR),
        };
        Ok(Subscription {
            userdata: u64_at(bytes, 0),
            kind,
            wait,
        })
    }

    fn time(&self) -> Option<Duration> {
        match self.wait {
            Wait::Time(time) => Some(time),
            Wait::Input | Wait::No(_) => None,
        }
    }

    /// Whether it is over after so long.
    fn is_over(&self, after: Duration, input_ready: bool) -> bool {
        match self.wait {
            Wait::Time(time) => time <= after,
            Wait::Input => input_ready,
            Wait::No(_) => true,
        }
    }

    fn event(&self, place: &mut [u8]) {
        let errno = match self.wait {
            Wait::No(errno) => errno,
            Wait::Time(_) | Wait::Input => SUCCESS,
        };
        place.fill(0);
        place[..8].copy_from_slice(&self.userdata.to_le_bytes());
        place[8..10].copy_from_slice(&(errno as u16).to_le_bytes());
        place[10] = self.kind;
    }
}

/// How long it is until a clock shows `time`, or until that time has gone by. What
/// the clock shows now decides, also where that stands still: else a sleep until a
/// time would be a finer clock than the one that was granted.
fn until(
    id: u32,
    time: Duration,
    is_absolute: bool,
    guest_clock: &GuestClock,
) -> Result<Duration, u32> {
    let clock = clock(id)?;
    if !is_absolute {
        return Ok(time);
    }
    let shown = guest_clock.time(clock).ok_or(NOT_CAPABLE)?;
    Ok(time.saturating_sub(shown))
}

pub(super) fn poll_oneoff(
    mut guest: Guest<'_>,
    subscriptions: u32,
    events: u32,
    count: u32,
    answer: u32,
) -> wasmtime::Result<u32> {
    enter(&guest, "poll_oneoff")?;
    if count == 0 || count > MOST_SUBSCRIPTIONS {
        return Ok(INVALID);
    }
    let (memory, state) = view(&mut guest)?;
    let wanted = Span::new(subscriptions, count * SUBSCRIPTION).within(memory, "subscriptions")?;
    let place = Span::new(events, count * EVENT).within(memory, "a place for events")?;
    let answer = result(memory, answer, 4)?;
    let wanted = memory[wanted]
        .chunks_exact(SUBSCRIPTION as usize)
        .map(|bytes| Subscription::parse(bytes, state))
        .collect::<wasmtime::Result<Vec<_>>>()?;
    let (after, input_ready) = wait(state, &wanted)?;
    let over = wanted.iter().filter(|one| one.is_over(after, input_ready));
    let mut count: u32 = 0;
    for (one, place) in over.zip(memory[place].chunks_exact_mut(EVENT as usize)) {
        one.event(place);
        count += 1;
    }
    memory[answer].copy_from_slice(&count.to_le_bytes());
    Ok(SUCCESS)
}

/// Waits until something is over: after how long that is, and whether there is input.
/// Not how long it took, which the guest's clock may not show.
fn wait(state: &mut State, wanted: &[Subscription]) -> wasmtime::Result<(Duration, bool)> {
    let wants_input = wanted.iter().any(|one| matches!(one.wait, Wait::Input));
    let input_ready = wants_input && state.is_input_ready();
    if wanted
        .iter()
        .any(|one| one.is_over(Duration::ZERO, input_ready))
    {
        return Ok((Duration::ZERO, input_ready));
    }
    let first = wanted.iter().filter_map(Subscription::time).min();
    match first {
        // A virtual time does not wait for input from outside.
        Some(time) if state.isolate.group().virtual_time().is_some() => sleep(state, time)?,
        _ if wants_input => state.wait_for_input(first.map(deadline))?,
        Some(time) => sleep(state, time)?,
        // Whatever is neither a time nor input is over at once.
        None => {}
    }
    if wants_input && state.is_input_ready() {
        return Ok((Duration::ZERO, true));
    }
    Ok((first.unwrap_or_default(), false))
}

/// `Instant` cannot count as far as a guest's nanoseconds may.
const LONGEST_SLEEP: Duration = Duration::from_secs(365 * 24 * 3600);

fn deadline(time: Duration) -> Instant {
    Instant::now() + time.min(LONGEST_SLEEP)
}

/// Sleeps on the turn's own thread. The monitor hands its permit over; on a virtual
/// time it gives that up itself.
fn sleep(state: &mut State, time: Duration) -> wasmtime::Result<()> {
    let seat = state.turn.seat.clone();
    state.wait(|isolate| match isolate.group().virtual_time() {
        Some(virtual_time) => virtual_time.sleep(time, isolate, &seat),
        None => isolate.waiting_on(&seat, || {
            seat.sleep_in_turn(Some(deadline(time)), || isolate.is_stopped())
        }),
    })
}
