//! A part of what a group's mailboxes may hold, held by what is on its way.

use std::sync::Arc;

use super::GroupCore;
use insula_message::{Limit, LimitHit};

/// A part of what a group's mailboxes may hold, given back when this is dropped.
pub(crate) struct MailboxShare {
    group: Arc<GroupCore>,
    bytes: u64,
}

impl MailboxShare {
    /// Takes `bytes`, where they are there.
    pub(crate) fn take(group: &Arc<GroupCore>, bytes: u64) -> Result<Self, LimitHit> {
        group.charge(Limit::GroupMailboxBytes, bytes)?;
        Ok(MailboxShare::of_charged(group, bytes))
    }

    /// For what was charged before.
    pub(crate) fn of_charged(group: &Arc<GroupCore>, bytes: u64) -> Self {
        MailboxShare {
            group: group.clone(),
            bytes,
        }
    }

    /// Leaves the charge to the mailbox that the bytes are in now.
    pub(crate) fn keep(mut self) {
        self.bytes = 0;
    }

    pub(crate) fn is_of(&self, group: &Arc<GroupCore>) -> bool {
        Arc::ptr_eq(&self.group, group)
    }

    /// Gives it back and leaves it to the caller to look who waits for it: the
    /// group, where anybody does.
    pub(crate) fn give_back(mut self) -> Option<Arc<GroupCore>> {
        self.group
            .discharge_mailbox(std::mem::take(&mut self.bytes));
        self.group.starved.any().then(|| self.group.clone())
    }
}

impl Drop for MailboxShare {
    /// No lock may be held.
    fn drop(&mut self) {
        if self.bytes > 0 {
            self.group.discharge_mailbox(self.bytes);
            crate::wait::room_in(&self.group);
        }
    }
}
