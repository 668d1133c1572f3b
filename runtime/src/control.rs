//! What others may do to an isolate: pause it, end it, ask whether it is there,
//! link themselves to it; and what is told when it ends.
//!
//! What is *immediate* happens in the call itself. What comes *before the next
//! event* is queued here, and [`IsolateCore::attend`] does it: at the beginning of
//! a turn and each time that the guest asks for an event.

pub(crate) mod notices;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use insula_message::{ExitReason, Limit, LimitHit};

use crate::events::Event;
use crate::host_memory::{HostShare, LISTENER};
use crate::isolate::IsolateCore;
use crate::listeners::{ExitListener, Listeners};
use crate::port::{Message, PortRef, SendStatus};
use crate::port_ids::PortIds;
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
    /// The capabilities by which it is paused. The first one, from its spawning, is
    /// on no budget.
    pauses: BTreeMap<u64, Option<HostShare>>,
    pending: VecDeque<Pending>,
    errors_fatal: bool,
    on_exit: Listeners<ExitListener>,
    monitors: Listeners<ExitListener>,
    on_error: Listeners<(PortRef, HostShare)>,
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
    _share: HostShare,
}

impl Controls {
    /// Of an isolate that begins `paused`, as if by its own pause capability, or
    /// not.
    pub(crate) fn new(ids: &PortIds, errors_fatal: bool, paused: bool) -> Self {
        let ids = ids.take(3);
        let by_itself = paused.then_some(ids + Part::Pause as u64);
        Controls {
            state: Mutex::new(State {
                pauses: by_itself.into_iter().map(|by| (by, None)).collect(),
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

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Changes the state, and says afterwards whether it wants attention.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state();
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
        let share = HostShare::take(self.group(), LISTENER)?;
        let first = self.controls().change(|state| {
            if state.ended.is_some() {
                return Ok(false);
            }
            if state.pauses.len() as u64 >= most && !state.pauses.contains_key(&by) {
                return Err(self.limits().hit(Limit::Handles));
            }
            let first = state.pauses.is_empty();
            state.pauses.insert(by, Some(share));
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
            .change(|state| state.pauses.remove(&by).is_some() && state.pauses.is_empty());
        if goes_on {
            self.emit(|group, isolate| Event::Resumed { group, isolate });
            self.wake(None);
        }
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.controls().attention.load(Ordering::SeqCst)
            && !self.controls().state().pauses.is_empty()
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
        message: Message,
        room: Promise,
        priority: Priority,
    ) -> SendStatus {
        let answered = match priority {
            Priority::Immediate if self.controls().state().ended.is_some() => false,
            Priority::Immediate => {
                room.send(message);
                true
            }
            Priority::BeforeNextEvent => self.do_before_next_event(Pending::Ping { message, room }),
        };
        if answered {
            SendStatus::Sent
        } else {
            SendStatus::Closed
        }
    }

    /// False when it has ended.
    fn do_before_next_event(self: &Arc<Self>, pending: Pending) -> bool {
        // What is not kept is dropped after the lock: it holds ports.
        let asked = self.controls().change(|state| {
            if state.ended.is_some() {
                return Err(pending);
            }
            match (state.pending.back_mut(), pending) {
                // One is enough, and there is no limit on asking.
                (Some(Pending::Kill { tree }), Pending::Kill { tree: too }) => *tree |= too,
                // Nothing comes after the end.
                (Some(Pending::Kill { .. }), ping) => return Ok(Some(ping)),
                (_, pending) => state.pending.push_back(pending),
            }
            Ok(None)
        });
        if let Ok(None) = &asked {
            self.wake(None);
        }
        asked.is_ok()
    }

    /// Does what is to be done before the next event, unless it is paused. Cheap
    /// where there is nothing. What comes meanwhile is for the next time: whoever
    /// asks without end must not keep a thread here.
    pub(crate) fn attend(self: &Arc<Self>) -> Attended {
        let mut left = None;
        loop {
            if !self.controls().attention.load(Ordering::SeqCst) {
                return Attended::GoOn;
            }
            let next = self.controls().change(|state| {
                if !state.pauses.is_empty() {
                    return Err(());
                }
                let left = left.get_or_insert(state.pending.len());
                if *left == 0 {
                    return Ok(None);
                }
                *left -= 1;
                Ok(state.pending.pop_front())
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
        self.controls().state().errors_fatal = on;
    }

    pub(crate) fn errors_are_fatal(&self) -> bool {
        self.controls().state().errors_fatal
    }
}
