//! Timers: one thread that wakes isolates when it is time.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, Weak};
use std::time::{Duration, Instant};

use crate::group::Activity;
use crate::host_memory::HostShare;
use crate::isolate::IsolateCore;
use crate::sync::{JoinHandle, lock, spawn_thread, wait, wait_timeout};
use crate::virtual_time::{self, VirtualTime};

pub(crate) struct Clock {
    state: Mutex<State>,
    /// Told when the first timer changes and when the clock is to stop.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    timers: BTreeMap<Key, Timer>,
    /// Isolates whose lives end.
    deadlines: BTreeMap<Key, Weak<IsolateCore>>,
    made: u64,
    thread: Option<JoinHandle>,
    stopping: bool,
}

type Key = (Instant, u64);

pub(crate) struct Timer {
    isolate: Arc<IsolateCore>,
    handle: u32,
    token: u64,
    activity: Activity,
    /// For as long as anything of it is there.
    share: HostShare,
}

/// What a pending timer takes.
#[cfg(test)]
pub(crate) const TIMER_SIZE: usize = size_of::<(Key, Timer)>();

/// A timer that is cancelled when this is dropped.
pub(crate) enum TimerRef {
    Host(Arc<Clock>, Key),
    Group(Arc<VirtualTime>, virtual_time::Key),
}

/// The end of an isolate's life, called off when this is dropped.
pub(crate) struct Deadline {
    clock: Arc<Clock>,
    key: Key,
}

/// A time further off than a process lives; `Instant` cannot count as far as a
/// guest's nanoseconds may.
const FAR_OFF: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

impl Clock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Clock {
            state: Mutex::new(State::default()),
            changed: Condvar::new(),
        })
    }

    fn start_timer(
        self: &Arc<Self>,
        after: Duration,
        isolate: &Arc<IsolateCore>,
        (handle, token): (u32, u64),
        share: HostShare,
    ) -> TimerRef {
        let mut state = lock(&self.state);
        let key = state.key(after);
        let timer = Timer::new(isolate, (handle, token), share);
        state.timers.insert(key, timer);
        if state.first() == Some(key) {
            self.changed.notify_one();
        }
        TimerRef::Host(self.clone(), key)
    }

    /// Ends the isolate `after` from now.
    pub(crate) fn end_later(
        self: &Arc<Self>,
        after: Duration,
        isolate: &Arc<IsolateCore>,
    ) -> Deadline {
        let mut state = lock(&self.state);
        let key = state.key(after);
        state.deadlines.insert(key, Arc::downgrade(isolate));
        if state.first() == Some(key) {
            self.changed.notify_one();
        }
        Deadline {
            clock: self.clone(),
            key,
        }
    }

    /// Timers that are not due yet.
    pub(crate) fn pending(&self) -> usize {
        lock(&self.state).timers.len()
    }

    /// Starts the clock's thread.
    pub(crate) fn start(self: &Arc<Self>) -> std::io::Result<()> {
        let clock = self.clone();
        let thread = spawn_thread("insula-clock".to_owned(), move || clock.work())?;
        lock(&self.state).thread = Some(thread);
        Ok(())
    }

    fn work(&self) {
        let mut state = lock(&self.state);
        while !state.stopping {
            let now = Instant::now();
            state = match state.first() {
                None => wait(&self.changed, state),
                Some((first, _)) if first > now => wait_timeout(&self.changed, state, first - now),
                Some(first) => {
                    let timer = state.timers.remove(&first);
                    let deadline = state.deadlines.remove(&first);
                    drop(state);
                    if let Some(timer) = timer {
                        timer.fire();
                    }
                    if let Some(isolate) = deadline.and_then(|isolate| isolate.upgrade()) {
                        isolate.outlived();
                    }
                    lock(&self.state)
                }
            };
        }
    }

    pub(crate) fn stop(&self) {
        let thread = {
            let mut state = lock(&self.state);
            state.stopping = true;
            state.thread.take()
        };
        self.changed.notify_all();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

impl State {
    /// What stands in no other place than `after` from now.
    fn key(&mut self, after: Duration) -> Key {
        self.made += 1;
        (Instant::now() + after.min(FAR_OFF), self.made)
    }

    /// What comes first.
    fn first(&self) -> Option<Key> {
        let timer = self.timers.first_key_value().map(|(key, _)| *key);
        let deadline = self.deadlines.first_key_value().map(|(key, _)| *key);
        match (timer, deadline) {
            (Some(timer), Some(deadline)) => Some(timer.min(deadline)),
            (timer, deadline) => timer.or(deadline),
        }
    }
}

impl Timer {
    pub(crate) fn new(
        isolate: &Arc<IsolateCore>,
        (handle, token): (u32, u64),
        share: HostShare,
    ) -> Self {
        let activity = Activity::begin(isolate.group());
        isolate.mailbox().pending_timers += 1;
        Timer {
            isolate: isolate.clone(),
            handle,
            token,
            activity,
            share,
        }
    }

    pub(crate) fn fire(self) {
        let wake = self
            .isolate
            .mailbox()
            .push_timer(self.handle, self.token, self.share);
        if wake {
            self.isolate.wake(None);
        }
        drop(self.activity);
    }
}

impl IsolateCore {
    /// Puts an event for the timer with `handle` into the isolate's mailbox, `after`
    /// from now by its group's time.
    pub(crate) fn start_timer(
        self: &Arc<Self>,
        after: Duration,
        names: (u32, u64),
        share: HostShare,
    ) -> TimerRef {
        match self.group().virtual_time() {
            None => {
                let clock = &self.group().core().clock;
                clock.start_timer(after, self, names, share)
            }
            Some(time) => {
                let timer = || Timer::new(self, names, share);
                TimerRef::Group(time.clone(), time.start_timer(after, timer))
            }
        }
    }
}

impl Drop for TimerRef {
    fn drop(&mut self) {
        let timer = match self {
            TimerRef::Host(clock, key) => lock(&clock.state).timers.remove(key),
            TimerRef::Group(time, key) => time.cancel_timer(*key),
        };
        if let Some(timer) = timer {
            timer.isolate.mailbox().pending_timers -= 1;
        }
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        let isolate = lock(&self.clock.state).deadlines.remove(&self.key);
        drop(isolate);
    }
}
