//! Listing a folder, piece by piece: wasmtime takes the whole of it into the host's
//! memory for each piece, and a guest may fill a folder as it likes.

use std::fs::File;
use std::sync::Arc;

use cap_std::fs::Dir;
use wasmtime_wasi::WasiView as _;
use wasmtime_wasi::filesystem::Descriptor;

use crate::state::State;

use super::super::Guest;
use super::super::memory::{Span, view};
use super::files::{self, Filestat};
use super::{BAD_DESCRIPTOR, INVALID, IO, SUCCESS, enter};

// Of the `errno` type in WASI's witx.
const ILLEGAL_BYTES: u32 = 25;

/// The largest piece: a call does not take long.
const MOST_LISTED: u32 = 1 << 18;

/// Size of `dirent`, behind which comes the name.
const DIRENT: usize = 24;

/// How many entries come first, which no system lists here: `.` and `..`.
const DOTS: u64 = 2;

pub(super) fn fd_readdir(
    mut guest: Guest<'_>,
    fd: u32,
    start: u32,
    length: u32,
    cookie: u64,
    used: u32,
) -> wasmtime::Result<u32> {
    enter(&guest, "fd_readdir")?;
    let (memory, state) = view(&mut guest)?;
    state.wasi();
    let Some(folder) = state
        .opened
        .get(&fd)
        .and_then(|opened| opened.folder.clone())
    else {
        return Ok(BAD_DESCRIPTOR);
    };
    if length > MOST_LISTED {
        return Ok(INVALID);
    }
    let place = Span::new(start, length).within(memory, "a place for a list of files")?;
    let answer = Span::new(used, 4).within(memory, "a place for a result")?;
    let mut piece = Piece {
        room: &mut memory[place],
        used: 0,
        next: cookie,
    };
    let listed = piece.fill(state, fd, &folder)?;
    let used = piece.used as u32;
    if listed == SUCCESS {
        memory[answer].copy_from_slice(&used.to_le_bytes());
    }
    Ok(listed)
}

/// What is listed in one call.
struct Piece<'a> {
    room: &'a mut [u8],
    used: usize,
    /// The number of the next entry.
    next: u64,
}

impl Piece<'_> {
    /// Lists until it is full, or until there is no more.
    fn fill(&mut self, state: &mut State, fd: u32, folder: &Arc<File>) -> wasmtime::Result<u32> {
        let own = files::filestat(state.wasi(), fd)?.unwrap_or_default();
        for name in [".", ".."].into_iter().skip(self.next.min(DOTS) as usize) {
            self.put(&own, name);
        }
        let Ok(entries) = entries(folder) else {
            return Ok(IO);
        };
        let first = usize::try_from(self.next.saturating_sub(DOTS)).unwrap_or(usize::MAX);
        for entry in entries.skip(first) {
            if self.used == self.room.len() {
                break;
            }
            let Ok(entry) = entry else { return Ok(IO) };
            let Ok(name) = entry.file_name().into_string() else {
                return Ok(ILLEGAL_BYTES);
            };
            // Gone meanwhile: of no known type.
            let found = files::filestat_at(state.wasi(), (fd, 0), name.as_bytes())?;
            self.put(&found.unwrap_or_default(), &name);
        }
        Ok(SUCCESS)
    }

    fn put(&mut self, found: &Filestat, name: &str) {
        self.next += 1;
        let mut entry = [0; DIRENT];
        entry[..8].copy_from_slice(&self.next.to_le_bytes());
        entry[8..16].copy_from_slice(&found.inode.to_le_bytes());
        entry[16..20].copy_from_slice(&(name.len() as u32).to_le_bytes());
        entry[20] = found.filetype;
        for bytes in [&entry[..], name.as_bytes()] {
            let room = &mut self.room[self.used..];
            let taken = bytes.len().min(room.len());
            room[..taken].copy_from_slice(&bytes[..taken]);
            self.used += taken;
        }
    }
}

fn entries(folder: &File) -> std::io::Result<cap_std::fs::ReadDir> {
    Dir::from_std_file(folder.try_clone()?).entries()
}

/// The folder that was opened last: the one of which nothing is known yet.
pub(super) fn opened_last(state: &mut State) -> Option<Arc<File>> {
    let (wasi, opened) = state.wasi_and_opened();
    let is_known = |folder: &Arc<File>| {
        let mut known = opened.values().filter_map(|opened| opened.folder.as_ref());
        known.any(|known| Arc::ptr_eq(known, folder))
    };
    let mut entries = wasi.ctx().table.iter_mut();
    entries.find_map(|entry| match entry.downcast_mut::<Descriptor>() {
        Some(Descriptor::Dir(dir)) if !is_known(&dir.dir) => Some(dir.dir.clone()),
        _ => None,
    })
}
