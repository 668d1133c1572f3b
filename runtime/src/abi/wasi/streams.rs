//! The standard streams of a guest, which are ours: output is labelled and limited,
//! and a wait for input can be woken by a kill.

use super::super::Guest;
use super::super::memory::{Span, view};
use super::{MOST_PIECES, MOST_WRITTEN, SUCCESS, enter, files, u32_at};

pub(super) fn fd_read(
    mut guest: Guest<'_>,
    fd: u32,
    pieces: u32,
    count: u32,
    read: u32,
) -> wasmtime::Result<u32> {
    enter(&guest, "fd_read")?;
    if !guest.data().streams.is_input(fd) {
        return files::read(&mut guest, fd, (pieces, count), read);
    }
    let (memory, _) = view(&mut guest)?;
    let answer = Span::new(read, 4).within(memory, "a place for a result")?;
    let Some(place) = first_piece(memory, pieces, count)? else {
        memory[answer].copy_from_slice(&0u32.to_le_bytes());
        return Ok(SUCCESS);
    };
    guest.data_mut().wait_for_input(None)?;
    let (memory, state) = view(&mut guest)?;
    let taken = state.input.take(&mut memory[place]);
    memory[answer].copy_from_slice(&(taken as u32).to_le_bytes());
    Ok(SUCCESS)
}

/// Where the first piece is that is not empty.
fn first_piece(
    memory: &[u8],
    pieces: u32,
    count: u32,
) -> wasmtime::Result<Option<std::ops::Range<usize>>> {
    for piece in 0..count.min(MOST_PIECES) {
        let place = Span::new(pieces.saturating_add(piece * 8), 8);
        let piece = &memory[place.within(memory, "a place for input")?];
        let length = u32_at(piece, 4);
        if length > 0 {
            let place = Span::new(u32_at(piece, 0), length.min(MOST_WRITTEN));
            return place.within(memory, "a place for input").map(Some);
        }
    }
    Ok(None)
}
