//! The guest's half of a receive port: who wants its messages.
//!
//! A message goes to whoever has been waiting longest with a `recv`, a stream or
//! a call, and when nobody waits, to the handler. When nobody wants one, the port
//! does not listen: its messages stay in the host, and it neither wakes the
//! isolate nor keeps it alive.
//!
//! What is wanted changes often within a turn (a loop of `recv`s wants nothing
//! for a moment after each message), so the host is told only when the guest is
//! about to ask it for the next event, by [`settle`].

use crate::bindings::ports;
use crate::{Message, Refused, SendPort};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::mem;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};

pub type Handler = Box<dyn FnMut(Message)>;

pub struct Inbox {
    token: u64,
    state: RefCell<State>,
    /// Whether it is among those that [`settle`] looks at.
    unsettled: Cell<bool>,
    /// No send port is left anywhere, and nothing that was sent is left either.
    unreachable: Cell<bool>,
}

struct State {
    /// None when it is closed.
    port: Option<ports::ReceivePort>,
    /// What the host was told.
    listening: bool,
    /// Taken from the host, for those who wait. Never more than they are.
    messages: VecDeque<Message>,
    waiters: VecDeque<Waiter>,
    next_ticket: u64,
    handler: Option<Handler>,
    /// A port with a handler lives until it is closed, also when the program has
    /// let go of it.
    kept: Option<Rc<Inbox>>,
}

struct Waiter {
    ticket: u64,
    waker: Waker,
}

#[derive(Default)]
struct Registry {
    next_token: Cell<u64>,
    inboxes: RefCell<BTreeMap<u64, Weak<Inbox>>>,
    unsettled: RefCell<VecDeque<Weak<Inbox>>>,
}

thread_local! {
    static REGISTRY: Registry = Registry::default();
}

impl Inbox {
    /// A new port.
    pub fn open() -> Result<Rc<Self>, Refused> {
        let token = new_token();
        let port = ports::ReceivePort::open(token)?;
        Ok(Self::register(token, Some(port)))
    }

    /// The isolate's first port. Only once.
    pub fn first() -> Rc<Self> {
        let token = new_token();
        Self::register(token, crate::bindings::self_::first_port(token))
    }

    fn register(token: u64, port: Option<ports::ReceivePort>) -> Rc<Self> {
        let inbox = Rc::new(Self {
            token,
            state: RefCell::new(State {
                port,
                listening: false,
                messages: VecDeque::new(),
                waiters: VecDeque::new(),
                next_ticket: 0,
                handler: None,
                kept: None,
            }),
            unsettled: Cell::new(false),
            unreachable: Cell::new(false),
        });
        REGISTRY.with(|registry| {
            let weak = Rc::downgrade(&inbox);
            registry.inboxes.borrow_mut().insert(token, weak);
        });
        inbox
    }

    pub fn find(token: u64) -> Option<Rc<Self>> {
        REGISTRY.with(|registry| registry.inboxes.borrow().get(&token)?.upgrade())
    }

    /// None when it is closed.
    pub fn sender(&self) -> Option<Result<SendPort, Refused>> {
        let state = self.state.borrow();
        let sender = state.port.as_ref()?.sender();
        Some(sender.map(SendPort::from).map_err(Refused::from))
    }

    pub fn is_closed(&self) -> bool {
        self.state.borrow().port.is_none()
    }

    pub fn is_unreachable(&self) -> bool {
        self.unreachable.get()
    }

    pub fn close(&self) {
        let mut state = self.state.borrow_mut();
        let port = state.port.take();
        let waiters = mem::take(&mut state.waiters);
        let dropped = (
            mem::take(&mut state.messages),
            state.handler.take(),
            state.kept.take(),
        );
        // What is dropped or woken may be the program's code.
        drop(state);
        drop(port);
        drop(dropped);
        waiters.into_iter().for_each(|waiter| waiter.waker.wake());
    }

    pub fn set_handler(self: &Rc<Self>, handler: Handler) {
        let mut state = self.state.borrow_mut();
        if state.port.is_none() {
            return;
        }
        state.kept = Some(Rc::clone(self));
        let old = state.handler.replace(handler);
        drop(state);
        drop(old);
        self.unsettle();
    }

    /// Called for each message that the host hands out for this port.
    pub fn deliver(&self, message: Message) {
        self.state.borrow_mut().messages.push_back(message);
        self.serve();
        if !self.state.borrow().messages.is_empty() {
            self.unsettle();
        }
    }

    /// Called when the last send port is gone.
    pub fn notice_unreachable(&self) {
        self.unreachable.set(true);
        let state = self.state.borrow();
        let wakers: Vec<_> = state
            .waiters
            .iter()
            .map(|waiter| waiter.waker.clone())
            .collect();
        drop(state);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Gives the messages that are here to those who want them.
    fn serve(&self) {
        loop {
            let mut state = self.state.borrow_mut();
            if state.messages.is_empty() {
                return;
            }
            if let Some(first) = state.waiters.front() {
                let waker = first.waker.clone();
                drop(state);
                return waker.wake();
            }
            let Some(handler) = state.handler.take() else {
                return;
            };
            let message = state.messages.pop_front();
            drop(state);
            self.handle(handler, message);
        }
    }

    /// Runs the handler, which may meanwhile close the port or replace itself.
    fn handle(&self, mut handler: Handler, message: Option<Message>) {
        message.into_iter().for_each(&mut handler);
        let mut state = self.state.borrow_mut();
        let is_current = state.port.is_some() && state.handler.is_none();
        if is_current {
            state.handler = Some(handler);
        }
    }

    /// The next message, in the order in which it was first asked for. `ticket`
    /// is the place in that order. None when the port is closed.
    pub fn poll_recv(
        &self,
        ticket: &mut Option<u64>,
        context: &mut Context,
    ) -> Poll<Option<Message>> {
        let mut state = self.state.borrow_mut();
        if state.port.is_none() {
            *ticket = None;
            return Poll::Ready(None);
        }
        let place = match ticket.and_then(|ticket| state.place_of(ticket)) {
            Some(place) => place,
            None => {
                *ticket = Some(state.add_waiter(context.waker()));
                state.waiters.len() - 1
            }
        };
        self.unsettle();
        if place == 0
            && let Some(message) = state.messages.pop_front()
        {
            state.waiters.pop_front();
            *ticket = None;
            return Poll::Ready(Some(message));
        }
        state.waiters[place].waker.clone_from(context.waker());
        Poll::Pending
    }

    /// Whoever had this ticket waits no more.
    pub fn give_up(&self, ticket: Option<u64>) {
        let Some(ticket) = ticket else { return };
        let waiters = &mut self.state.borrow_mut().waiters;
        waiters.retain(|waiter| waiter.ticket != ticket);
        self.unsettle();
    }

    fn unsettle(&self) {
        if !self.unsettled.replace(true) {
            REGISTRY.with(|registry| {
                let weak = registry.inboxes.borrow().get(&self.token).cloned();
                registry.unsettled.borrow_mut().extend(weak);
            });
        }
    }
}

impl State {
    fn place_of(&self, ticket: u64) -> Option<usize> {
        let mut waiters = self.waiters.iter();
        waiters.position(|waiter| waiter.ticket == ticket)
    }

    fn add_waiter(&mut self, waker: &Waker) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        let waker = waker.clone();
        self.waiters.push_back(Waiter { ticket, waker });
        ticket
    }

    /// Tells the host whether a message is wanted, if that has changed.
    fn tell_host(&mut self) {
        let wanted = self.handler.is_some() || self.waiters.len() > self.messages.len();
        if let Some(port) = &self.port
            && wanted != self.listening
        {
            port.listen(wanted);
            self.listening = wanted;
        }
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_closed() { "closed" } else { "open" })
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        REGISTRY.with(|registry| registry.inboxes.borrow_mut().remove(&self.token));
    }
}

fn new_token() -> u64 {
    REGISTRY.with(|registry| registry.next_token.replace(registry.next_token.get() + 1))
}

/// Brings every port into the state that the program wants it in: what is here
/// goes to its takers, and the host knows which ports listen.
pub fn settle() {
    while let Some(weak) = REGISTRY.with(|registry| registry.unsettled.borrow_mut().pop_front()) {
        if let Some(inbox) = weak.upgrade() {
            inbox.unsettled.set(false);
            inbox.serve();
            inbox.state.borrow_mut().tell_host();
        }
    }
}
