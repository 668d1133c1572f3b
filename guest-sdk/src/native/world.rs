//! A group, as the stand-in has it: one lock over all of it.

use super::member::{Item, Member};
use crate::bindings::ports::{Event, SendStatus};
use insula_message::ExitReason;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

pub struct World {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
pub struct State {
    numbers: u64,
    pub ports: HashMap<u64, Port>,
    pub isolates: BTreeMap<u64, Member>,
    pub names: BTreeMap<String, Arc<Sender>>,
    pub waits: BTreeMap<u64, Waiting>,
    /// Nothing can happen any more.
    pub over: bool,
}

/// A receive port.
pub struct Port {
    pub owner: u64,
    pub token: u64,
    pub listening: bool,
    pub keeps_alive: bool,
    sender: Weak<Sender>,
}

/// The right to send to a port. Handles, messages and names share one.
pub struct Sender {
    world: Weak<World>,
    pub port: u64,
}

/// What a message is made of. Its parts may be dropped while no lock is held alone.
#[derive(Clone, Default)]
pub struct Payload {
    pub bytes: Vec<u8>,
    pub ports: Vec<Arc<Sender>>,
    pub reply: Option<Arc<Sender>>,
}

/// An isolate that waits for a port to close.
pub struct Waiting {
    pub isolate: u64,
    pub port: u64,
    pub token: u64,
}

/// What is dropped once the lock is released: the last sender of a port takes it.
#[derive(Default)]
pub struct Trash(Vec<Box<dyn Send>>);

impl Trash {
    pub fn add(&mut self, dropped: impl Send + 'static) {
        self.0.push(Box::new(dropped));
    }
}

/// How long a thread waits at least.
const AT_LEAST: Duration = Duration::from_micros(200);

/// What an isolate's thread does next.
pub enum Next {
    Turn,
    End(ExitReason),
}

impl World {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            changed: Condvar::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at or changes something, and lets everybody look who waits.
    pub fn with<R>(&self, work: impl FnOnce(&mut State, &mut Trash) -> R) -> R {
        let mut trash = Trash::default();
        let result = work(&mut self.lock(), &mut trash);
        self.changed.notify_all();
        drop(trash);
        result
    }

    /// A new sender that leads to no port: a capability.
    pub fn capability(self: &Arc<Self>) -> Arc<Sender> {
        let port = self.with(|state, _| state.number());
        let world = Arc::downgrade(self);
        Arc::new(Sender { world, port })
    }

    /// A sender for a port; none where that is closed.
    pub fn sender(self: &Arc<Self>, port: u64) -> Option<Arc<Sender>> {
        self.with(|state, _| {
            let found = state.ports.get_mut(&port)?;
            if let Some(sender) = found.sender.upgrade() {
                return Some(sender);
            }
            let world = Arc::downgrade(self);
            let sender = Arc::new(Sender { world, port });
            found.sender = Arc::downgrade(&sender);
            Some(sender)
        })
    }

    /// Waits until there is something for an isolate to do, or it is to end.
    pub fn next(&self, id: u64) -> Next {
        self.wait(id, State::next)
    }

    /// Waits until a new isolate is not paused, or it is to end.
    pub fn begin(&self, id: u64) -> Next {
        self.wait(id, |state, id| {
            let member = state.isolates.get(&id)?;
            let over = state.over.then_some(ExitReason::Ended);
            match member.stop.clone().or(over) {
                Some(reason) => Some(Next::End(reason)),
                None => (!member.is_paused()).then_some(Next::Turn),
            }
        })
    }

    fn wait(&self, id: u64, next: impl Fn(&State, u64) -> Option<Next>) -> Next {
        let mut state = self.lock();
        loop {
            if let Some(next) = next(&state, id) {
                if let Some(member) = state.isolates.get_mut(&id) {
                    (member.idle, member.started) = (false, true);
                }
                return next;
            }
            if let Some(member) = state.isolates.get_mut(&id) {
                member.idle = true;
            }
            if state.is_quiet() {
                state.over = true;
                self.changed.notify_all();
                continue;
            }
            let timers = state.isolates.get(&id).map(|member| &member.timers);
            let due = timers.and_then(|timers| Some(timers.first_key_value()?.0.0));
            state = match due {
                None => self
                    .changed
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
                Some(due) => {
                    // One that is due and not for now (the isolate is paused) is looked
                    // at again in a moment.
                    let left = due.saturating_duration_since(Instant::now()).max(AT_LEAST);
                    let waited = self.changed.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Waits until no isolate is left. Those that are left after `deadline`, by name.
    pub fn wait_until_over(&self, deadline: Instant) -> Vec<String> {
        let mut state = self.lock();
        loop {
            let alive = state.isolates.values().filter(|member| member.is_alive());
            let alive: Vec<_> = alive.map(|member| member.name.clone()).collect();
            let left = deadline.saturating_duration_since(Instant::now());
            if alive.is_empty() || left.is_zero() {
                return alive;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl State {
    pub fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    pub fn open(&mut self, owner: u64, token: u64) -> u64 {
        let port = self.number();
        let opened = Port {
            owner,
            token,
            listening: false,
            keeps_alive: true,
            sender: Weak::new(),
        };
        self.ports.insert(port, opened);
        port
    }

    pub fn close(&mut self, port: u64, trash: &mut Trash) {
        let Some(closed) = self.ports.remove(&port) else {
            return;
        };
        if let Some(owner) = self.isolates.get_mut(&closed.owner) {
            let items = std::mem::take(&mut owner.mailbox);
            let (lost, kept): (Vec<_>, Vec<_>) = items.into_iter().partition(|item| {
                matches!(item, Item::Message { port: of, .. } | Item::Unreachable { port: of } if *of == port)
            });
            owner.mailbox.extend(kept);
            trash.add(lost);
        }
        let names: Vec<_> = self
            .names
            .extract_if(.., |_, named| named.port == port)
            .collect();
        trash.add(names);
        let waits: Vec<_> = self
            .waits
            .extract_if(.., |_, waiting| waiting.port == port)
            .collect();
        for (_, waiting) in waits {
            self.settle(waiting.isolate, waiting.token, SendStatus::Closed);
        }
    }

    pub fn settle(&mut self, isolate: u64, token: u64, status: SendStatus) {
        if let Some(member) = self.isolates.get_mut(&isolate) {
            member.mailbox.push_back(Item::Settled { token, status });
        }
    }

    pub fn send(&mut self, port: u64, payload: Payload, trash: &mut Trash) -> SendStatus {
        let owner = self.ports.get(&port).map(|port| port.owner);
        let Some(owner) = owner.and_then(|owner| self.isolates.get_mut(&owner)) else {
            trash.add(payload);
            return SendStatus::Closed;
        };
        owner.mailbox.push_back(Item::Message { port, payload });
        SendStatus::Sent
    }

    fn sender_is_gone(&mut self, port: u64) {
        let Some(found) = self.ports.get(&port) else {
            return;
        };
        // Another one may have been made meanwhile.
        if found.sender.strong_count() == 0
            && let Some(owner) = self.isolates.get_mut(&found.owner)
        {
            owner.mailbox.push_back(Item::Unreachable { port });
        }
    }

    fn is_for_now(&self, item: &Item) -> bool {
        match item {
            Item::Message { port, .. } | Item::Unreachable { port } => {
                self.ports.get(port).is_some_and(|port| port.listening)
            }
            Item::Settled { .. } | Item::Ping { .. } => true,
        }
    }

    /// Whether something has happened that an isolate can be told.
    fn has_event(&self, member: &Member) -> bool {
        let due = member.timers.first_key_value();
        due.is_some_and(|((due, _), _)| *due <= Instant::now())
            || member.mailbox.iter().any(|item| self.is_for_now(item))
    }

    /// The next event for an isolate, with the answers to pings before it.
    pub fn take_event(&mut self, id: u64, trash: &mut Trash) -> Option<Event> {
        loop {
            let member = self.isolates.get(&id)?;
            if member.is_paused() {
                return None;
            }
            let place = member.mailbox.iter().position(|item| self.is_for_now(item));
            let member = self.isolates.get_mut(&id)?;
            if let Some(timer) = member.timers.first_entry()
                && timer.key().0 <= Instant::now()
            {
                return Some(Event::Timer(timer.remove()));
            }
            match member.mailbox.remove(place?)? {
                Item::Message { port, payload } => {
                    let token = self.ports.get(&port)?.token;
                    return Some(Event::Message(payload.arrived(token)));
                }
                Item::Unreachable { port } => {
                    return Some(Event::Unreachable(self.ports.get(&port)?.token));
                }
                Item::Settled { token, status } => return Some(Event::settled(token, status)),
                Item::Ping { to, response } => {
                    self.send(to.port, response, trash);
                    trash.add(to);
                }
            }
        }
    }

    fn next(&self, id: u64) -> Option<Next> {
        let Some(member) = self.isolates.get(&id) else {
            return Some(Next::End(ExitReason::Ended));
        };
        if let Some(reason) = &member.stop {
            return Some(Next::End(reason.clone()));
        }
        if !member.is_paused() {
            if self.has_event(member) {
                return Some(Next::Turn);
            }
            let listens = |port: &Port| port.owner == id && port.listening && port.keeps_alive;
            let waits = |waiting: &Waiting| waiting.isolate == id;
            let stays = self.ports.values().any(listens)
                || self.waits.values().any(waits)
                || !member.timers.is_empty();
            if !stays {
                return Some(Next::End(ExitReason::Ended));
            }
        }
        self.over.then_some(Next::End(ExitReason::Ended))
    }

    /// Whether nothing can happen any more.
    fn is_quiet(&self) -> bool {
        let mut alive = self.isolates.values().filter(|member| member.is_alive());
        alive.all(|member| {
            let has_nothing = || member.timers.is_empty() && !self.has_event(member);
            let rests = member.is_paused() || (member.started && has_nothing());
            member.idle && member.stop.is_none() && rests
        })
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        if let Some(world) = self.world.upgrade() {
            world.with(|state, _| state.sender_is_gone(self.port));
        }
    }
}
