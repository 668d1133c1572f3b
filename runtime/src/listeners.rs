//! Who wants to be told of an isolate's errors and of its end.

use std::collections::BTreeMap;
use std::sync::Arc;

use insula_message::{ExitReason, Frame, ToMessage};

use crate::group::GroupCore;
use crate::message::{SendPort, encode};
use crate::port::{Message, PortRef, SendStatus};
use crate::promise::Promise;
use crate::spawn::NotSpawned;

/// Listeners of one kind, each port once, in the order in which they came.
pub(crate) struct Listeners<T> {
    added: u64,
    in_order: BTreeMap<u64, (u64, T)>,
    /// By the port's number, the place above.
    places: BTreeMap<u64, u64>,
}

/// A port that is told when an isolate ends. Room for the notice is taken when
/// it is added, so that none is lost because a mailbox is full.
pub(crate) struct ExitListener {
    response: Message,
    room: Promise,
}

/// How many bytes a notice with an exit reason surely has room for. A longer
/// reason is cut where there is no more.
pub(crate) const REASON_ROOM: usize = 1 << 10;

/// How much of each text of a reason is left when it is cut.
const CUT_TEXT: usize = 200;

impl<T> Default for Listeners<T> {
    fn default() -> Self {
        Listeners {
            added: 0,
            in_order: BTreeMap::new(),
            places: BTreeMap::new(),
        }
    }
}

impl<T> Listeners<T> {
    /// Adds a listener at the end, or where its port has been already. Gives what
    /// was there.
    #[must_use]
    pub(crate) fn add(&mut self, port: u64, listener: T) -> Option<T> {
        let place = *self.places.entry(port).or_insert_with(|| {
            self.added += 1;
            self.added
        });
        let before = self.in_order.insert(place, (port, listener));
        before.map(|(_, listener)| listener)
    }

    #[must_use]
    pub(crate) fn remove(&mut self, port: u64) -> Option<T> {
        let place = self.places.remove(&port)?;
        self.in_order.remove(&place).map(|(_, listener)| listener)
    }

    pub(crate) fn has(&self, port: u64) -> bool {
        self.places.contains_key(&port)
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.in_order.values().map(|(_, listener)| listener)
    }

    pub(crate) fn into_iter(self) -> impl Iterator<Item = T> {
        self.in_order.into_values().map(|(_, listener)| listener)
    }
}

impl ExitListener {
    /// Is told `response` in the room that was taken for it.
    pub(crate) fn new(room: Promise, response: Message) -> Self {
        ExitListener { response, room }
    }

    /// With null as its response, for an isolate of `group`.
    pub(crate) fn of_null(to: &PortRef, group: &Arc<GroupCore>) -> Result<Self, NotSpawned> {
        let response = said(&());
        let room = to.promise(response.cost(), Some(group));
        let room = room.and_then(|room| room.kept_by(group, response.cost()));
        let room = room.map_err(NotSpawned::Listener)?;
        Ok(ExitListener::new(room, response))
    }

    /// The number of its port.
    pub(crate) fn port_id(&self) -> u64 {
        self.room.port_id()
    }

    pub(crate) fn tell(self) {
        self.room.send(self.response);
    }

    /// The response and the reason, which is cut where there is no room.
    pub(crate) fn tell_reason(self, reason: &ExitReason) {
        let ExitListener { response, mut room } = self;
        let whole = said(reason);
        let cost = response.cost() + (LIST_OF_TWO.len() + whole.bytes.len()) as u64;
        let reason = if room.grow_to(cost) {
            whole
        } else {
            said(&cut(reason))
        };
        room.send(with_reason(response, reason));
    }
}

/// What is sent to an error listener.
pub(crate) fn tell_error(to: &PortRef, text: &str, backtrace: &[Frame]) -> SendStatus {
    let backtrace: Vec<_> = backtrace.iter().map(Frame::to_string).collect();
    let message = said(&(text, backtrace.join("\n")));
    to.send(message, Default::default(), None)
}

/// How a list of two begins.
const LIST_OF_TWO: [u8; 1] = [0x82];

/// What a monitor is sent: the list of its response and the reason.
pub(crate) fn with_reason(response: Message, reason: Message) -> Message {
    // Put together from two messages: what a response says is not looked at, and
    // the numbers of shared parts in it stay right, as it comes first.
    let bytes = [&LIST_OF_TWO[..], &response.bytes, &reason.bytes].concat();
    response.with_bytes(bytes)
}

/// A message of the host's own that holds no ports.
pub(crate) fn said<T: ToMessage<SendPort> + ?Sized>(what: &T) -> Message {
    encode(what, None).unwrap_or_else(|error| unreachable!("texts and numbers: {error}"))
}

/// The reason with its texts cut, so that it fits into [`REASON_ROOM`].
pub(crate) fn cut(reason: &ExitReason) -> ExitReason {
    let text = |text: &str| {
        let mut end = text.len().min(CUT_TEXT);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text[..end].to_owned()
    };
    let none = Vec::new;
    match reason {
        ExitReason::Panicked { message, place, .. } => ExitReason::Panicked {
            message: text(message),
            place: text(place),
            backtrace: none(),
        },
        ExitReason::Failed { error, place, .. } => ExitReason::Failed {
            error: text(error),
            place: text(place),
            backtrace: none(),
        },
        ExitReason::Trapped { trap, .. } => ExitReason::Trapped {
            trap: text(trap),
            backtrace: none(),
        },
        ExitReason::Limit { hit, .. } => ExitReason::Limit {
            hit: *hit,
            backtrace: none(),
        },
        ExitReason::ContractBroken { what, .. } => ExitReason::ContractBroken {
            what: text(what),
            backtrace: none(),
        },
        ExitReason::NotStarted(why) => ExitReason::NotStarted(text(why)),
        ExitReason::HostFailed(why) => ExitReason::HostFailed(text(why)),
        ExitReason::Linked { isolate, reason } => ExitReason::Linked {
            isolate: text(isolate),
            reason: Box::new(cut(reason)),
        },
        other => other.clone(),
    }
}
