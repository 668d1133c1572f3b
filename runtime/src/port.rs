//! Ports inside the host: where a message goes, and who still can send there.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::group::{GroupCore, MailboxShare};
use crate::host_memory::HostShare;
use crate::host_port::{Charge, HostMailbox};
use crate::isolate::IsolateCore;
use crate::limits::{MESSAGE_OVERHEAD, PORT_OVERHEAD};
use crate::message_bytes::MessageBytes;
use crate::sched::Seat;
use crate::task::Task;

/// One receive port, as seen by those who can send to it.
pub(crate) struct Port {
    id: u64,
    /// How many [`PortRef`]s there are.
    senders: AtomicUsize,
    target: Target,
    /// Of the group that made it, where one did.
    _share: Option<HostShare>,
}

pub(crate) enum Target {
    /// A slot of an isolate's mailbox. Slots are used again: who looks one up
    /// compares the port's id.
    Isolate {
        isolate: Arc<IsolateCore>,
        slot: usize,
    },
    Host(HostMailbox),
    /// Nowhere: it is good for what it is equal to only.
    Capability,
    /// Nowhere: it names an isolate.
    Control(Arc<IsolateCore>),
}

/// The right to send to a port. Counted: when the last one of a port goes, the
/// port's owner is told.
pub(crate) struct PortRef {
    port: Arc<Port>,
    /// Whether it is held outside of the port's group, which keeps the group
    /// from being over.
    outside: bool,
}

/// What a message is inside the host: bytes that the host does not look into,
/// and the send ports that travel with them.
pub(crate) struct Message {
    pub(crate) bytes: MessageBytes,
    /// None where there are none.
    ports: Option<Box<Ports>>,
    pub(crate) reply: Option<PortRef>,
}

/// Behind a pointer: most messages carry no ports, and all are queued as they are.
struct Ports(Vec<PortRef>);

/// A message that waits to be taken as a first message, with its part of its
/// group's budget.
pub(crate) struct Paid {
    pub(crate) message: Message,
    pub(crate) share: MailboxShare,
}

/// Room for a message that was taken before it was copied, in an isolate's
/// mailbox or a host's; or none yet.
#[derive(Default)]
pub(crate) struct Reserved {
    share: Option<MailboxShare>,
    charge: Option<Charge>,
}

/// A message larger than this is copied only when room for it is reserved, and
/// stays on its receiver's budget until the receiver has it.
pub(crate) const SMALL_MESSAGE: u64 = 4 << 10;

/// What became of a message. The numbers are those of `send-status` in the WIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SendStatus {
    Sent = 0,
    Full = 1,
    TooLarge = 2,
    Closed = 3,
}

impl Message {
    #[inline(always)]
    pub(crate) fn new(
        bytes: impl Into<MessageBytes>,
        ports: Vec<PortRef>,
        reply: Option<PortRef>,
    ) -> Self {
        Message {
            bytes: bytes.into(),
            ports: (!ports.is_empty()).then(|| Box::new(Ports(ports))),
            reply,
        }
    }

    /// The same ports with other bytes.
    pub(crate) fn with_bytes(self, bytes: impl Into<MessageBytes>) -> Self {
        let bytes = bytes.into();
        Message { bytes, ..self }
    }

    #[inline]
    pub(crate) fn into_parts(self) -> (MessageBytes, Vec<PortRef>, Option<PortRef>) {
        let ports = self.ports.map(|ports| ports.0).unwrap_or_default();
        (self.bytes, ports, self.reply)
    }

    /// Whether it is a small one whose bytes fit `room`, and carries no ports but for one
    /// for the answer.
    #[inline]
    pub(crate) fn fits(&self, room: &[u8]) -> bool {
        self.ports.is_none() && self.bytes.len() <= room.len() && self.cost() <= SMALL_MESSAGE
    }

    /// Copies the bytes of one that fits to the beginning of `room`. How many there are,
    /// and where an answer is wanted.
    #[inline(always)]
    pub(crate) fn copy_out(self, room: &mut [u8]) -> (usize, Option<PortRef>) {
        self.bytes.copy_to(room);
        (self.bytes.len(), self.reply)
    }

    /// What it counts against mailbox limits.
    #[inline]
    pub(crate) fn cost(&self) -> u64 {
        let ports = self.ports.as_ref().map_or(0, |ports| ports.0.len());
        let ports = ports + usize::from(self.reply.is_some());
        message_cost(self.bytes.len(), ports)
    }
}

/// What a message of `bytes` bytes and `ports` ports counts.
#[inline]
pub(crate) fn message_cost(bytes: usize, ports: usize) -> u64 {
    MESSAGE_OVERHEAD + bytes as u64 + ports as u64 * PORT_OVERHEAD
}

impl Port {
    /// A port that is equal to every other one with this number.
    pub(crate) fn new(id: u64, target: Target, share: Option<HostShare>) -> Arc<Self> {
        Arc::new(Port {
            id,
            senders: AtomicUsize::new(0),
            target,
            _share: share,
        })
    }

    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    pub(crate) fn has_senders(&self) -> bool {
        self.senders.load(Ordering::SeqCst) > 0
    }

    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    fn group(&self) -> Option<&Arc<GroupCore>> {
        match &self.target {
            Target::Isolate { isolate, .. } | Target::Control(isolate) => Some(isolate.group()),
            Target::Host(_) | Target::Capability => None,
        }
    }
}

impl PortRef {
    /// A send port for `port`, held by an isolate of `holder`, by a message on
    /// its way there, or by the host.
    pub(crate) fn new(port: Arc<Port>, holder: Option<&Arc<GroupCore>>) -> Self {
        let outside = match (port.group(), holder) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(own), Some(holder)) => !Arc::ptr_eq(own, holder),
        };
        if outside && let Some(group) = port.group() {
            group.activity_begins();
        }
        port.senders.fetch_add(1, Ordering::SeqCst);
        PortRef { port, outside }
    }

    /// One more, for another holder.
    pub(crate) fn for_holder(&self, holder: Option<&Arc<GroupCore>>) -> Self {
        PortRef::new(self.port.clone(), holder)
    }

    /// One more, for the same holder.
    pub(crate) fn again(&self) -> Self {
        self.port.senders.fetch_add(1, Ordering::SeqCst);
        if self.outside
            && let Some(group) = self.port.group()
        {
            group.activity_begins();
        }
        PortRef {
            port: self.port.clone(),
            outside: self.outside,
        }
    }

    pub(crate) fn target(&self) -> &Target {
        &self.port.target
    }

    pub(crate) fn port(&self) -> &Arc<Port> {
        &self.port
    }

    /// The group that will hold what is sent here.
    pub(crate) fn group(&self) -> Option<&Arc<GroupCore>> {
        self.port.group()
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.port.id == other.port.id
    }

    /// Equal for equal ports.
    pub(crate) fn id(&self) -> u64 {
        self.port.id
    }

    /// The name of the isolate of `group` that owns it.
    pub(crate) fn owner_in(&self, group: &Arc<GroupCore>) -> Option<String> {
        match &self.port.target {
            Target::Isolate { isolate, .. } if Arc::ptr_eq(isolate.group(), group) => {
                Some(isolate.name().to_owned())
            }
            _ => None,
        }
    }

    /// The isolate that it names, of a control port.
    pub(crate) fn controlled(&self) -> Option<&Arc<IsolateCore>> {
        match &self.port.target {
            Target::Control(isolate) => Some(isolate),
            _ => None,
        }
    }

    /// Takes room for a message of this cost, before it is copied: copying takes
    /// time, and many may do so at once.
    pub(crate) fn reserve(&self, cost: u64) -> Result<Reserved, SendStatus> {
        let (isolate, slot) = match &self.port.target {
            Target::Isolate { isolate, slot } => (isolate, *slot),
            Target::Host(mailbox) => {
                let charge = Some(mailbox.charge(cost)?);
                return Ok(Reserved {
                    share: None,
                    charge,
                });
            }
            Target::Capability | Target::Control(_) => return Err(SendStatus::Closed),
        };
        let room = isolate.mailbox().room(slot, self.port.id, cost);
        let share = match room {
            SendStatus::Sent => MailboxShare::take(isolate.group(), cost),
            status => return Err(isolate.refused_message(status, cost)),
        };
        match share {
            Ok(share) => Ok(Reserved {
                share: Some(share),
                charge: None,
            }),
            Err(_) => Err(isolate.refused_message(SendStatus::Full, cost)),
        }
    }

    /// Sends. `from` is the seat of the turn that sends, where one does.
    #[inline(always)]
    pub(crate) fn send(
        &self,
        message: Message,
        reserved: Reserved,
        from: Option<&Seat<Task>>,
    ) -> SendStatus {
        let (isolate, slot) = match &self.port.target {
            Target::Isolate { isolate, slot } => (isolate, *slot),
            Target::Host(mailbox) => return mailbox.send(message, reserved.charge),
            Target::Capability | Target::Control(_) => return SendStatus::Closed,
        };
        // A message that is refused is dropped after the lock: dropping its
        // ports or its share may lock mailboxes.
        let pushed = isolate
            .mailbox()
            .push(slot, self.port.id, message, reserved.share);
        match pushed {
            Ok(wake) => {
                if wake {
                    isolate.wake(from);
                }
                SendStatus::Sent
            }
            Err((status, message, _share)) => isolate.refused_message(status, message.cost()),
        }
    }

    /// Whether it leads to an isolate's mailbox.
    #[inline]
    pub(crate) fn leads_to_isolate(&self) -> bool {
        matches!(self.port.target, Target::Isolate { .. })
    }

    /// Sends a message of few bytes, which are at `place` in `memory`, to an isolate. It
    /// is made in its place in the queue, as moving it would take longer.
    #[inline(always)]
    pub(crate) fn send_small(
        &self,
        cost: u64,
        from: &Seat<Task>,
        (memory, place): (&[u8], Range<usize>),
        mut reply: Option<PortRef>,
    ) -> SendStatus {
        let Target::Isolate { isolate, slot } = &self.port.target else {
            return SendStatus::Closed;
        };
        let pushed =
            isolate
                .mailbox()
                .push_small(*slot, self.port.id, cost, (memory, place), &mut reply);
        // What was not sent is dropped after the lock, as any message is.
        match pushed {
            Ok(wake) => {
                if wake {
                    isolate.wake(Some(from));
                }
                SendStatus::Sent
            }
            Err(status) => isolate.refused_message(status, cost),
        }
    }
}

impl Drop for PortRef {
    fn drop(&mut self) {
        let last = self.port.senders.fetch_sub(1, Ordering::SeqCst) == 1;
        if last {
            match &self.port.target {
                Target::Isolate { isolate, slot } => {
                    let wake = isolate.mailbox().push_unreachable(*slot, self.port.id);
                    if wake {
                        isolate.wake(None);
                    }
                }
                Target::Host(mailbox) => mailbox.disconnect(),
                Target::Capability | Target::Control(_) => {}
            }
        }
        if self.outside
            && let Some(group) = self.port.group()
        {
            group.activity_ends();
        }
    }
}
