//! WASI preview 1: wasmtime's implementation, with the functions shadowed that
//! print, sleep or exit, and those that open, read and write files. Ours label and
//! limit output, and a sleep of ours can be woken by a kill.

mod files;
mod streams;

use std::time::{Duration, Instant, SystemTime};

use wasmtime::{Linker, Store};
use wasmtime_wasi::p1::{self, WasiP1Ctx};

use crate::output::Stream;
use crate::state::{State, Stop};
use crate::streams::Streams;

use super::Guest;
use super::imports::Imports;
use super::memory::{Span, view};

const WASI: &str = "wasi_snapshot_preview1";

// Of the `errno` type in WASI's witx.
const SUCCESS: u32 = 0;
const BAD_DESCRIPTOR: u32 = 8;
const INVALID: u32 = 28;

pub(super) fn link(imports: &mut Imports) -> wasmtime::Result<()> {
    list(imports)?;
    let linker = &mut imports.linker;
    p1::add_to_linker_sync(linker, State::wasi)?;
    linker.allow_shadowing(true);
    linker.func_wrap(WASI, "fd_write", fd_write)?;
    linker.func_wrap(WASI, "fd_read", streams::fd_read)?;
    linker.func_wrap(WASI, "poll_oneoff", poll_oneoff)?;
    linker.func_wrap(WASI, "proc_exit", proc_exit)?;
    linker.func_wrap(WASI, "sched_yield", sched_yield)?;
    files::link(imports)?;
    imports.linker.allow_shadowing(false);
    Ok(())
}

/// Lists WASI's functions with their types. Only a store can tell a linked
/// function's type, so they are linked once more, for a store without a guest.
fn list(imports: &mut Imports) -> wasmtime::Result<()> {
    let engine = imports.linker.engine().clone();
    let mut linker: Linker<Option<WasiP1Ctx>> = Linker::new(&engine);
    p1::add_to_linker_sync(&mut linker, |none| match none {
        Some(context) => context,
        None => unreachable!("nothing is instantiated in this store"),
    })?;
    let mut store = Store::new(&engine, None);
    let functions: Vec<_> = linker
        .iter(&mut store)
        .filter_map(|(module, name, function)| {
            Some((module.to_owned(), name.to_owned(), function.into_func()?))
        })
        .collect();
    for (module, name, function) in functions {
        imports.list(&module, &name, function.ty(&store));
    }
    Ok(())
}

fn enter(guest: &Guest<'_>, function: &str) -> wasmtime::Result<()> {
    super::enter(guest, &format!("{WASI}.{function}"))
}

fn proc_exit(guest: Guest<'_>, code: u32) -> wasmtime::Result<()> {
    enter(&guest, "proc_exit")?;
    Err(Stop::Exit(code as i32).into())
}

/// Others run when the slice is over, asked or not.
fn sched_yield(guest: Guest<'_>) -> wasmtime::Result<u32> {
    enter(&guest, "sched_yield")?;
    Ok(SUCCESS)
}

/// How many pieces one `fd_write` may gather, and how many bytes it takes; what
/// is left is for the next call, which WASI allows. So no call takes long.
const MOST_PIECES: u32 = 1024;
const MOST_WRITTEN: u32 = 1 << 20;

fn fd_write(
    mut guest: Guest<'_>,
    fd: u32,
    pieces: u32,
    count: u32,
    written: u32,
) -> wasmtime::Result<u32> {
    enter(&guest, "fd_write")?;
    let Some(stream) = guest.data().streams.output(fd) else {
        return files::write(&mut guest, fd, (pieces, count), written);
    };
    let (memory, state) = view(&mut guest)?;
    let answer = Span::new(written, 4).within(memory, "a place for a result")?;
    let mut sum: u32 = 0;
    for piece in 0..count.min(MOST_PIECES) {
        let place = Span::new(pieces.saturating_add(piece * 8), 8);
        let piece = &memory[place.within(memory, "a piece of output")?];
        let bytes = Span::new(u32_at(piece, 0), u32_at(piece, 4));
        let bytes = &memory[bytes.within(memory, "a piece of output")?];
        let taken = &bytes[..bytes.len().min((MOST_WRITTEN - sum) as usize)];
        let buffer = match stream {
            Stream::Stdout => &mut state.stdout,
            Stream::Stderr => &mut state.stderr,
        };
        let printed = buffer.write(&state.isolate, taken);
        printed.map_err(Stop::Limit)?;
        sum += taken.len() as u32;
        if taken.len() < bytes.len() {
            break;
        }
    }
    memory[answer].copy_from_slice(&sum.to_le_bytes());
    Ok(SUCCESS)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

// The layouts of `subscription` and `event` in WASI's witx.
const SUBSCRIPTION: u32 = 48;
const EVENT: u32 = 32;
const CLOCK_EVENT: u8 = 0;
const READ_EVENT: u8 = 1;
const MONOTONIC: u32 = 1;

/// How many subscriptions one call may bring.
const MOST_SUBSCRIPTIONS: u32 = 4096;

/// One thing that a guest waits for.
#[derive(Clone, Copy)]
struct Subscription {
    userdata: u64,
    kind: u8,
    /// Of a clock.
    due: Option<Instant>,
    /// Of the others. All but a guest's input are always ready.
    fd: u32,
}

impl Subscription {
    fn parse(bytes: &[u8], now: Instant, born: Instant) -> Self {
        let kind = bytes[8];
        let due = (kind == CLOCK_EVENT).then(|| {
            let clock = u32_at(bytes, 16);
            let timeout = Duration::from_nanos(u64_at(bytes, 24));
            let is_absolute = bytes[40] & 1 != 0;
            now + if is_absolute {
                until(clock, timeout, born)
            } else {
                timeout
            }
            .min(LONGEST_SLEEP)
        });
        Subscription {
            userdata: u64_at(bytes, 0),
            kind,
            due,
            fd: u32_at(bytes, 16),
        }
    }

    fn is_input(&self, streams: &Streams) -> bool {
        self.kind == READ_EVENT && streams.is_input(self.fd)
    }

    /// Whether it is about a descriptor that is not open.
    fn is_closed(&self, state: &mut State) -> wasmtime::Result<bool> {
        let is_stream = state.streams.is_input(self.fd) || state.streams.output(self.fd).is_some();
        if self.due.is_some() || is_stream {
            return Ok(false);
        }
        files::is_open(state.wasi(), self.fd).map(|open| !open)
    }

    fn is_ready(&self, now: Instant, state: &State) -> bool {
        match self.due {
            Some(due) => due <= now,
            None => !self.is_input(&state.streams) || state.is_input_ready(),
        }
    }
}

/// `Instant` cannot count as far as a guest's nanoseconds may.
const LONGEST_SLEEP: Duration = Duration::from_secs(365 * 24 * 3600);

/// How long it is until a clock shows `time`. The monotonic one counts from
/// `born`.
fn until(clock: u32, time: Duration, born: Instant) -> Duration {
    let shown = if clock == MONOTONIC {
        born.elapsed()
    } else {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        since_epoch.unwrap_or_default()
    };
    time.saturating_sub(shown)
}

fn poll_oneoff(
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
    let now = Instant::now();
    let (memory, state) = view(&mut guest)?;
    let wanted = Span::new(subscriptions, count * SUBSCRIPTION).within(memory, "subscriptions")?;
    let place = Span::new(events, count * EVENT).within(memory, "a place for events")?;
    let answer = Span::new(answer, 4).within(memory, "a place for a result")?;
    let wanted: Vec<_> = memory[wanted]
        .chunks_exact(SUBSCRIPTION as usize)
        .map(|bytes| Subscription::parse(bytes, now, state.born))
        .collect();
    if !wanted.iter().any(|one| one.is_ready(now, state)) {
        let first = wanted.iter().filter_map(|one| one.due).min();
        if wanted.iter().any(|one| one.is_input(&state.streams)) {
            state.wait_for_input(first)?;
        } else {
            sleep_until(state, first)?;
        }
    }
    let now = Instant::now();
    let closed = wanted.iter().map(|one| one.is_closed(state));
    let closed = closed.collect::<wasmtime::Result<Vec<bool>>>()?;
    let mut ready: u32 = 0;
    for ((one, closed), event) in wanted
        .iter()
        .zip(closed)
        .filter(|(one, _)| one.is_ready(now, state))
        .zip(memory[place].chunks_exact_mut(EVENT as usize))
    {
        event.fill(0);
        event[..8].copy_from_slice(&one.userdata.to_le_bytes());
        if closed {
            event[8..10].copy_from_slice(&(BAD_DESCRIPTOR as u16).to_le_bytes());
        }
        event[10] = one.kind;
        ready += 1;
    }
    memory[answer].copy_from_slice(&ready.to_le_bytes());
    Ok(SUCCESS)
}

/// Sleeps on the turn's own thread; the monitor hands its permit over.
fn sleep_until(state: &mut State, deadline: Option<Instant>) -> wasmtime::Result<()> {
    let seat = state.turn.seat.clone();
    state.wait(|isolate| {
        isolate.waiting_on(&seat, || {
            seat.sleep_in_turn(deadline, || isolate.is_stopped())
        });
    })
}
