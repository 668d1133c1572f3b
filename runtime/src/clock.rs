//! Timers: one thread that wakes isolates when it is time.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, Weak};
use std::time::{Duration, Instant};

use crate::group::Activity;
use crate::isolate::IsolateCore;
use crate::sync::{JoinHandle, lock, spawn_thread, wait, wait_timeout};

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

struct Timer {
    isolate: Arc<IsolateCore>,
    handle: u32,
    token: u64,
    activity: Activity,
}

/// A timer that is cancelled when this is dropped.
pub(crate) struct TimerRef {
    clock: Arc<Clock>,
    key: Key,
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

    /// Puts an event for the timer with `handle` into the isolate's mailbox,
    /// `after` from now.
    pub(crate) fn start_timer(
        self: &Arc<Self>,
        after: Duration,
        isolate: &Arc<IsolateCore>,
        handle: u32,
        token: u64,
    ) -> TimerRef {
        let mut state = lock(&self.state);
        let key = state.key(after);
        let activity = Activity::begin(isolate.group());
        let timer = Timer {
            isolate: isolate.clone(),
            handle,
            token,
            activity,
        };
        lock(isolate.mailbox()).pending_timers += 1;
        state.timers.insert(key, timer);
        if state.first() == Some(key) {
            self.changed.notify_one();
        }
        TimerRef {
            clock: self.clone(),
            key,
        }
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

    fn cancel(&self, key: Key) {
        let timer = lock(&self.state).timers.remove(&key);
        if let Some(timer) = &timer {
            lock(timer.isolate.mailbox()).pending_timers -= 1;
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
    fn fire(self) {
        let wake = lock(self.isolate.mailbox()).push_timer(self.handle, self.token);
        if wake {
            self.isolate.wake(None);
        }
        drop(self.activity);
    }
}

impl Drop for TimerRef {
    fn drop(&mut self) {
        self.clock.cancel(self.key);
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        let isolate = lock(&self.clock.state).deadlines.remove(&self.key);
        drop(isolate);
    }
}
