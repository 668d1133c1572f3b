//! Which of a guest's descriptors are its standard streams. A guest may close them
//! and give them other numbers, and then others have theirs.

use crate::output::Stream;

/// The numbers of input, output and error output, where the guest still has them.
pub(crate) struct Streams([Option<u32>; 3]);

impl Default for Streams {
    fn default() -> Self {
        Streams([Some(0), Some(1), Some(2)])
    }
}

impl Streams {
    pub(crate) fn is_input(&self, fd: u32) -> bool {
        self.0[0] == Some(fd)
    }

    pub(crate) fn output(&self, fd: u32) -> Option<Stream> {
        if self.0[1] == Some(fd) {
            Some(Stream::Stdout)
        } else if self.0[2] == Some(fd) {
            Some(Stream::Stderr)
        } else {
            None
        }
    }

    /// The descriptor was closed.
    pub(crate) fn closed(&mut self, fd: u32) {
        self.renumber(fd, None);
    }

    /// What was `from` is `to` now, and what was `to` is closed.
    pub(crate) fn renumbered(&mut self, from: u32, to: u32) {
        if from != to {
            self.closed(to);
            self.renumber(from, Some(to));
        }
    }

    fn renumber(&mut self, fd: u32, new: Option<u32>) {
        for number in &mut self.0 {
            if *number == Some(fd) {
                *number = new;
            }
        }
    }
}
