//! What others may do to an isolate: pause it, end it, ask whether it is there,
//! link themselves to it; and what is told when it ends.
//!
//! What is *immediate* happens in the call itself. What comes *before the next
//! event* is queued here, and [`IsolateCore::attend`] does it: at the beginning of
//! a turn and each time that the guest asks for an event.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};

use insula_message::{ExitReason, Frame, Limit, LimitHit};

use crate::events::Event;
use crate::isolate::IsolateCore;
use crate::listeners::{ExitListener, Listeners, REASON_ROOM, cut, tell_error};
use crate::port::{Message, PortRef, SendStatus, new_ids};
use crate::promise::Promise;
use crate::sync::lock;

/// When a control takes effect. The numbers are those of `priority` in the WIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Priority {
    /// At once, also inside of a running turn and in a paused isolate.
    Immediate = 0,
    /// After the isolate's current event and before all that is queued. A paused
    /// isolate comes to it when it is resumed.
    BeforeNextEvent = 1,
}

/// The part of an isolate that its controllers share.
pub(crate) struct Controls {
    state: Mutex<State>,
    /// It is paused, or something is to be done before the next event.
    attention: AtomicBool,
    /// The numbers of its control port and of its two capabilities.
    ids: u64,
}

struct State {
    /// The capabilities by which it is paused.
    pauses: BTreeSet<u64>,
    pending: VecDeque<Pending>,
    errors_fatal: bool,
    on_exit: Listeners<ExitListener>,
    monitors: Listeners<ExitListener>,
    on_error: Listeners<PortRef>,
    /// By the number of their control ports.
    links: BTreeMap<u64, Link>,
    /// Set when it has ended: nobody is added any more.
    ended: Option<ExitReason>,
}

enum Pending {
    Kill { tree: bool },
    Ping { message: Message, room: Promise },
}

/// What an isolate is to do about its controls.
pub(crate) enum Attended {
    GoOn,
    Pause,
    /// It was told to end.
    End,
}

/// Which capability of an isolate.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    ControlPort = 0,
    Pause = 1,
    Terminate = 2,
}

/// What one isolate has to do with another one.
struct Link {
    to: Weak<IsolateCore>,
    /// Whether the other one ends when this one ends other than in peace.
    ends: bool,
}

/// What is told of the end of an isolate, after it.
pub(crate) struct Told {
    on_exit: Listeners<ExitListener>,
    monitors: Listeners<ExitListener>,
    on_error: Listeners<PortRef>,
    links: BTreeMap<u64, Link>,
    _pending: VecDeque<Pending>,
}

impl Controls {
    /// Of an isolate that begins `paused`, as if by its own pause capability, or
    /// not.
    pub(crate) fn new(errors_fatal: bool, paused: bool) -> Self {
        let ids = new_ids(3);
        let by_itself = paused.then_some(ids + Part::Pause as u64);
        Controls {
            state: Mutex::new(State {
                pauses: by_itself.into_iter().collect(),
                pending: VecDeque::new(),
                errors_fatal,
                on_exit: Listeners::default(),
                monitors: Listeners::default(),
                on_error: Listeners::default(),
                links: BTreeMap::new(),
                ended: None,
            }),
            attention: AtomicBool::new(paused),
            ids,
        }
    }

    pub(crate) fn id(&self, part: Part) -> u64 {
        self.ids + part as u64
    }

    /// Changes the state, and says afterwards whether it wants attention.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = lock(&self.state);
        let changed = change(&mut state);
        let attention = !state.pauses.is_empty() || !state.pending.is_empty();
        self.attention.store(attention, Ordering::SeqCst);
        changed
    }
}

impl IsolateCore {
    /// Adds a pause.
    pub(crate) fn pause(&self, by: u64) -> Result<(), LimitHit> {
        let most = self.limits().handles;
        let first = self.controls().change(|state| {
            if state.ended.is_some() {
                return Ok(false);
            }
            if state.pauses.len() as u64 >= most && !state.pauses.contains(&by) {
                return Err(self.limits().hit(Limit::Handles));
            }
            let first = state.pauses.is_empty();
            state.pauses.insert(by);
            Ok(first)
        })?;
        if first {
            self.emit(|group, isolate| Event::Paused { group, isolate });
        }
        Ok(())
    }

    /// Takes a pause away, where there is such a one. With the last one it goes
    /// on.
    pub(crate) fn resume(self: &Arc<Self>, by: u64) {
        let goes_on = self
            .controls()
            .change(|state| state.pauses.remove(&by) && state.pauses.is_empty());
        if goes_on {
            self.emit(|group, isolate| Event::Resumed { group, isolate });
            self.wake(None);
        }
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.controls().attention.load(Ordering::SeqCst)
            && !lock(&self.controls().state).pauses.is_empty()
    }

    /// Ends it, and with `tree` all that it has spawned.
    pub(crate) fn kill(self: &Arc<Self>, priority: Priority, tree: bool) {
        match priority {
            Priority::Immediate if tree => self.group().stop_tree(self.number()),
            Priority::Immediate => self.stop(ExitReason::Killed),
            Priority::BeforeNextEvent => {
                let kill = Pending::Kill { tree };
                self.do_before_next_event(kill);
            }
        }
    }

    /// Answers with `message` at `to`, unless it has ended.
    pub(crate) fn ping(
        self: &Arc<Self>,
        to: &PortRef,
        message: Message,
        priority: Priority,
    ) -> SendStatus {
        if lock(&self.controls().state).ended.is_some() {
            return SendStatus::Closed;
        }
        match priority {
            Priority::Immediate => to.send(message, Default::default(), None),
            Priority::BeforeNextEvent => match to.promise(message.cost()) {
                Ok(room) => {
                    if self.do_before_next_event(Pending::Ping { message, room }) {
                        SendStatus::Sent
                    } else {
                        SendStatus::Closed
                    }
                }
                Err(status) => status,
            },
        }
    }

    /// False when it has ended.
    fn do_before_next_event(self: &Arc<Self>, pending: Pending) -> bool {
        // What is refused is dropped after the lock: it holds ports.
        let refused = self.controls().change(|state| {
            if state.ended.is_some() {
                return Some(pending);
            }
            let killed = state.pending.iter_mut().find_map(|pending| match pending {
                Pending::Kill { tree } => Some(tree),
                Pending::Ping { .. } => None,
            });
            match (killed, pending) {
                // One is enough, and there is no limit on asking.
                (Some(tree), Pending::Kill { tree: too }) => *tree |= too,
                (_, pending) => state.pending.push_back(pending),
            }
            None
        });
        if refused.is_none() {
            self.wake(None);
        }
        refused.is_none()
    }

    /// Does what is to be done before the next event, unless it is paused. Cheap
    /// where there is nothing.
    pub(crate) fn attend(self: &Arc<Self>) -> Attended {
        loop {
            if !self.controls().attention.load(Ordering::SeqCst) {
                return Attended::GoOn;
            }
            let next = self.controls().change(|state| {
                if state.pauses.is_empty() {
                    Ok(state.pending.pop_front())
                } else {
                    Err(())
                }
            });
            match next {
                Err(()) => return Attended::Pause,
                Ok(None) => return Attended::GoOn,
                Ok(Some(Pending::Ping { message, room })) => room.send(message),
                Ok(Some(Pending::Kill { tree })) => {
                    self.kill(Priority::Immediate, tree);
                    return Attended::End;
                }
            }
        }
    }

    pub(crate) fn set_errors_fatal(&self, on: bool) {
        lock(&self.controls().state).errors_fatal = on;
    }

    pub(crate) fn errors_are_fatal(&self) -> bool {
        lock(&self.controls().state).errors_fatal
    }

    /// Tells error listeners. False when there are none.
    pub(crate) fn tell_of_error(&self, text: &str, backtrace: &[Frame]) -> bool {
        // Sending wakes others and may drop ports, so not under the lock.
        let listeners: Vec<_> = lock(&self.controls().state)
            .on_error
            .iter()
            .map(|port| port.for_holder(Some(self.group())))
            .collect();
        for port in &listeners {
            tell_error(port, text, backtrace);
        }
        self.emit(|group, isolate| Event::Uncaught {
            group,
            isolate,
            error: text.to_owned(),
        });
        !listeners.is_empty()
    }

    pub(crate) fn add_error_listener(&self, to: &PortRef) -> SendStatus {
        let listener = to.for_holder(Some(self.group()));
        let most = self.limits().handles;
        let (status, dropped) = self.controls().change(|state| {
            if state.ended.is_some() {
                (SendStatus::Closed, Some(listener))
            } else if state.on_error.len() as u64 >= most {
                (SendStatus::Full, Some(listener))
            } else {
                (SendStatus::Sent, state.on_error.add(to.id(), listener))
            }
        });
        drop(dropped);
        status
    }

    pub(crate) fn remove_error_listener(&self, to: &PortRef) {
        let removed = self
            .controls()
            .change(|state| state.on_error.remove(to.id()));
        drop(removed);
    }

    /// Dart's listener: told `response` at the end, and never when that was
    /// before.
    pub(crate) fn add_exit_listener(&self, to: &PortRef, response: Message) -> SendStatus {
        let listener = match ExitListener::new(to, response, 0) {
            Ok(listener) => listener,
            Err(status) => return status,
        };
        let (status, dropped) = self.controls().change(|state| match &state.ended {
            Some(_) => (SendStatus::Closed, Some(listener)),
            None => (SendStatus::Sent, state.on_exit.add(to.id(), listener)),
        });
        drop(dropped);
        status
    }

    /// Of an isolate that nobody knows yet.
    pub(crate) fn add_first_exit_listener(&self, port: u64, listener: ExitListener) {
        let replaced = self
            .controls()
            .change(|state| state.on_exit.add(port, listener));
        drop(replaced);
    }

    pub(crate) fn remove_exit_listener(&self, to: &PortRef) {
        let removed = self
            .controls()
            .change(|state| state.on_exit.remove(to.id()));
        drop(removed);
    }

    /// Told `response` and the reason at the end, at once when that was before.
    pub(crate) fn add_monitor(&self, to: &PortRef, response: Message) -> SendStatus {
        let listener = match ExitListener::new(to, response, REASON_ROOM) {
            Ok(listener) => listener,
            Err(status) => return status,
        };
        let (ended, dropped) = self.controls().change(|state| match &state.ended {
            Some(reason) => (Some(reason.clone()), Some(listener)),
            None => (None, state.monitors.add(to.id(), listener)),
        });
        match (ended, dropped) {
            (Some(reason), Some(listener)) => listener.tell_reason(&reason),
            (_, replaced) => drop(replaced),
        }
        SendStatus::Sent
    }

    pub(crate) fn remove_monitor(&self, to: &PortRef) {
        let removed = self
            .controls()
            .change(|state| state.monitors.remove(to.id()));
        drop(removed);
    }

    /// Links two isolates: when one ends other than in peace, so does the other.
    pub(crate) fn link(self: &Arc<Self>, other: &Arc<Self>) {
        if Arc::ptr_eq(self, other) {
            return;
        }
        self.add_link(other, true);
        if let Some(reason) = other.add_link(self, true) {
            self.remove_link(other);
            if is_abnormal(&reason) {
                self.stop(linked(other, &reason));
            }
        }
    }

    /// Ties the other one to this one: when this one ends other than in peace, so
    /// does the other.
    pub(crate) fn tie(self: &Arc<Self>, other: &Arc<Self>) {
        if Arc::ptr_eq(self, other) {
            return;
        }
        self.add_link(other, true);
        // The other one forgets nothing but the link when it ends.
        if other.add_link(self, false).is_some() {
            self.remove_link(other);
        }
    }

    /// The reason why this one has ended, where it has.
    fn add_link(&self, other: &Arc<Self>, ends: bool) -> Option<ExitReason> {
        let id = other.controls().id(Part::ControlPort);
        self.controls().change(|state| {
            if state.ended.is_none() {
                let link = state.links.entry(id).or_insert_with(|| Link {
                    to: Arc::downgrade(other),
                    ends: false,
                });
                link.ends |= ends;
            }
            state.ended.clone()
        })
    }

    fn remove_link(&self, other: &Self) {
        let id = other.controls().id(Part::ControlPort);
        let removed = self.controls().change(|state| state.links.remove(&id));
        drop(removed);
    }

    pub(crate) fn unlink(&self, other: &Self) {
        self.remove_link(other);
        other.remove_link(self);
    }

    /// No control has an effect from now on. Gives who is to be told.
    pub(crate) fn end_controls(&self, reason: &ExitReason) -> Told {
        self.controls().change(|state| {
            state.ended = Some(reason.clone());
            state.pauses.clear();
            Told {
                on_exit: std::mem::take(&mut state.on_exit),
                monitors: std::mem::take(&mut state.monitors),
                on_error: std::mem::take(&mut state.on_error),
                links: std::mem::take(&mut state.links),
                _pending: std::mem::take(&mut state.pending),
            }
        })
    }
}

impl Told {
    /// Tells everybody: of the error first, of the end then.
    pub(crate) fn tell(self, isolate: &IsolateCore, reason: &ExitReason) {
        if let Some(text) = error_text(reason) {
            for port in self.on_error.into_iter() {
                tell_error(&port, &text, reason.backtrace());
            }
        }
        for listener in self.on_exit.into_iter() {
            listener.tell();
        }
        for monitor in self.monitors.into_iter() {
            monitor.tell_reason(reason);
        }
        for link in self.links.into_values() {
            if let Some(other) = link.to.upgrade() {
                other.remove_link(isolate);
                if link.ends && is_abnormal(reason) {
                    other.stop(linked(isolate, reason));
                }
            }
        }
    }
}

/// What error listeners are told of an end, where it was an error of the
/// isolate's own.
pub(crate) fn error_text(reason: &ExitReason) -> Option<String> {
    match reason {
        ExitReason::Failed { error, .. } => Some(error.clone()),
        ExitReason::Linked { .. } => None,
        reason => reason.is_error().then(|| reason.to_string()),
    }
}

/// Whether those that are linked to it end too.
fn is_abnormal(reason: &ExitReason) -> bool {
    !matches!(reason, ExitReason::Ended | ExitReason::ShutDown)
}

fn linked(to: &IsolateCore, reason: &ExitReason) -> ExitReason {
    match reason {
        // The first one of a chain is the cause.
        ExitReason::Linked { .. } => reason.clone(),
        _ => ExitReason::Linked {
            isolate: to.name().to_owned(),
            reason: Box::new(cut(reason)),
        },
    }
}
