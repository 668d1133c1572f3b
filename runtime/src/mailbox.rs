//! The queue of one isolate: its messages in order of arrival, each marked with
//! its receive port.
//!
//! Every port has a queue of its own, and `ready` says in which order the heads
//! of the *listening* ports' queues arrived. So a port that does not listen
//! costs nobody anything, and turning one on or off moves no messages.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use insula_message::{Limit, LimitHit};
use slab::Slab;

use crate::group::{GroupCore, MailboxShare};
use crate::host_memory::{HostShare, PORT_PLACE};
use crate::isolate::IsolateCore;
use crate::limits::{Limits, MESSAGE_OVERHEAD};
use crate::line::Line;
use crate::message_bytes::MessageBytes;
use crate::meters::IsolateMeters;
use crate::observe::Traffic;
use crate::port::{Message, Port, PortRef, SMALL_MESSAGE, SendStatus};
use crate::wait::{InLine, Settled, Waiter};

mod batch;
mod lock;
mod ready;
mod room;

pub(crate) use batch::Batch;
pub(crate) use lock::{Locked, MailboxLock};
pub(crate) use room::{may_be_promised, put_back, take, take_plain};

pub(crate) struct Mailbox {
    ports: Slab<ReceivePort>,
    /// Of the listening ports that have something: the arrival number of the
    /// head of their queue, ascending, and their slot.
    ready: VecDeque<(u64, usize)>,
    /// Timers that are due and waits that are over: always listening.
    due: VecDeque<(u64, Event)>,
    /// How many of these are waits.
    settled: u64,
    arrivals: u64,
    /// Ports that listen and keep the isolate alive.
    living: usize,
    /// Timers that are not due yet.
    pub(crate) pending_timers: usize,
    /// Waits of this isolate that are not over yet.
    pub(crate) pending_waits: usize,
    messages: u64,
    /// What ever came in: how many, and what they counted.
    received: (u64, u64),
    /// Messages that room is kept for, and their bytes.
    promised: u64,
    promised_bytes: u64,
    /// Of the messages and of the promised ones.
    bytes: u64,
    /// What these two were at most.
    peak: (u64, u64),
    /// Messages that wait for room. While there are any, nothing else comes in.
    line: Line<InLine>,
    /// This isolate, while the first in line waits for the group's share, and the
    /// group knows.
    starved: Option<Arc<IsolateCore>>,
    /// Who waits for a port to close.
    watches: Line<Waiter>,
    group: Arc<GroupCore>,
    limits: Arc<Limits>,
    /// For the places of ports but the first, as many as there ever were at once.
    places: HostShare,
    most_ports: usize,
    shut: bool,
}

struct ReceivePort {
    port: Arc<Port>,
    token: u64,
    listening: bool,
    keeps_alive: bool,
    queue: VecDeque<Waiting>,
    /// A notice is in the queue already.
    notice: bool,
    /// Messages that room is kept for, and their bytes.
    promised: u64,
    promised_bytes: u64,
}

/// What a port takes here: its place, twice as a vector may have room for so many,
/// what stands for it among those that are ready, and a queue that is not shrunk.
#[cfg(test)]
pub(crate) fn place_size() -> usize {
    let place = size_of::<ReceivePort>() + size_of::<usize>();
    let ready = size_of::<(u64, usize)>();
    2 * (place + ready) + ready::SHORT * size_of::<Waiting>() + 32
}

/// What is due takes.
#[cfg(test)]
pub(crate) const DUE_SIZE: usize = size_of::<(u64, Event)>();

enum Queued {
    Message(Message),
    Unreachable,
}

/// What stands in a queue. In this order in memory: a message is then copied in the
/// same pieces in which it was written, for which a processor need not wait.
#[repr(C)]
struct Waiting {
    queued: Queued,
    arrival: u64,
}

/// A message without ports whose bytes were copied to where they go.
pub(crate) struct Plain {
    pub(crate) token: u64,
    /// How many bytes.
    pub(crate) length: usize,
    pub(crate) reply: Option<PortRef>,
    /// Nothing else is here, but for notices that a port has no sender left: who has
    /// this message may have no use for the port any more.
    pub(crate) last: bool,
}

/// What an isolate takes out of its mailbox.
pub(crate) enum Event {
    Message {
        token: u64,
        message: Message,
        /// Keeps a large message on the group's budget until the guest has it.
        share: Option<MailboxShare>,
    },
    Unreachable {
        token: u64,
    },
    /// A timer is due. Who takes it looks whether its handle still lives.
    Timer {
        handle: u32,
        token: u64,
        /// Until it is taken.
        _share: HostShare,
    },
    /// A wait is over. Who takes it looks whether its handle still lives.
    Settled {
        handle: u32,
        token: u64,
        status: SendStatus,
        /// Until it is taken.
        _share: HostShare,
    },
}

/// What a mailbox gives back to be dropped after its lock is released: dropping
/// a message drops ports, and that may lock this mailbox or another one; and who
/// waited for a port is told.
#[derive(Default)]
pub(crate) struct Dropped {
    _ports: Vec<ReceivePort>,
    _settled: Settled,
}

impl Mailbox {
    pub(crate) fn new(group: Arc<GroupCore>, limits: Arc<Limits>) -> Self {
        Mailbox {
            ports: Slab::new(),
            ready: VecDeque::new(),
            due: VecDeque::new(),
            settled: 0,
            arrivals: 0,
            living: 0,
            pending_timers: 0,
            pending_waits: 0,
            messages: 0,
            received: (0, 0),
            promised: 0,
            promised_bytes: 0,
            bytes: 0,
            peak: (0, 0),
            line: Line::new(),
            starved: None,
            watches: Line::new(),
            places: HostShare::none(&group),
            most_ports: 1,
            group,
            limits,
            shut: false,
        }
    }

    /// Makes room for one more port, or says why there is none. There is room for the
    /// first one.
    pub(crate) fn make_place(&mut self) -> Result<(), LimitHit> {
        if self.ports.len() == self.most_ports {
            self.places.grow(PORT_PLACE)?;
            self.most_ports += 1;
        }
        Ok(())
    }

    /// A new port, in room that was made for it; `make` gets its slot.
    pub(crate) fn open(&mut self, token: u64, make: impl FnOnce(usize) -> Arc<Port>) -> usize {
        let entry = self.ports.vacant_entry();
        let slot = entry.key();
        entry.insert(ReceivePort {
            port: make(slot),
            token,
            listening: false,
            keeps_alive: true,
            queue: VecDeque::new(),
            notice: false,
            promised: 0,
            promised_bytes: 0,
        });
        slot
    }

    pub(crate) fn set_token(&mut self, slot: usize, token: u64) {
        if let Some(port) = self.ports.get_mut(slot) {
            port.token = token;
        }
    }

    pub(crate) fn port(&self, slot: usize) -> Option<&Arc<Port>> {
        self.ports.get(slot).map(|port| &port.port)
    }

    /// Closes a port; what is queued goes with it.
    pub(crate) fn close(&mut self, slot: usize) -> Dropped {
        self.listen(slot, false);
        let Some(port) = self.ports.try_remove(slot) else {
            return Dropped::default();
        };
        for waiting in &port.queue {
            if let Queued::Message(message) = &waiting.queued {
                self.discharge(message.cost());
            }
        }
        self.promised -= port.promised;
        self.promised_bytes -= port.promised_bytes;
        self.give_back(port.promised_bytes);
        let mut settled = Settled::closed(self.line.close(slot), self.watches.close(slot));
        settled.append(self.make_room());
        Dropped {
            _ports: vec![port],
            _settled: settled,
        }
    }

    /// Closes everything, at the end of the isolate.
    pub(crate) fn shut(&mut self) -> Dropped {
        self.shut = true;
        // Nothing is kept, not even room: send ports keep the mailbox itself.
        self.ready = VecDeque::new();
        self.due = VecDeque::new();
        self.settled = 0;
        self.living = 0;
        self.places.clear();
        self.discharge_all();
        let mut settled = Settled::closed(self.line.close_all(), self.watches.close_all());
        settled.append(self.make_room());
        let ports = std::mem::take(&mut self.ports);
        Dropped {
            _ports: ports.into_iter().map(|(_, port)| port).collect(),
            _settled: settled,
        }
    }

    /// Whether the isolate's own limits have room for a message that nobody in
    /// line is before.
    #[inline]
    pub(crate) fn room(&self, slot: usize, id: u64, cost: u64) -> SendStatus {
        if self.open_port(slot, id).is_none() {
            SendStatus::Closed
        } else if self.line.is_empty() && self.fits(cost) {
            SendStatus::Sent
        } else {
            SendStatus::Full
        }
    }

    /// Queues a message; `share` is its part of the group's budget, where that was
    /// taken before. True when the isolate has to be woken.
    #[inline(always)]
    pub(crate) fn push(
        &mut self,
        slot: usize,
        id: u64,
        message: Message,
        share: Option<MailboxShare>,
    ) -> Result<bool, (SendStatus, Message, Option<MailboxShare>)> {
        let cost = message.cost();
        match self.room(slot, id, cost) {
            SendStatus::Sent => {}
            status => return Err((status, message, share)),
        }
        match share {
            Some(share) => share.keep(),
            None if self.group.charge_mailbox(cost) => {}
            None => return Err((SendStatus::Full, message, None)),
        }
        self.take_in(cost);
        Ok(self.queue(slot, Queued::Message(message)))
    }

    /// Queues a message of few bytes, which are at a place in memory, and of this cost.
    /// It is made in its place in the queue, and takes `reply`, where there is room.
    #[inline(always)]
    pub(crate) fn push_small(
        &mut self,
        slot: usize,
        id: u64,
        cost: u64,
        (memory, place): (&[u8], Range<usize>),
        reply: &mut Option<PortRef>,
    ) -> Result<bool, SendStatus> {
        match self.room(slot, id, cost) {
            SendStatus::Sent if self.group.charge_mailbox(cost) => {}
            SendStatus::Sent => return Err(SendStatus::Full),
            status => return Err(status),
        }
        self.take_in(cost);
        let bytes = MessageBytes::copied(memory, place);
        let message = Message::new(bytes, Vec::new(), reply.take());
        Ok(self.queue(slot, Queued::Message(message)))
    }

    /// Tells a port's owner that no send port is left. True when the isolate has
    /// to be woken.
    pub(crate) fn push_unreachable(&mut self, slot: usize, id: u64) -> bool {
        match self.open_port(slot, id) {
            Some(port) if !port.notice && !port.port.has_senders() => {
                self.ports[slot].notice = true;
                self.queue(slot, Queued::Unreachable)
            }
            _ => false,
        }
    }

    /// A timer is due. The isolate has to be woken when this is true.
    pub(crate) fn push_timer(&mut self, handle: u32, token: u64, share: HostShare) -> bool {
        if self.shut {
            return false;
        }
        self.pending_timers -= 1;
        let arrival = self.arrive();
        let event = Event::Timer {
            handle,
            token,
            _share: share,
        };
        self.due.push_back((arrival, event));
        true
    }

    /// A wait of this isolate is over. The isolate has to be woken when this is
    /// true.
    pub(crate) fn push_settled(
        &mut self,
        handle: u32,
        token: u64,
        status: SendStatus,
        share: HostShare,
    ) -> bool {
        if self.shut {
            return false;
        }
        self.pending_waits -= 1;
        self.settled += 1;
        let arrival = self.arrive();
        let event = Event::Settled {
            handle,
            token,
            status,
            _share: share,
        };
        self.due.push_back((arrival, event));
        true
    }

    #[inline]
    fn arrive(&mut self) -> u64 {
        self.arrivals += 1;
        self.arrivals
    }

    #[inline(always)]
    fn queue(&mut self, slot: usize, queued: Queued) -> bool {
        let arrival = self.arrive();
        let port = &mut self.ports[slot];
        port.queue.push_back(Waiting { queued, arrival });
        if port.listening && port.queue.len() == 1 {
            // Behind all others, as it arrived last.
            self.ready.push_back((arrival, slot));
        }
        port.listening
    }

    pub(crate) fn is_open(&self, slot: usize, id: u64) -> bool {
        self.open_port(slot, id).is_some()
    }

    #[inline]
    fn open_port(&self, slot: usize, id: u64) -> Option<&ReceivePort> {
        self.ports.get(slot).filter(|port| port.port.id() == id)
    }

    /// Timers that are due and were not taken, also those that were cancelled
    /// since.
    pub(crate) fn timers_due(&self) -> u64 {
        self.due.len() as u64 - self.settled
    }

    /// The same of waits that are over.
    pub(crate) fn waits_over(&self) -> u64 {
        self.settled
    }

    pub(crate) fn ports(&self) -> usize {
        self.ports.len()
    }

    pub(crate) fn messages(&self) -> u64 {
        self.messages
    }

    /// As `discharge`; the group's part of a large message is given out.
    #[inline]
    fn take_off(&mut self, cost: u64) -> Option<MailboxShare> {
        if cost <= SMALL_MESSAGE {
            self.discharge(cost);
            return None;
        }
        self.messages -= 1;
        self.bytes -= cost;
        Some(MailboxShare::of_charged(&self.group, cost))
    }

    /// One message more, which is on the group's budget already.
    #[inline]
    fn take_in(&mut self, cost: u64) {
        self.count(cost);
        self.bytes += cost;
        self.measure();
    }

    /// A message comes in, whose bytes count already or will.
    #[inline]
    fn count(&mut self, cost: u64) {
        self.messages += 1;
        self.received.0 += 1;
        self.received.1 += cost;
    }

    /// What it holds, and what that counts.
    pub(crate) fn holds(&self) -> Traffic {
        Traffic {
            messages: self.messages,
            bytes: self.bytes,
        }
    }

    /// What ever came in.
    pub(crate) fn received(&self) -> Traffic {
        let (messages, cost) = self.received;
        Traffic {
            messages,
            bytes: cost - messages * MESSAGE_OVERHEAD,
        }
    }

    /// Keeps the most that there ever was.
    #[inline]
    fn measure(&mut self) {
        let (messages, bytes) = self.peak;
        let now = self.messages + self.promised;
        self.peak = (messages.max(now), bytes.max(self.bytes));
    }

    /// Shows what it holds, and held at most.
    pub(crate) fn show(&self, meters: &IsolateMeters) {
        let (messages, bytes) = self.peak;
        for (limit, now, peak) in [
            (
                Limit::MailboxMessages,
                self.messages + self.promised,
                messages,
            ),
            (Limit::MailboxBytes, self.bytes, bytes),
        ] {
            let meter = meters.of(limit);
            meter.set(now);
            meter.reached(peak);
        }
    }

    fn discharge(&mut self, cost: u64) {
        self.messages -= 1;
        self.give_back(cost);
    }

    fn give_back(&mut self, bytes: u64) {
        self.bytes -= bytes;
        self.group.discharge_mailbox(bytes);
    }

    fn discharge_all(&mut self) {
        self.messages = 0;
        self.promised = 0;
        self.promised_bytes = 0;
        self.group
            .discharge_mailbox(std::mem::take(&mut self.bytes));
    }
}
