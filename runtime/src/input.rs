//! What a guest reads from its standard input.

use std::sync::Arc;

use crate::capabilities::Stdin;
use crate::host_stdin;
use crate::sched::Seat;
use crate::task::Task;

pub(crate) enum Input {
    Closed,
    Bytes {
        bytes: Vec<u8>,
        read: usize,
    },
    /// The process's own.
    Host,
}

impl Input {
    pub(crate) fn new(stdin: Stdin) -> Self {
        match stdin {
            Stdin::Closed => Input::Closed,
            Stdin::Bytes(bytes) => Input::Bytes { bytes, read: 0 },
            Stdin::Inherit => Input::Host,
        }
    }

    /// Whether a read would not wait. Where it would, input is asked for, and the
    /// thread on `seat` is nudged when it is there.
    pub(crate) fn is_ready_or_nudges(&self, seat: &Arc<Seat<Task>>) -> bool {
        match self {
            Input::Closed | Input::Bytes { .. } => true,
            Input::Host => host_stdin::is_ready_or_nudges(seat),
        }
    }

    /// Moves what is there to the beginning of `to`: how much that was. Nothing at
    /// its end, and where a read would wait.
    pub(crate) fn take(&mut self, to: &mut [u8]) -> usize {
        match self {
            Input::Closed => 0,
            Input::Bytes { bytes, read } => {
                let left = &bytes[*read..];
                let taken = left.len().min(to.len());
                to[..taken].copy_from_slice(&left[..taken]);
                *read += taken;
                taken
            }
            Input::Host => host_stdin::take(to),
        }
    }
}
