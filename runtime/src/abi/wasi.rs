//! WASI preview 1: wasmtime's implementation, with the functions shadowed that
//! print, sleep, exit, tell the time or give random numbers, and those that open, read,
//! write and list files. Ours label and limit output, a sleep of ours can be woken by a
//! kill, and time and chance are what the host has granted.

mod clocks;
mod files;
mod folders;
mod poll;
mod random;
mod streams;

use std::ops::Range;

use wasmtime::{Linker, Store};
use wasmtime_wasi::p1::{self, WasiP1Ctx};

use crate::output::Stream;
use crate::state::{State, Stop};

use super::Guest;
use super::imports::Imports;
use super::memory::{Span, view};

const WASI: &str = "wasi_snapshot_preview1";

// Of the `errno` type in WASI's witx.
const SUCCESS: u32 = 0;
const BAD_DESCRIPTOR: u32 = 8;
const INVALID: u32 = 28;
const IO: u32 = 29;
const NOT_SUPPORTED: u32 = 58;
/// What was asked for is not granted.
const NOT_CAPABLE: u32 = 76;

pub(super) fn link(imports: &mut Imports) -> wasmtime::Result<()> {
    list(imports)?;
    let linker = &mut imports.linker;
    p1::add_to_linker_sync(linker, State::wasi)?;
    linker.allow_shadowing(true);
    linker.func_wrap(WASI, "fd_write", fd_write)?;
    linker.func_wrap(WASI, "fd_read", streams::fd_read)?;
    linker.func_wrap(WASI, "fd_readdir", folders::fd_readdir)?;
    linker.func_wrap(WASI, "clock_time_get", clocks::clock_time_get)?;
    linker.func_wrap(WASI, "clock_res_get", clocks::clock_res_get)?;
    linker.func_wrap(WASI, "poll_oneoff", poll::poll_oneoff)?;
    linker.func_wrap(WASI, "random_get", random::random_get)?;
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
    let answer = result(memory, written, 4)?;
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

/// The place of the one number that a function answers.
fn result(memory: &[u8], at: u32, size: u32) -> wasmtime::Result<Range<usize>> {
    Span::new(at, size).within(memory, "a place for a result")
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
