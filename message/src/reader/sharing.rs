//! Shared values and references to them: where they are, and what it costs to
//! read them again.

use super::item::Item;
use super::{Reader, Result};
use crate::DecodeErrorKind;
use crate::limits::unfold_budget;

/// Where a shared value is in the message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shared {
    start: usize,
    /// Where it ends; its start, until that was reached once.
    end: usize,
    /// It is being read: a reference to it now would be a cycle.
    open: bool,
}

/// What to do after a shared value or a reference was read.
#[derive(Debug)]
pub(crate) enum After {
    Nothing,
    /// The shared value with this number is complete.
    Close(usize),
    /// So is the one referred to, and reading goes on behind the reference.
    /// (In a box, since there are many of these and few references.)
    Return(Box<Return>),
}

#[derive(Debug)]
pub(crate) struct Return {
    /// The number of the shared value.
    index: usize,
    at: usize,
    end: usize,
    pending: usize,
}

impl Reader<'_> {
    /// Passes one value without a look at what it says; it must be well formed.
    pub(crate) fn skip(&mut self) -> Result<()> {
        let goal = self.cursor.pending - 1;
        let mut open = Vec::new();
        loop {
            if self.item()? == Item::Shareable {
                // It is complete when all but the items after it are read.
                let complete = self.cursor.pending - 1;
                open.push((complete, self.open_shared()));
                continue;
            }
            let pending = self.cursor.pending;
            while let Some((_, index)) = open.pop_if(|(complete, _)| *complete == pending) {
                self.after(After::Close(index));
            }
            if pending == goal {
                return Ok(());
            }
        }
    }

    /// The content of a tag 28 is next. Says its number.
    pub(crate) fn open_shared(&mut self) -> usize {
        let start = self.at();
        let shared = &mut self.cursor.shared;
        let index = match shared.last() {
            // It is being read again, through a reference to what is around it.
            Some(last) if last.start >= start => shared.partition_point(|s| s.start < start),
            _ => {
                shared.push(Shared {
                    start,
                    end: start,
                    open: false,
                });
                shared.len() - 1
            }
        };
        shared[index].open = true;
        index
    }

    /// Goes to the shared value with this number, which must be known.
    pub(crate) fn follow(&mut self, index: usize) -> Result<After> {
        let target = self.cursor.shared[index];
        if target.open {
            return Err(DecodeErrorKind::Cyclic.into());
        }
        let length = target.end - target.start;
        let Some(budget) = self.cursor.budget.checked_sub(length) else {
            let budget = unfold_budget(self.bytes.len());
            return Err(DecodeErrorKind::UnfoldsTooLarge { budget }.into());
        };
        let back = Return {
            index,
            at: self.at(),
            end: self.cursor.end,
            pending: std::mem::replace(&mut self.cursor.pending, 1),
        };
        self.cursor.budget = budget;
        self.cursor.shared[index].open = true;
        self.go_to(target.start, target.end);
        Ok(After::Return(Box::new(back)))
    }

    /// A value is complete; goes on with what comes after it.
    #[inline]
    pub(crate) fn after(&mut self, after: After) {
        match after {
            After::Nothing => {}
            After::Close(index) => self.close_shared(index),
            After::Return(back) => {
                self.close_shared(back.index);
                self.go_to(back.at, back.end);
                self.cursor.pending = back.pending;
            }
        }
    }

    fn close_shared(&mut self, index: usize) {
        let end = self.at();
        let shared = &mut self.cursor.shared[index];
        shared.open = false;
        shared.end = end;
    }
}
