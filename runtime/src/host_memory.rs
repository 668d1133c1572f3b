//! What the host keeps in its own memory for a guest: what each thing costs, and the
//! share of the group's budget that it holds for as long as it is there.
//!
//! Messages that wait are on the budget of mailboxes. A test holds the costs here
//! against the sizes of what they stand for, with what an allocator adds.

use std::sync::Arc;

use insula_message::{Limit, LimitHit};

use crate::group::GroupCore;

/// An isolate as others know it, alive or not, with its first port and the reason of
/// its end; its names come on top.
pub(crate) const ISOLATE: u64 = 4 << 10;

/// What an isolate has while it is alive: its store, instance and first handles.
pub(crate) const STORE: u64 = 16 << 10;

/// A place in a table of handles. The table is not made smaller again.
pub(crate) const HANDLE: u64 = 64;

/// A receive port's place in its mailbox, and what its queue keeps while it is
/// short. Places are used again and not given back.
pub(crate) const PORT_PLACE: u64 = 2 << 10;

/// What all send ports of one port share. It lasts as long as they do.
pub(crate) const PORT: u64 = 128;

/// A timer, pending or due.
pub(crate) const TIMER: u64 = 512;

/// A wait, in line or over.
pub(crate) const WAIT: u64 = 768;

/// A port's name, and its bytes on top.
pub(crate) const NAME: u64 = 512;

/// A listener for errors, a link, or a pause.
pub(crate) const LISTENER: u64 = 256;

/// A part of what the host may keep for a group, given back when it is dropped.
pub(crate) struct HostShare {
    group: Arc<GroupCore>,
    bytes: u64,
}

impl HostShare {
    /// Takes so many bytes, or says that they are not there.
    pub(crate) fn take(group: &Arc<GroupCore>, bytes: u64) -> Result<Self, LimitHit> {
        let mut share = HostShare::none(group);
        share.grow(bytes)?;
        Ok(share)
    }

    /// Nothing yet.
    pub(crate) fn none(group: &Arc<GroupCore>) -> Self {
        HostShare {
            group: group.clone(),
            bytes: 0,
        }
    }

    pub(crate) fn grow(&mut self, more: u64) -> Result<(), LimitHit> {
        self.group.charge(Limit::HostMemory, more)?;
        self.bytes += more;
        Ok(())
    }

    /// Gives all of it back.
    pub(crate) fn clear(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        self.group.discharge(Limit::HostMemory, bytes);
    }
}

impl Drop for HostShare {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::mem::size_of;

    use super::*;
    use crate::clock;
    use crate::handles;
    use crate::isolate::IsolateCore;
    use crate::mailbox;
    use crate::names;
    use crate::port::{Port, PortRef};
    use crate::wait;

    /// What an allocator adds to each block at most: a header, and the size rounded
    /// up to a multiple of 16.
    const BLOCK: usize = 32;

    /// The counters in front of what an `Arc` points to.
    const COUNTERS: usize = 16;

    /// Nodes of a B-tree are at least half full but for the root, and have links.
    fn in_tree(entry: usize) -> usize {
        2 * entry + BLOCK
    }

    /// A vector has room for up to twice of what is in it.
    fn in_vector(entry: usize) -> usize {
        2 * entry
    }

    fn costs(cost: u64, real: usize) {
        assert!(real as u64 <= cost, "{real} bytes, counted as {cost}");
    }

    #[test]
    fn nothing_costs_more_than_is_counted() {
        costs(HANDLE, handles::SLOT_SIZE);
        costs(PORT, COUNTERS + size_of::<Port>() + BLOCK);
        costs(PORT_PLACE, mailbox::place_size());
        let due = in_vector(mailbox::DUE_SIZE);
        costs(TIMER, in_tree(clock::TIMER_SIZE) + due);
        costs(
            WAIT,
            in_tree(wait::IN_LINE_SIZE) + in_tree(2 * size_of::<u64>()) + due,
        );
        // A name also watches its port.
        let watch = in_tree(wait::WATCH_SIZE) + in_tree(2 * size_of::<u64>());
        costs(NAME, in_vector(names::NAMED_SIZE) + watch + BLOCK);
        let listener = in_tree(size_of::<(u64, (u64, (PortRef, HostShare)))>());
        costs(LISTENER, listener + in_tree(2 * size_of::<u64>()));
        // The short reason of an end has up to three texts of 200 bytes.
        let reason = 3 * (200 + BLOCK);
        let first_port = PORT as usize + mailbox::place_size();
        let core = COUNTERS + size_of::<IsolateCore>() + BLOCK;
        costs(ISOLATE, core + reason + first_port);
    }
}
