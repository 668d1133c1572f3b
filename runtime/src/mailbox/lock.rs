//! A mailbox behind its lock, and what can be told of it without the lock.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard};

use super::Mailbox;
use crate::sync::lock;

/// There is something to be taken.
const READY: u8 = 1;
/// There is something that the isolate lives for.
const ALIVE: u8 = 2;

/// A mailbox that many send to and one takes from.
pub(crate) struct MailboxLock {
    mailbox: Mutex<Mailbox>,
    /// As they were when the lock was released last.
    signs: AtomicU8,
}

/// The mailbox, locked.
pub(crate) struct Locked<'a> {
    mailbox: MutexGuard<'a, Mailbox>,
    signs: &'a AtomicU8,
}

impl MailboxLock {
    pub(crate) fn new(mailbox: Mailbox) -> Self {
        MailboxLock {
            mailbox: Mutex::new(mailbox),
            signs: AtomicU8::new(0),
        }
    }

    #[inline]
    pub(crate) fn lock(&self) -> Locked<'_> {
        Locked {
            mailbox: lock(&self.mailbox),
            signs: &self.signs,
        }
    }

    /// Whether there is something to be taken, in a turn of the isolate's own. What
    /// came in this moment may be missed: who sent it wakes the isolate after that,
    /// and so causes another turn.
    #[inline]
    pub(crate) fn has_ready(&self) -> bool {
        self.signs.load(Ordering::Acquire) & READY != 0
    }

    /// Whether there is anything that the isolate lives for, in a turn of its own:
    /// nobody else begins or ends that, as a timer or a wait that is over is still
    /// there to be taken.
    #[inline]
    pub(crate) fn keeps_alive(&self) -> bool {
        self.signs.load(Ordering::Acquire) & ALIVE != 0
    }
}

impl Deref for Locked<'_> {
    type Target = Mailbox;

    fn deref(&self) -> &Mailbox {
        &self.mailbox
    }
}

impl DerefMut for Locked<'_> {
    fn deref_mut(&mut self) -> &mut Mailbox {
        &mut self.mailbox
    }
}

impl Drop for Locked<'_> {
    #[inline]
    fn drop(&mut self) {
        let ready = if self.has_ready() { READY } else { 0 };
        let alive = if self.keeps_alive() { ALIVE } else { 0 };
        self.signs.store(ready | alive, Ordering::Release);
    }
}
