//! For runs that repeat: who is next is drawn by lot. What groups have had of the CPU,
//! which no two runs measure alike, decides nothing there.

use super::Work;
use super::fair::Claim;

/// Draws a number below the one that it is given.
pub(crate) type Draw = Box<dyn FnMut(usize) -> usize + Send>;

pub(super) struct Lots<T> {
    work: Vec<T>,
    draw: Draw,
}

impl<T: Work> Lots<T> {
    pub(super) fn new(draw: Draw) -> Self {
        Lots {
            work: Vec::new(),
            draw,
        }
    }

    pub(super) fn push(&mut self, work: T) {
        self.work.push(work);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.work.is_empty()
    }

    pub(super) fn take(&mut self) -> Option<T> {
        if self.work.is_empty() {
            return None;
        }
        let drawn = (self.draw)(self.work.len());
        Some(self.work.swap_remove(drawn))
    }

    /// A group that has work here.
    pub(super) fn claim(&self) -> Option<Claim> {
        self.work.first().map(|work| Claim::of(work.share()))
    }
}
