//! WASI's functions about files: wasmtime's, with what it leaves open closed.
//!
//! wasmtime-wasi refuses to move more in one call than a budget allows; here it moves
//! less, as WASI allows. It has no limit on open files, and opening a pipe waits for
//! whoever is at its other end.

use std::time::Duration;

use wasmtime::AsContextMut as _;
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p1::wasi_snapshot_preview1::{self as wasi, WasiSnapshotPreview1 as _};
use wasmtime_wasi::runtime::in_tokio;
use wiggle::GuestMemory;

use crate::open_files::{OpenFile, Opened};

use super::super::Guest;
use super::super::imports::Imports;
use super::super::memory::view;
use super::folders::opened_last;
use super::{BAD_DESCRIPTOR, MOST_PIECES, SUCCESS, WASI, enter, u32_at, u64_at};

// Of the `errno` type in WASI's witx.
const ACCESS: u32 = 2;
const NO_MORE_FILES: u32 = 41;
const NAME_TOO_LONG: u32 = 37;

pub(super) fn link(imports: &mut Imports) -> wasmtime::Result<()> {
    let linker = &mut imports.linker;
    linker.func_wrap(WASI, "fd_pread", fd_pread)?;
    linker.func_wrap(WASI, "fd_pwrite", fd_pwrite)?;
    linker.func_wrap(WASI, "fd_filestat_get", fd_filestat_get)?;
    linker.func_wrap(WASI, "path_filestat_get", path_filestat_get)?;
    linker.func_wrap(WASI, "fd_close", fd_close)?;
    linker.func_wrap(WASI, "fd_renumber", fd_renumber)?;
    linker.func_wrap(WASI, "path_open", path_open)?;
    linker.func_wrap(WASI, "path_unlink_file", path_unlink_file)?;
    Ok(())
}

/// Does something with WASI and the guest's memory.
fn with_wasi<R>(
    guest: &mut Guest<'_>,
    call: impl FnOnce(&mut WasiP1Ctx, &mut [u8]) -> wasmtime::Result<R>,
) -> wasmtime::Result<R> {
    let fuel = guest.as_context_mut().hostcall_fuel();
    let (memory, state) = view(guest)?;
    let wasi = state.wasi();
    wasi.set_hostcall_fuel(fuel);
    call(wasi, memory)
}

/// Calls one of wasmtime's functions, which answers with WASI's errno.
macro_rules! call {
    ($function:ident($wasi:expr, $memory:expr $(, $value:expr)*)) => {{
        let mut memory = GuestMemory::Unshared($memory);
        let answer = in_tokio(wasi::$function($wasi, &mut memory $(, $value as _)*))?;
        answer as u32
    }};
}

/// As much is moved in one call. With the list of pieces it is less than a call may
/// copy.
const MOST_MOVED: u32 = 1 << 19;

/// Shortens the first piece that is not empty, the only one that wasmtime looks at, as
/// long as `call` takes.
fn with_short_piece<R>(
    memory: &mut [u8],
    (pieces, count): (u32, u32),
    call: impl FnOnce(&mut [u8]) -> R,
) -> R {
    let length_at = |number: u32| pieces as usize + number as usize * 8 + 4;
    let first = (0..count.min(MOST_PIECES))
        .map(length_at)
        .take_while(|at| at + 4 <= memory.len())
        .map(|at| (at, u32_at(memory, at)))
        .find(|(_, length)| *length > 0);
    let Some((at, length)) = first.filter(|(_, length)| *length > MOST_MOVED) else {
        return call(memory);
    };
    memory[at..at + 4].copy_from_slice(&MOST_MOVED.to_le_bytes());
    let done = call(memory);
    memory[at..at + 4].copy_from_slice(&length.to_le_bytes());
    done
}

pub(super) fn write(
    guest: &mut Guest<'_>,
    fd: u32,
    (pieces, count): (u32, u32),
    written: u32,
) -> wasmtime::Result<u32> {
    with_wasi(guest, |wasi, memory| {
        with_short_piece(memory, (pieces, count), |memory| {
            Ok(call!(fd_write(wasi, memory, fd, pieces, count, written)))
        })
    })
}

pub(super) fn read(
    guest: &mut Guest<'_>,
    fd: u32,
    (pieces, count): (u32, u32),
    read: u32,
) -> wasmtime::Result<u32> {
    with_wasi(guest, |wasi, memory| {
        with_short_piece(memory, (pieces, count), |memory| {
            Ok(call!(fd_read(wasi, memory, fd, pieces, count, read)))
        })
    })
}

fn fd_pwrite(
    mut guest: Guest<'_>,
    fd: u32,
    pieces: u32,
    count: u32,
    offset: u64,
    written: u32,
) -> wasmtime::Result<u32> {
    enter(&guest, "fd_pwrite")?;
    with_wasi(&mut guest, |wasi, memory| {
        with_short_piece(memory, (pieces, count), |memory| {
            Ok(call!(fd_pwrite(
                wasi, memory, fd, pieces, count, offset, written
            )))
        })
    })
}

fn fd_pread(
    mut guest: Guest<'_>,
    fd: u32,
    pieces: u32,
    count: u32,
    offset: u64,
    read: u32,
) -> wasmtime::Result<u32> {
    enter(&guest, "fd_pread")?;
    with_wasi(&mut guest, |wasi, memory| {
        with_short_piece(memory, (pieces, count), |memory| {
            Ok(call!(fd_pread(
                wasi, memory, fd, pieces, count, offset, read
            )))
        })
    })
}

fn fd_close(mut guest: Guest<'_>, fd: u32) -> wasmtime::Result<u32> {
    enter(&guest, "fd_close")?;
    close(&mut guest, fd)
}

fn close(guest: &mut Guest<'_>, fd: u32) -> wasmtime::Result<u32> {
    let answer = with_wasi(guest, |wasi, memory| Ok(call!(fd_close(wasi, memory, fd))))?;
    if answer == SUCCESS {
        let state = guest.data_mut();
        state.streams.closed(fd);
        state.opened.remove(&fd);
    }
    Ok(answer)
}

fn fd_renumber(mut guest: Guest<'_>, from: u32, to: u32) -> wasmtime::Result<u32> {
    enter(&guest, "fd_renumber")?;
    let answer = with_wasi(&mut guest, |wasi, memory| {
        Ok(call!(fd_renumber(wasi, memory, from, to)))
    })?;
    if answer == SUCCESS && from != to {
        let state = guest.data_mut();
        state.streams.renumbered(from, to);
        state.opened.remove(&to);
        if let Some(file) = state.opened.remove(&from) {
            state.opened.insert(to, file);
        }
    }
    Ok(answer)
}

/// The longest path that a system takes.
const LONGEST_PATH: u32 = 4096;

fn path_unlink_file(
    mut guest: Guest<'_>,
    fd: u32,
    path: u32,
    length: u32,
) -> wasmtime::Result<u32> {
    enter(&guest, "path_unlink_file")?;
    // The one path that wasmtime copies whatever its length.
    if length > LONGEST_PATH {
        return Ok(NAME_TOO_LONG);
    }
    with_wasi(&mut guest, |wasi, memory| {
        Ok(call!(path_unlink_file(wasi, memory, fd, path, length)))
    })
}

#[expect(clippy::too_many_arguments, reason = "WASI's")]
fn path_open(
    mut guest: Guest<'_>,
    fd: u32,
    lookup: u32,
    path: u32,
    length: u32,
    how: u32,
    rights: u64,
    inherited: u64,
    flags: u32,
    opened: u32,
) -> wasmtime::Result<u32> {
    enter(&guest, "path_open")?;
    let special = with_wasi(&mut guest, |wasi, memory| {
        let (start, length) = (path as usize, length.min(LONGEST_PATH) as usize);
        let Some(path) = memory.get(start..start.saturating_add(length)) else {
            return Ok(false);
        };
        let found = filestat_at(wasi, (fd, lookup), path)?;
        Ok(found.is_some_and(|found| found.is_special()))
    })?;
    if special {
        return Ok(ACCESS);
    }
    let isolate = guest.data().isolate.clone();
    let file = match OpenFile::take(isolate.group()) {
        Ok(file) => file,
        Err(hit) => {
            isolate.met(hit);
            return Ok(NO_MORE_FILES);
        }
    };
    let answer = with_wasi(&mut guest, |wasi, memory| {
        Ok(call!(path_open(
            wasi, memory, fd, lookup, path, length, how, rights, inherited, flags, opened
        )))
    })?;
    if answer != SUCCESS {
        return Ok(answer);
    }
    let (memory, state) = view(&mut guest)?;
    let number = u32_at(memory, opened as usize);
    let found = filestat(state.wasi(), number)?.unwrap_or_default();
    let folder = match found.filetype {
        DIRECTORY => opened_last(state),
        _ => None,
    };
    let _counted = Some(file);
    state.opened.insert(number, Opened { _counted, folder });
    // Somebody may have put it there just now.
    if found.is_special() {
        close(&mut guest, number)?;
        return Ok(ACCESS);
    }
    Ok(SUCCESS)
}

/// Size of `filestat`, and the places of its fields; of its three times.
const FILESTAT: usize = 64;
const INODE: usize = 8;
const FILETYPE: usize = 16;
const TIMES: [usize; 3] = [40, 48, 56];

fn fd_filestat_get(mut guest: Guest<'_>, fd: u32, answer: u32) -> wasmtime::Result<u32> {
    enter(&guest, "fd_filestat_get")?;
    let errno = with_wasi(&mut guest, |wasi, memory| {
        Ok(call!(fd_filestat_get(wasi, memory, fd, answer)))
    })?;
    show_times(guest, errno, answer)
}

fn path_filestat_get(
    mut guest: Guest<'_>,
    fd: u32,
    lookup: u32,
    path: u32,
    length: u32,
    answer: u32,
) -> wasmtime::Result<u32> {
    enter(&guest, "path_filestat_get")?;
    let errno = with_wasi(&mut guest, |wasi, memory| {
        Ok(call!(path_filestat_get(
            wasi, memory, fd, lookup, path, length, answer
        )))
    })?;
    show_times(guest, errno, answer)
}

/// Who writes a file and looks at its times sees what time it is.
fn show_times(mut guest: Guest<'_>, errno: u32, answer: u32) -> wasmtime::Result<u32> {
    let (memory, state) = view(&mut guest)?;
    for time in TIMES {
        let place = answer as usize + time;
        // Where it failed there may be no such place.
        if let Some(place) = memory
            .get_mut(place..place + 8)
            .filter(|_| errno == SUCCESS)
        {
            let time = Duration::from_nanos(u64_at(place, 0));
            let shown = state.clock.file_time(time).as_nanos() as u64;
            place.copy_from_slice(&shown.to_le_bytes());
        }
    }
    Ok(errno)
}

// Of the `filetype` type in WASI's witx.
pub(super) const DIRECTORY: u8 = 3;
const REGULAR_FILE: u8 = 4;
const SYMBOLIC_LINK: u8 = 7;

/// What WASI says of a file.
#[derive(Default)]
pub(super) struct Filestat {
    pub(super) inode: u64,
    pub(super) filetype: u8,
}

impl Filestat {
    fn read(bytes: &[u8]) -> Self {
        Filestat {
            inode: u64::from(u32_at(bytes, INODE)) | u64::from(u32_at(bytes, INODE + 4)) << 32,
            filetype: bytes[FILETYPE],
        }
    }

    /// Whether it is neither file nor folder, nor a link that is not to be followed.
    fn is_special(&self) -> bool {
        !matches!(self.filetype, DIRECTORY | REGULAR_FILE | SYMBOLIC_LINK)
    }
}

/// Of what is open.
pub(super) fn filestat(wasi: &mut WasiP1Ctx, fd: u32) -> wasmtime::Result<Option<Filestat>> {
    let mut scratch = [0; FILESTAT];
    let memory = &mut scratch[..];
    let answer = call!(fd_filestat_get(wasi, memory, fd, 0));
    Ok((answer == SUCCESS).then(|| Filestat::read(&scratch)))
}

/// Of what is at a path, where it can be looked at. What cannot cannot be opened
/// either.
pub(super) fn filestat_at(
    wasi: &mut WasiP1Ctx,
    (fd, lookup): (u32, u32),
    path: &[u8],
) -> wasmtime::Result<Option<Filestat>> {
    let mut scratch = vec![0; FILESTAT];
    scratch.extend_from_slice(path);
    let length = path.len();
    let memory = &mut scratch[..];
    let answer = call!(path_filestat_get(
        wasi, memory, fd, lookup, FILESTAT, length, 0
    ));
    Ok((answer == SUCCESS).then(|| Filestat::read(&scratch)))
}

/// Whether the descriptor is open, for `poll_oneoff`.
pub(super) fn is_open(wasi: &mut WasiP1Ctx, fd: u32) -> wasmtime::Result<bool> {
    let mut scratch = [0; FILESTAT];
    let memory = &mut scratch[..];
    Ok(call!(fd_filestat_get(wasi, memory, fd, 0)) != BAD_DESCRIPTOR)
}
