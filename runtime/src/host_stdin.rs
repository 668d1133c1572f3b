//! The process's own standard input, for a guest that it was granted to.
//!
//! A thread reads it, as a read cannot be broken off and a guest's wait for it can. It
//! reads only what a guest asks for, and is as much a static of the process as its
//! input: it is not joined.

use std::collections::VecDeque;
use std::io::Read as _;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use crate::sched::Seat;
use crate::sync::{lock, wait};
use crate::task::Task;

static INPUT: Mutex<State> = Mutex::new(State {
    bytes: VecDeque::new(),
    ended: false,
    wanted: false,
    reads: false,
    waiting: Vec::new(),
});

/// Told when a guest asks for input.
static WANTED: Condvar = Condvar::new();

struct State {
    bytes: VecDeque<u8>,
    /// There will be no more.
    ended: bool,
    wanted: bool,
    /// Whether the thread is there.
    reads: bool,
    /// The threads that wait inside of turns.
    waiting: Vec<Arc<Seat<Task>>>,
}

/// As much is read at once.
const PIECE: usize = 64 << 10;

pub(crate) fn is_ready_or_nudges(seat: &Arc<Seat<Task>>) -> bool {
    let mut input = lock(&INPUT);
    if !input.bytes.is_empty() || input.ended {
        return true;
    }
    if !input.reads {
        let started = thread::Builder::new()
            .name("insula-stdin".to_owned())
            .spawn(read_for_ever);
        input.reads = started.is_ok();
        // Nobody can read it: that is its end.
        input.ended = started.is_err();
    }
    input.wanted = true;
    WANTED.notify_one();
    if !input.waiting.iter().any(|other| Arc::ptr_eq(other, seat)) {
        input.waiting.push(seat.clone());
    }
    input.ended
}

pub(crate) fn take(to: &mut [u8]) -> usize {
    let mut input = lock(&INPUT);
    let taken = input.bytes.len().min(to.len());
    for (place, byte) in to.iter_mut().zip(input.bytes.drain(..taken)) {
        *place = byte;
    }
    taken
}

fn read_for_ever() {
    let mut piece = vec![0; PIECE];
    loop {
        let mut input = lock(&INPUT);
        while !input.wanted || !input.bytes.is_empty() {
            input = wait(&WANTED, input);
        }
        drop(input);
        let read = read(&mut piece);
        let mut input = lock(&INPUT);
        input.wanted = false;
        input.bytes.extend(&piece[..read]);
        input.ended = read == 0;
        let ended = input.ended;
        let waiting = std::mem::take(&mut input.waiting);
        drop(input);
        for seat in waiting {
            seat.nudge();
        }
        if ended {
            return;
        }
    }
}

/// How much was read: nothing at its end, or where it cannot be read.
fn read(piece: &mut [u8]) -> usize {
    loop {
        match std::io::stdin().read(piece) {
            Ok(read) => return read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return 0,
        }
    }
}
