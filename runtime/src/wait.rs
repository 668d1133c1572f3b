//! Waiting for a port: for room in its mailbox, or for its end.

use std::sync::{Arc, Weak};
use std::task::Waker;

use crate::group::{Activity, GroupCore, MailboxShare};
use crate::host_memory::HostShare;
use crate::host_wait::HostWait;
use crate::isolate::IsolateCore;
use crate::port::{Message, Port, PortRef, SendStatus, Target};
use crate::receive_port::Received;

/// Who is told what became of a wait.
pub(crate) enum Waiter {
    Isolate(IsolateWaiter),
    Host(Arc<HostWait>),
    /// The names of a group: a name goes when its port does.
    Name {
        group: Weak<GroupCore>,
        name: Arc<str>,
        registration: u64,
    },
}

pub(crate) struct IsolateWaiter {
    isolate: Arc<IsolateCore>,
    handle: u32,
    token: u64,
    /// Where somebody outside of its group can settle it.
    activity: Option<Activity>,
    share: HostShare,
}

/// What they take that wait in line, and those that watch.
#[cfg(test)]
pub(crate) const IN_LINE_SIZE: usize = size_of::<(u64, (usize, InLine))>();
#[cfg(test)]
pub(crate) const WATCH_SIZE: usize = size_of::<(u64, (usize, Waiter))>();

/// A message that waits for room.
pub(crate) struct InLine {
    /// Keeps the port reachable: this message will still come.
    pub(crate) to: PortRef,
    pub(crate) message: Message,
    /// Its part of the sender's budget.
    pub(crate) share: Option<MailboxShare>,
    pub(crate) waiter: Waiter,
}

/// A wait that ends when this is dropped.
pub(crate) struct WaitRef {
    port: Arc<Port>,
    place: Option<Place>,
}

/// Where a wait waits: its number in the one line or the other.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    Line(u64),
    Watch(u64),
}

/// What is to be done once no lock is held any more: dropping this does it.
#[derive(Default)]
pub(crate) struct Settled {
    outcomes: Vec<Outcome>,
    /// A group that has room again, which mailboxes of it wait for.
    freed: Option<Arc<GroupCore>>,
    /// Messages for a host that does not take them any more.
    pub(crate) refused: Vec<Received>,
    /// Of the host's tasks that wait for a message.
    pub(crate) wakers: Vec<Waker>,
}

struct Outcome {
    waiter: Waiter,
    /// None where the wait was dropped.
    status: Option<SendStatus>,
    to: Option<PortRef>,
    message: Option<Message>,
    share: Option<MailboxShare>,
    /// The receiver has to be woken.
    wake: bool,
}

impl Waiter {
    /// An isolate that waits for `port` by `handle`.
    pub(crate) fn isolate(
        isolate: &Arc<IsolateCore>,
        port: &PortRef,
        (handle, token): (u32, u64),
        share: HostShare,
    ) -> Self {
        let own = isolate.group();
        let inside = port.group().is_some_and(|group| Arc::ptr_eq(group, own));
        isolate.mailbox().pending_waits += 1;
        Waiter::Isolate(IsolateWaiter {
            isolate: isolate.clone(),
            handle,
            token,
            activity: (!inside).then(|| Activity::begin(own)),
            share,
        })
    }

    pub(crate) fn settle(self, status: SendStatus) {
        match self {
            Waiter::Isolate(waiter) => {
                let IsolateWaiter {
                    isolate,
                    handle,
                    token,
                    activity,
                    share,
                } = waiter;
                let wake = isolate.mailbox().push_settled(handle, token, status, share);
                if wake {
                    isolate.wake(None);
                }
                // Not before it was woken: its group would be over in between.
                drop(activity);
            }
            Waiter::Host(wait) => wait.settle(status),
            Waiter::Name {
                group,
                name,
                registration,
            } => {
                if let Some(group) = group.upgrade() {
                    group.names.port_closed(&group, &name, registration);
                }
            }
        }
    }

    /// The wait was dropped before it was settled.
    fn cancel(self) {
        if let Waiter::Isolate(waiter) = self {
            waiter.isolate.mailbox().pending_waits -= 1;
        }
    }
}

impl PortRef {
    /// Sends as soon as there is room; `share` is the message's part of the
    /// sender's budget until then.
    pub(crate) fn send_when_ready(
        &self,
        message: Message,
        share: Option<MailboxShare>,
        waiter: Waiter,
    ) -> WaitRef {
        let waiting = InLine {
            to: self.again(),
            message,
            share,
            waiter,
        };
        let joined = match self.target() {
            Target::Isolate { isolate, slot } => {
                let mut mailbox = isolate.mailbox();
                mailbox.join_line(*slot, self.id(), waiting)
            }
            Target::Host(mailbox) => mailbox.join_line(waiting),
            Target::Capability | Target::Control(_) => {
                (None, Settled::line(waiting, Some(SendStatus::Closed)))
            }
        };
        WaitRef::new(self.port(), joined)
    }

    /// Tells `waiter` when the port is closed.
    pub(crate) fn when_closed(&self, waiter: Waiter) -> WaitRef {
        let joined = match self.target() {
            Target::Isolate { isolate, slot } => isolate.mailbox().watch(*slot, self.id(), waiter),
            Target::Host(mailbox) => mailbox.watch(waiter),
            Target::Capability | Target::Control(_) => (None, Settled::watch(waiter)),
        };
        WaitRef::new(self.port(), joined)
    }

    /// Whether the port is closed or leads nowhere.
    pub(crate) fn is_closed(&self) -> bool {
        match self.target() {
            Target::Isolate { isolate, slot } => !isolate.mailbox().is_open(*slot, self.id()),
            Target::Host(mailbox) => mailbox.is_closed(),
            Target::Capability | Target::Control(_) => true,
        }
    }
}

impl WaitRef {
    fn new(port: &Arc<Port>, (place, settled): (Option<Place>, Settled)) -> Self {
        drop(settled);
        WaitRef {
            port: port.clone(),
            place,
        }
    }

    /// Ends the wait. False where it is over: who waited was told, or is being
    /// told.
    pub(crate) fn take_back(mut self) -> bool {
        self.leave()
    }

    fn leave(&mut self) -> bool {
        let Some(place) = self.place.take() else {
            return false;
        };
        let settled = match self.port.target() {
            Target::Isolate { isolate, .. } => isolate.mailbox().leave_line(place),
            Target::Host(mailbox) => mailbox.leave_line(place),
            Target::Capability | Target::Control(_) => None,
        };
        settled.is_some()
    }
}

impl Drop for WaitRef {
    fn drop(&mut self) {
        self.leave();
    }
}

impl InLine {
    /// What is left of it once its message is in a mailbox, or refused there.
    pub(crate) fn over(
        to: PortRef,
        share: Option<MailboxShare>,
        waiter: Waiter,
        status: SendStatus,
        wake: bool,
    ) -> Settled {
        Settled::one(Outcome {
            waiter,
            status: Some(status),
            to: Some(to),
            message: None,
            share,
            wake,
        })
    }
}

impl Settled {
    fn one(outcome: Outcome) -> Self {
        let mut settled = Settled::default();
        settled.outcomes.push(outcome);
        settled
    }

    /// Of a message that was not sent; no status where its wait was dropped.
    pub(crate) fn line(waiting: InLine, status: Option<SendStatus>) -> Self {
        let InLine {
            to,
            message,
            share,
            waiter,
        } = waiting;
        Settled::one(Outcome {
            waiter,
            status,
            to: Some(to),
            message: Some(message),
            share,
            wake: false,
        })
    }

    /// Of somebody who waited for a port to close.
    pub(crate) fn watch(waiter: Waiter) -> Self {
        Settled::one(Outcome::of_watch(waiter, Some(SendStatus::Closed)))
    }

    /// Of a watch that was dropped.
    pub(crate) fn unwatched(waiter: Waiter) -> Self {
        Settled::one(Outcome::of_watch(waiter, None))
    }

    /// All that waited for a port which is closed now.
    pub(crate) fn closed(line: Vec<InLine>, watches: Vec<Waiter>) -> Self {
        let mut settled = Settled::default();
        for waiting in line {
            settled.append(Settled::line(waiting, Some(SendStatus::Closed)));
        }
        for waiter in watches {
            settled.append(Settled::watch(waiter));
        }
        settled
    }

    pub(crate) fn append(&mut self, mut other: Settled) {
        self.outcomes.append(&mut other.outcomes);
        self.refused.append(&mut other.refused);
        self.wakers.append(&mut other.wakers);
        if let Some(freed) = other.freed.take() {
            self.freed = Some(freed);
        }
    }

    /// Room of `group` was given back. Costs one load when nobody waits for it.
    pub(crate) fn frees(&mut self, group: &Arc<GroupCore>) {
        if group.starved.any() {
            self.freed = Some(group.clone());
        }
    }

    fn is_empty(&self) -> bool {
        self.outcomes.is_empty()
            && self.freed.is_none()
            && self.refused.is_empty()
            && self.wakers.is_empty()
    }
}

impl Outcome {
    fn of_watch(waiter: Waiter, status: Option<SendStatus>) -> Self {
        Outcome {
            waiter,
            status,
            to: None,
            message: None,
            share: None,
            wake: false,
        }
    }

    /// Tells who waited. Gives the group whose budget the message is off now, where
    /// others wait for that. No group that this may bring to its end is over before
    /// `active` is dropped.
    fn tell(self, active: &mut Vec<Activity>) -> Option<Arc<GroupCore>> {
        let receiver = self.to.as_ref().and_then(PortRef::group);
        let freed = self.share.and_then(MailboxShare::give_back);
        for group in receiver.into_iter().chain(&freed) {
            if !active.iter().any(|known| Arc::ptr_eq(known.group(), group)) {
                active.push(Activity::begin(group));
            }
        }
        if let (true, Some(Target::Isolate { isolate, .. })) =
            (self.wake, self.to.as_ref().map(PortRef::target))
        {
            isolate.wake(None);
        }
        drop(self.message);
        drop(self.to);
        match self.status {
            Some(status) => self.waiter.settle(status),
            None => self.waiter.cancel(),
        }
        freed
    }
}

impl Drop for Settled {
    fn drop(&mut self) {
        if self.is_empty() {
            return;
        }
        finish(std::mem::take(self));
    }
}

/// Does what is to be done, and what follows from that: a message that leaves a
/// line makes room for others in its sender's group, at other mailboxes. A loop,
/// as one thing may lead to very many.
fn finish(first: Settled) {
    let mut pending = vec![first];
    // Until all is done: who moved up behind one that left may still have to be
    // told and woken, and what left may be the last that was held of its group.
    let mut active = Vec::new();
    while let Some(mut settled) = pending.pop() {
        let mut freed: Vec<_> = settled.freed.take().into_iter().collect();
        for outcome in std::mem::take(&mut settled.outcomes) {
            if let Some(group) = outcome.tell(&mut active)
                && !freed.iter().any(|known| Arc::ptr_eq(known, &group))
            {
                freed.push(group);
            }
        }
        drop(std::mem::take(&mut settled.refused));
        for waker in std::mem::take(&mut settled.wakers) {
            // A host's waker that panics must not take a worker along.
            crate::core::shielded(|| waker.wake());
        }
        for isolate in freed.iter().flat_map(|group| group.starved.list()) {
            let moved = isolate.mailbox().advance();
            if !moved.is_empty() {
                pending.push(moved);
            }
        }
    }
}

/// Moves on what waits for room in the group's share, where anything does.
/// No lock may be held.
pub(crate) fn room_in(group: &Arc<GroupCore>) {
    let mut settled = Settled::default();
    settled.frees(group);
}
