//! Ports that the host itself listens on: a crossbeam channel underneath.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::task::Waker;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::line::Line;
use crate::mailbox::may_be_promised;
use crate::port::{Message, SendStatus};
use crate::receive_port::Received;
use crate::sync::lock;
use crate::wait::{InLine, Place, Settled, Waiter};

/// The sending end of a host's port, inside its [`Port`](crate::port::Port).
pub(crate) struct HostMailbox {
    shared: Arc<Shared>,
}

/// What the two ends and every message that waits for the host share.
struct Shared {
    state: Mutex<State>,
    most_messages: u64,
    most_bytes: u64,
}

struct State {
    /// None once no send port is left, or the host has dropped its receive port:
    /// the receiver's iteration ends then.
    channel: Option<Sender<Received>>,
    /// What waits for the host, counted until the host drops it, and what room
    /// is kept for.
    messages: u64,
    bytes: u64,
    /// Of these, what room is kept for.
    promised: u64,
    promised_bytes: u64,
    /// Messages that wait for room. While there are any, nothing else comes in.
    line: Line<InLine>,
    /// Who waits for the port to close.
    watches: Line<Waiter>,
    /// Tasks of the host that wait for a message.
    wakers: BTreeMap<u64, Waker>,
    wakers_made: u64,
    /// The host has dropped its receive port.
    closed: bool,
}

/// The share of one message. Gives it back when it is dropped.
pub(crate) struct Charge {
    shared: Arc<Shared>,
    cost: u64,
    /// The message comes later.
    promised: bool,
}

/// All that waits at a host's port waits for its one port.
const PORT: usize = 0;

impl HostMailbox {
    pub(crate) fn new(most_messages: u64, most_bytes: u64) -> (Self, Receiver<Received>) {
        let (sender, receiver) = unbounded();
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                channel: Some(sender),
                messages: 0,
                bytes: 0,
                promised: 0,
                promised_bytes: 0,
                line: Line::new(),
                watches: Line::new(),
                wakers: BTreeMap::new(),
                wakers_made: 0,
                closed: false,
            }),
            most_messages,
            most_bytes,
        });
        (HostMailbox { shared }, receiver)
    }

    /// Room for a message, taken before it is copied.
    pub(crate) fn charge(&self, cost: u64) -> Result<Charge, SendStatus> {
        let mut state = lock(&self.shared.state);
        if state.closed {
            Err(SendStatus::Closed)
        } else if state.line.is_empty() && self.shared.fits(&state, cost) {
            Ok(self.shared.charge(&mut state, cost))
        } else {
            Err(SendStatus::Full)
        }
    }

    /// Room for a message that comes later.
    pub(crate) fn promise(&self, cost: u64) -> Result<Charge, SendStatus> {
        let mut charge = self.charge(cost)?;
        {
            let mut state = lock(&self.shared.state);
            let promised = (state.promised, state.promised_bytes);
            let most = (self.shared.most_messages, self.shared.most_bytes);
            if may_be_promised(promised, most, cost) {
                charge.promised = true;
                state.promised += 1;
                state.promised_bytes += cost;
                return Ok(charge);
            }
        }
        Err(SendStatus::Full)
    }

    /// Sends; `charge` is the room for it, where that was taken before.
    pub(crate) fn send(&self, message: Message, charge: Option<Charge>) -> SendStatus {
        let charge = match charge {
            Some(charge) => charge,
            None => match self.charge(message.cost()) {
                Ok(charge) => charge,
                Err(status) => return status,
            },
        };
        let mut settled = Settled::default();
        let message = Received::new(message, charge);
        let status = lock(&self.shared.state).deliver(message, &mut settled);
        drop(settled);
        status
    }

    /// Sends `waiting` now or puts it in line.
    pub(crate) fn join_line(&self, waiting: InLine) -> (Option<Place>, Settled) {
        let mut state = lock(&self.shared.state);
        if state.closed {
            return (None, Settled::line(waiting, Some(SendStatus::Closed)));
        }
        if self.shared.most_messages == 0 || waiting.message.cost() > self.shared.most_bytes {
            return (None, Settled::line(waiting, Some(SendStatus::TooLarge)));
        }
        let place = Place::Line(state.line.join(PORT, waiting));
        (Some(place), self.shared.advance(&mut state))
    }

    /// Tells `waiter` when the host drops its receive port.
    pub(crate) fn watch(&self, waiter: Waiter) -> (Option<Place>, Settled) {
        let mut state = lock(&self.shared.state);
        if state.closed {
            return (None, Settled::watch(waiter));
        }
        let place = Place::Watch(state.watches.join(PORT, waiter));
        (Some(place), Settled::default())
    }

    /// A wait was dropped. It may have been first in line.
    pub(crate) fn leave_line(&self, place: Place) -> Settled {
        let mut state = lock(&self.shared.state);
        let mut settled = match place {
            Place::Line(number) => match state.line.leave(number) {
                Some(waiting) => Settled::line(waiting, None),
                None => return Settled::default(),
            },
            Place::Watch(number) => match state.watches.leave(number) {
                Some(waiter) => Settled::unwatched(waiter),
                None => return Settled::default(),
            },
        };
        settled.append(self.shared.advance(&mut state));
        settled
    }

    /// Wakes a task when something has come, once. `number` is its place, none
    /// where it has none yet.
    pub(crate) fn wake_later(&self, number: &mut Option<u64>, waker: &Waker) {
        let waker = waker.clone();
        let old = {
            let mut state = lock(&self.shared.state);
            let number = *number.get_or_insert_with(|| {
                state.wakers_made += 1;
                state.wakers_made
            });
            state.wakers.insert(number, waker)
        };
        drop(old);
    }

    /// The task does not wait any more.
    pub(crate) fn forget_waker(&self, number: Option<u64>) {
        if let Some(number) = number {
            let waker = lock(&self.shared.state).wakers.remove(&number);
            drop(waker);
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        lock(&self.shared.state).closed
    }

    /// The last send port is gone.
    pub(crate) fn disconnect(&self) {
        let mut settled = Settled::default();
        let channel = {
            let mut state = lock(&self.shared.state);
            settled.wakers = std::mem::take(&mut state.wakers).into_values().collect();
            state.channel.take()
        };
        drop(channel);
    }

    /// The host has dropped its receive port.
    pub(crate) fn close(&self) {
        let (channel, settled, wakers) = {
            let mut state = lock(&self.shared.state);
            state.closed = true;
            let settled = Settled::closed(state.line.close_all(), state.watches.close_all());
            let wakers = std::mem::take(&mut state.wakers);
            (state.channel.take(), settled, wakers)
        };
        drop(channel);
        drop(settled);
        drop(wakers);
    }
}

impl State {
    fn unpromise(&mut self, charge: &Charge) {
        if charge.promised {
            self.promised -= 1;
            self.promised_bytes -= charge.cost;
        }
    }

    fn deliver(&mut self, message: Received, settled: &mut Settled) -> SendStatus {
        let Some(channel) = &self.channel else {
            settled.refused.push(message);
            return SendStatus::Closed;
        };
        match channel.send(message) {
            Ok(()) => {
                let woken = std::mem::take(&mut self.wakers);
                settled.wakers.extend(woken.into_values());
                SendStatus::Sent
            }
            Err(refused) => {
                settled.refused.push(refused.into_inner());
                SendStatus::Closed
            }
        }
    }
}

impl Shared {
    fn fits(&self, state: &State, cost: u64) -> bool {
        state.messages < self.most_messages && state.bytes.saturating_add(cost) <= self.most_bytes
    }

    fn charge(self: &Arc<Self>, state: &mut State, cost: u64) -> Charge {
        state.messages += 1;
        state.bytes += cost;
        Charge {
            shared: self.clone(),
            cost,
            promised: false,
        }
    }

    /// Takes in what waits in line, as far as there is room.
    fn advance(self: &Arc<Self>, state: &mut State) -> Settled {
        let mut settled = Settled::default();
        while let Some((_, first)) = state.line.first() {
            let cost = first.message.cost();
            if !self.fits(state, cost) {
                break;
            }
            let Some(waiting) = state.line.take_first() else {
                break;
            };
            let InLine {
                to,
                message,
                share,
                waiter,
            } = waiting;
            let charge = self.charge(state, cost);
            let status = state.deliver(Received::new(message, charge), &mut settled);
            settled.append(InLine::over(to, share, waiter, status, false));
        }
        settled
    }
}

impl Charge {
    /// What it was promised for comes now.
    pub(crate) fn promised_no_more(&mut self) {
        let mut state = lock(&self.shared.state);
        state.unpromise(self);
        self.promised = false;
    }

    /// Makes it the share of a message of this cost, where there is room.
    pub(crate) fn resize(&mut self, cost: u64) -> bool {
        let settled = {
            let mut state = lock(&self.shared.state);
            let bytes = (state.bytes - self.cost).saturating_add(cost);
            if cost > self.cost && bytes > self.shared.most_bytes {
                return false;
            }
            state.bytes = bytes;
            if self.promised {
                state.promised_bytes = state.promised_bytes - self.cost + cost;
            }
            self.cost = cost;
            self.shared.advance(&mut state)
        };
        drop(settled);
        true
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let settled = {
            let mut state = lock(&self.shared.state);
            state.unpromise(self);
            state.messages -= 1;
            state.bytes -= self.cost;
            self.shared.advance(&mut state)
        };
        drop(settled);
    }
}
