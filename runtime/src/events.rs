//! What happens in a runtime, as a stream that a host can listen to.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use futures_core::Stream;
use insula_message::{ExitReason, LimitHit};

use crate::error::CacheError;
use crate::sync::{lock, wait, wait_timeout};

/// Something that happened in a runtime.
///
/// Isolates are told apart by the number of their group and their name, which is
/// unique within the group.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// An isolate was spawned. It may not have run yet.
    Spawned {
        /// Its group's number in the runtime.
        group: u64,
        /// Its name.
        isolate: String,
        /// The entry that it is to run; empty where that is the default entry of
        /// a program which is still to be loaded.
        entry: String,
        /// The name of the isolate that spawned it, none where the host did.
        parent: Option<String>,
    },
    /// A port got a name in its group.
    Named {
        /// The group's number.
        group: u64,
        /// The isolate that owns the port, none where that is no isolate of
        /// this group.
        isolate: Option<String>,
        /// The port's name.
        name: String,
    },
    /// An isolate was paused.
    Paused {
        /// Its group's number.
        group: u64,
        /// Its name.
        isolate: String,
    },
    /// A paused isolate goes on.
    Resumed {
        /// Its group's number.
        group: u64,
        /// Its name.
        isolate: String,
    },
    /// An isolate met a limit: something was refused to it, or it ends, and an
    /// [`Event::Exited`] follows. Told at most once a second of each limit of an
    /// isolate, so that no guest shuts out other events by asking in a loop; how
    /// often it was in all, [`Group::usage`](crate::Group::usage) says.
    LimitHit {
        /// Its group's number.
        group: u64,
        /// Its name.
        isolate: String,
        /// The limit and its value.
        hit: LimitHit,
    },
    /// An error was caught by nothing in an isolate. Where that ended it, an
    /// [`Event::Exited`] follows.
    Uncaught {
        /// Its group's number.
        group: u64,
        /// Its name.
        isolate: String,
        /// What the error says.
        error: String,
    },
    /// An isolate has ended.
    Exited {
        /// Its group's number.
        group: u64,
        /// Its name.
        isolate: String,
        /// Why it ended.
        reason: ExitReason,
    },
    /// The cache of compiled programs did not do its work. Told once for each kind
    /// of error.
    Cache {
        /// What went wrong.
        error: CacheError,
    },
    /// So many events after the one before this were dropped, as
    /// [`Events::CAPACITY`] of them waited already.
    Lost(u64),
}

/// The events of a runtime from the moment on when this was made, in order: a
/// blocking iterator, and a [`Stream`] for any executor. It ends when the
/// runtime is shut down and the last event was taken.
///
/// Each listener has its own. One that does not keep up holds nobody back: it
/// loses the newest events, and an [`Event::Lost`] in their place says how many.
pub struct Events {
    hub: Arc<Hub>,
    queue: Arc<Queue>,
}

/// Where the runtime says what happens. Costs one atomic load while nobody
/// listens.
#[derive(Default)]
pub(crate) struct Hub {
    listeners: AtomicUsize,
    state: Mutex<HubState>,
}

#[derive(Default)]
struct HubState {
    queues: Vec<Arc<Queue>>,
    closed: bool,
}

#[derive(Default)]
struct Queue {
    state: Mutex<QueueState>,
    told: Condvar,
}

#[derive(Default)]
struct QueueState {
    events: VecDeque<Event>,
    lost: u64,
    waker: Option<Waker>,
    closed: bool,
}

impl Hub {
    /// Whether anybody listens.
    pub(crate) fn is_heard(&self) -> bool {
        self.listeners.load(Ordering::SeqCst) > 0
    }

    /// Tells every listener what `make` makes. Call it while no lock is held
    /// that a listener's waker might want.
    pub(crate) fn emit(&self, make: impl FnOnce() -> Event) {
        if !self.is_heard() {
            return;
        }
        let event = make();
        let mut wakers = Vec::new();
        {
            // Held for all of them, so that each sees the same order.
            let state = lock(&self.state);
            for queue in &state.queues {
                wakers.extend(queue.push(event.clone()));
            }
        }
        wakers.into_iter().for_each(wake);
    }

    pub(crate) fn listen(self: &Arc<Self>) -> Events {
        let queue = Arc::new(Queue::default());
        let mut state = lock(&self.state);
        if state.closed {
            lock(&queue.state).closed = true;
        } else {
            state.queues.push(queue.clone());
            self.listeners.store(state.queues.len(), Ordering::SeqCst);
        }
        drop(state);
        Events {
            hub: self.clone(),
            queue,
        }
    }

    /// Nothing can happen any more.
    pub(crate) fn close(&self) {
        let queues = {
            let mut state = lock(&self.state);
            state.closed = true;
            self.listeners.store(0, Ordering::SeqCst);
            std::mem::take(&mut state.queues)
        };
        for queue in queues {
            let waker = {
                let mut state = lock(&queue.state);
                state.closed = true;
                state.waker.take()
            };
            queue.told.notify_all();
            waker.into_iter().for_each(wake);
        }
    }

    fn forget(&self, gone: &Arc<Queue>) {
        let mut state = lock(&self.state);
        state.queues.retain(|queue| !Arc::ptr_eq(queue, gone));
        self.listeners.store(state.queues.len(), Ordering::SeqCst);
    }
}

/// A host's waker that panics must not take a worker along.
fn wake(waker: Waker) {
    crate::core::shielded(|| waker.wake());
}

impl Queue {
    /// The waker to be woken once no lock is held.
    fn push(&self, event: Event) -> Option<Waker> {
        let mut state = lock(&self.state);
        // What is lost is told before anything newer.
        if state.lost > 0 || state.events.len() >= Events::CAPACITY {
            state.lost += 1;
            return None;
        }
        state.events.push_back(event);
        self.told.notify_one();
        state.waker.take()
    }
}

impl QueueState {
    /// The next event; an error when there will be none any more.
    fn take(&mut self) -> Result<Option<Event>, Closed> {
        if let Some(event) = self.events.pop_front() {
            return Ok(Some(event));
        }
        match std::mem::take(&mut self.lost) {
            0 if self.closed => Err(Closed),
            0 => Ok(None),
            lost => Ok(Some(Event::Lost(lost))),
        }
    }
}

struct Closed;

impl Events {
    /// How many events wait for a listener before the newest are dropped.
    pub const CAPACITY: usize = 4_096;

    /// The next event if it is there; none also after the last one.
    pub fn try_next(&mut self) -> Option<Event> {
        lock(&self.queue.state).take().ok().flatten()
    }

    /// The next event, waiting no longer than `time`; none where there is none
    /// by then, or after the last one.
    pub fn next_timeout(&mut self, time: Duration) -> Option<Event> {
        let Some(deadline) = Instant::now().checked_add(time) else {
            return self.next();
        };
        let mut state = lock(&self.queue.state);
        loop {
            match state.take() {
                Ok(Some(event)) => return Some(event),
                Err(Closed) => return None,
                Ok(None) => {}
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            state = wait_timeout(&self.queue.told, state, left);
        }
    }
}

impl Iterator for Events {
    type Item = Event;

    /// Waits for the next event; none after the last one.
    fn next(&mut self) -> Option<Event> {
        let mut state = lock(&self.queue.state);
        loop {
            match state.take() {
                Ok(Some(event)) => return Some(event),
                Err(Closed) => return None,
                Ok(None) => state = wait(&self.queue.told, state),
            }
        }
    }
}

impl Stream for Events {
    type Item = Event;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Event>> {
        let waker = context.waker().clone();
        let mut state = lock(&self.queue.state);
        let (answer, old) = match state.take() {
            Ok(Some(event)) => (Poll::Ready(Some(event)), Some(waker)),
            Err(Closed) => (Poll::Ready(None), Some(waker)),
            Ok(None) => (Poll::Pending, state.waker.replace(waker)),
        };
        drop(state);
        // The host's code, like waking it.
        drop(old);
        answer
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.hub.forget(&self.queue);
    }
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Events")
            .field("waiting", &lock(&self.queue.state).events.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paused(group: u64) -> Event {
        let isolate = String::new();
        Event::Paused { group, isolate }
    }

    #[test]
    fn every_listener_gets_the_same_order_from_when_it_began() {
        let hub = Arc::new(Hub::default());
        hub.emit(|| unreachable!("nobody listens"));
        let first = hub.listen();
        hub.emit(|| paused(1));
        let second = hub.listen();
        hub.emit(|| paused(2));
        hub.close();
        assert_eq!(first.collect::<Vec<_>>(), [paused(1), paused(2)]);
        assert_eq!(second.collect::<Vec<_>>(), [paused(2)]);
        assert_eq!(hub.listen().next(), None);
    }

    #[test]
    fn what_is_lost_is_told_in_its_place() {
        let hub = Arc::new(Hub::default());
        let mut events = hub.listen();
        for number in 0..Events::CAPACITY as u64 + 3 {
            hub.emit(|| paused(number));
        }
        for number in 0..Events::CAPACITY as u64 {
            assert_eq!(events.try_next(), Some(paused(number)));
        }
        // Still before anything newer.
        hub.emit(|| paused(77));
        assert_eq!(events.try_next(), Some(Event::Lost(4)));
        hub.emit(|| paused(78));
        assert_eq!(events.try_next(), Some(paused(78)));
        assert_eq!(events.try_next(), None);
    }

    #[test]
    fn a_task_is_woken_by_an_event_and_by_the_end() {
        struct Count(AtomicUsize);
        impl std::task::Wake for Count {
            fn wake(self: Arc<Self>) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        let woken = Arc::new(Count(AtomicUsize::new(0)));
        let waker = Waker::from(woken.clone());
        let mut context = Context::from_waker(&waker);
        let hub = Arc::new(Hub::default());
        let mut events = hub.listen();
        let mut poll = |events: &mut Events| Pin::new(events).poll_next(&mut context);

        assert_eq!(poll(&mut events), Poll::Pending);
        hub.emit(|| paused(1));
        assert_eq!(woken.0.load(Ordering::SeqCst), 1);
        assert_eq!(poll(&mut events), Poll::Ready(Some(paused(1))));
        assert_eq!(poll(&mut events), Poll::Pending);
        hub.close();
        assert_eq!(woken.0.load(Ordering::SeqCst), 2);
        assert_eq!(poll(&mut events), Poll::Ready(None));
    }
}
