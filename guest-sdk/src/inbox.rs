//! The guest's half of a receive port: who wants its messages.
//!
//! A message goes to whoever has been waiting longest with a `recv`, a stream or
//! a call and does not refuse it, and when nobody is left, to the handler. When
//! nobody wants one, the port does not listen: its messages stay in the host, and
//! it neither wakes the isolate nor keeps it alive. (A raw port always listens, and
//! drops what comes while it has no handler.)
//!
//! What is wanted changes often within a turn (a loop of `recv`s wants nothing
//! for a moment after each message), so the host is told only when the guest is
//! about to ask it for the next event, by [`settle`].

mod queue;

use crate::bindings::ports;
use crate::message::Arrived;
use crate::{Message, Refused, SendPort};
use queue::{Queue, Round};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::mem;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll, Waker};

pub type Handler = Box<dyn FnMut(Arrived<'_>)>;

pub struct Inbox {
    token: u64,
    this: Weak<Inbox>,
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
    keeps_alive: bool,
    /// Whether messages that find no handler are lost.
    raw: bool,
    /// Taken from the host for those who wait, and what they have refused.
    queue: Queue<Message>,
    handler: Slot,
    /// A port with a handler lives until it is closed, also when the program has
    /// let go of it.
    kept: Option<Rc<Inbox>>,
}

enum Slot {
    Empty,
    Handler(Handler),
    /// The handler runs at this moment, and comes back here afterwards.
    Running,
}

impl Slot {
    /// The handler, where there is one that does not run.
    fn start(&mut self) -> Option<Handler> {
        match mem::replace(self, Slot::Running) {
            Slot::Handler(handler) => Some(handler),
            other => {
                *self = other;
                None
            }
        }
    }
}

struct Registry {
    next_token: Cell<u64>,
    inboxes: RefCell<BTreeMap<u64, Weak<Inbox>>>,
    /// The one that was found last: mostly the next message is for it too.
    found: RefCell<Weak<Inbox>>,
    unsettled: RefCell<VecDeque<Weak<Inbox>>>,
}

thread_local! {
    static REGISTRY: Registry = const {
        Registry {
            next_token: Cell::new(0),
            inboxes: RefCell::new(BTreeMap::new()),
            found: RefCell::new(Weak::new()),
            unsettled: RefCell::new(VecDeque::new()),
        }
    };
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
        let inbox = Rc::new_cyclic(|this| Self {
            token,
            this: Weak::clone(this),
            state: RefCell::new(State {
                port,
                listening: false,
                keeps_alive: true,
                raw: false,
                queue: Queue::new(),
                handler: Slot::Empty,
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

    /// A port for the answer to what `call` sends, which opens it with this token: it
    /// listens.
    pub fn call<E>(call: impl FnOnce(u64) -> Result<ports::ReceivePort, E>) -> Result<Rc<Self>, E> {
        lend();
        let token = new_token();
        let inbox = Self::register(token, Some(call(token)?));
        inbox.state.borrow_mut().listening = true;
        // Where nobody waits for the answer when the turn ends, it does not.
        inbox.unsettle();
        Ok(inbox)
    }

    pub fn find(token: u64) -> Option<Rc<Self>> {
        REGISTRY.with(|registry| {
            let found = registry.found.borrow().upgrade();
            if let Some(inbox) = found.filter(|inbox| inbox.token == token) {
                return Some(inbox);
            }
            let inbox = registry.inboxes.borrow().get(&token)?.upgrade()?;
            registry.found.replace(Rc::downgrade(&inbox));
            Some(inbox)
        })
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
        let queue = mem::replace(&mut state.queue, Queue::new());
        let dropped = (
            mem::replace(&mut state.handler, Slot::Empty),
            state.kept.take(),
        );
        // What is dropped or woken may be the program's code.
        drop(state);
        drop(port);
        drop(dropped);
        let wakers = queue.wakers();
        drop(queue);
        wakers.into_iter().for_each(Waker::wake);
    }

    pub fn set_handler(self: &Rc<Self>, handler: Handler) {
        let mut state = self.state.borrow_mut();
        if state.port.is_none() {
            return;
        }
        state.kept = Some(Rc::clone(self));
        let old = mem::replace(&mut state.handler, Slot::Handler(handler));
        drop(state);
        drop(old);
        self.unsettle();
    }

    pub fn clear_handler(self: &Rc<Self>) {
        let mut state = self.state.borrow_mut();
        let dropped = (
            mem::replace(&mut state.handler, Slot::Empty),
            state.kept.take(),
        );
        drop(state);
        drop(dropped);
        self.unsettle();
    }

    /// Whether messages that find no handler are lost.
    pub fn set_raw(&self, raw: bool) {
        self.state.borrow_mut().raw = raw;
        self.unsettle();
    }

    pub fn set_keep_alive(&self, on: bool) {
        let mut state = self.state.borrow_mut();
        if mem::replace(&mut state.keeps_alive, on) != on
            && let Some(port) = &state.port
        {
            port.keep_alive(on);
        }
    }

    pub fn keeps_alive(&self) -> bool {
        let state = self.state.borrow();
        state.keeps_alive && state.port.is_some()
    }

    /// Called for each message that the host hands out for this port.
    pub fn deliver(&self, message: Arrived<'_>) {
        let mut state = self.state.borrow_mut();
        // Mostly nobody is before the handler.
        let unused = state.queue.is_unused();
        if let Some(handler) = unused.then(|| state.handler.start()).flatten() {
            drop(state);
            self.handle(handler, message);
        } else {
            state.queue.push(message.into());
            drop(state);
            self.serve();
        }
        if !self.state.borrow().queue.is_empty() {
            self.unsettle();
        }
    }

    /// Called when the last send port is gone.
    pub fn notice_unreachable(&self) {
        self.unreachable.set(true);
        let wakers = self.state.borrow().queue.wakers();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Gives the messages that are here to those who want them.
    fn serve(&self) {
        let mut round = Round::default();
        loop {
            let waker = self.state.borrow_mut().queue.next_to_wake(&mut round);
            let Some(waker) = waker else { break };
            waker.wake();
        }
        while self.serve_left_over() {}
    }

    /// Gives a message to the handler that nobody who waits has taken. False when
    /// there is none, or nobody to have it.
    fn serve_left_over(&self) -> bool {
        let mut state = self.state.borrow_mut();
        if !state.raw && !matches!(state.handler, Slot::Handler(_)) {
            return false;
        }
        let Some(message) = state.queue.take_left_over() else {
            return false;
        };
        let handler = state.handler.start();
        // What a message that is lost holds is not dropped under the borrow.
        drop(state);
        if let Some(handler) = handler {
            self.handle(handler, message.into());
        }
        true
    }

    /// Runs the handler, which may meanwhile close the port, take itself away or
    /// give its place to another one.
    fn handle(&self, mut handler: Handler, message: Arrived<'_>) {
        handler(message);
        let mut state = self.state.borrow_mut();
        if matches!(state.handler, Slot::Running) {
            state.handler = Slot::Handler(handler);
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
        self.unsettle();
        let place = state.queue.line_up(ticket, context.waker(), false);
        let Some((number, message)) = state.queue.offer(place) else {
            return Poll::Pending;
        };
        state.queue.accept(place, number);
        *ticket = None;
        Poll::Ready(Some(message))
    }

    /// The next message that is `wanted`. The others stay, in their order.
    pub fn poll_recv_where(
        &self,
        ticket: &mut Option<u64>,
        context: &mut Context,
        mut wanted: impl FnMut(&Message) -> bool,
    ) -> Poll<Option<Message>> {
        loop {
            let mut state = self.state.borrow_mut();
            if state.port.is_none() {
                *ticket = None;
                return Poll::Ready(None);
            }
            self.unsettle();
            let place = state.queue.line_up(ticket, context.waker(), true);
            let Some((number, message)) = state.queue.offer(place) else {
                return Poll::Pending;
            };
            // It is the program's code that looks at the message.
            drop(state);
            let taken = wanted(&message);
            let mut state = self.state.borrow_mut();
            if taken {
                state.queue.accept(place, number);
                *ticket = None;
                return Poll::Ready(Some(message));
            }
            let dropped = state.queue.refuse(place, number, message);
            drop(state);
            drop(dropped);
        }
    }

    /// Whoever had this ticket waits no more.
    pub fn give_up(&self, ticket: Option<u64>) {
        let Some(ticket) = ticket else { return };
        self.state.borrow_mut().queue.leave(ticket);
        self.unsettle();
    }

    fn unsettle(&self) {
        if !self.unsettled.replace(true) {
            let _ = REGISTRY.try_with(|registry| {
                let this = Weak::clone(&self.this);
                registry.unsettled.borrow_mut().push_back(this);
            });
        }
    }
}

impl State {
    /// Tells the host whether a message is wanted, if that has changed.
    fn tell_host(&mut self) {
        let handled = !matches!(self.handler, Slot::Empty);
        let wanted = self.raw || handled || self.queue.wants_more();
        if let Some(port) = &self.port
            && wanted != self.listening
        {
            lend();
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
        // Natively a thread may be about to end that has held it to the last.
        let _ = REGISTRY.try_with(|registry| registry.inboxes.borrow_mut().remove(&self.token));
    }
}

/// Before the first port listens, the host learns where messages may be left.
fn lend() {
    #[cfg(target_family = "wasm")]
    crate::lent::lend();
}

fn new_token() -> u64 {
    REGISTRY.with(|registry| registry.next_token.replace(registry.next_token.get() + 1))
}

/// Closes all ports: handlers keep their own ports open.
#[cfg(not(target_family = "wasm"))]
pub fn forget() {
    let inboxes = REGISTRY.with(|registry| {
        registry.unsettled.borrow_mut().clear();
        let inboxes = registry.inboxes.borrow();
        inboxes
            .values()
            .filter_map(Weak::upgrade)
            .collect::<Vec<_>>()
    });
    inboxes.iter().for_each(|inbox| inbox.close());
}

/// A message has come for the port with this token.
pub fn deliver(token: u64, message: Arrived<'_>) {
    if let Some(inbox) = Inbox::find(token) {
        inbox.deliver(message);
    }
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
