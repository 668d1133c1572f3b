//! Futures that run in this isolate, on its one thread.
//!
//! A task is polled when it was woken, and all that are woken are polled before
//! a turn ends. Nothing is left over that only a further turn would run.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// Runs `future` in this isolate, along with everything else in it. Its first
/// poll is not within this call.
///
/// It goes on when its [`Task`] is dropped. It does not keep the isolate alive:
/// what it waits for does.
///
/// ```no_run
/// # use insula_guest::*;
/// # use std::time::Duration;
/// # async fn example() {
/// let answer = spawn_task(async {
///     sleep(Duration::from_millis(10)).await;
///     42
/// });
/// println!("meanwhile..");
/// assert_eq!(answer.await, 42);
/// # }
/// ```
pub fn spawn_task<T: 'static>(future: impl Future<Output = T> + 'static) -> Task<T> {
    let outcome = Rc::new(Outcome {
        value: Cell::new(None),
        waiter: Cell::new(None),
    });
    let task = Task(Rc::clone(&outcome));
    TASKS.with(|tasks| {
        tasks.add(Box::pin(async move {
            outcome.value.set(Some(future.await));
            if let Some(waiter) = outcome.waiter.take() {
                waiter.wake();
            }
        }));
    });
    task
}

/// A future that runs by itself. Awaited, it is what the future came to.
pub struct Task<T>(Rc<Outcome<T>>);

struct Outcome<T> {
    value: Cell<Option<T>>,
    waiter: Cell<Option<Waker>>,
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Task")
    }
}

impl<T> Future for Task<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        match self.0.value.take() {
            Some(value) => Poll::Ready(value),
            None => {
                self.0.waiter.set(Some(context.waker().clone()));
                Poll::Pending
            }
        }
    }
}

/// So many polls at most between two looks at the mailbox, or tasks that keep
/// waking each other would keep messages from being received.
const POLLS: usize = 64;

/// Polls what was woken, up to that number of polls.
pub(crate) fn run_ready() {
    TASKS.with(|tasks| {
        for _ in 0..POLLS {
            let Some(id) = tasks.ready.borrow_mut().pop_front() else {
                return;
            };
            tasks.poll(id);
        }
    });
}

/// Drops all tasks.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn forget() {
    TASKS.with(|tasks| {
        let all = tasks.tasks.take();
        tasks.ready.borrow_mut().clear();
        drop(all);
    });
}

/// Whether a task is woken and was not polled since.
pub(crate) fn is_any_ready() -> bool {
    TASKS.with(|tasks| !tasks.ready.borrow().is_empty())
}

thread_local! {
    static TASKS: Tasks = const {
        Tasks {
            next_id: Cell::new(0),
            tasks: RefCell::new(BTreeMap::new()),
            ready: RefCell::new(VecDeque::new()),
        }
    };
}

struct Tasks {
    next_id: Cell<u64>,
    tasks: RefCell<BTreeMap<u64, Entry>>,
    ready: RefCell<VecDeque<u64>>,
}

type Body = Pin<Box<dyn Future<Output = ()>>>;

struct Entry {
    /// None while it is being polled.
    future: Option<Body>,
    alarm: Arc<Alarm>,
}

/// What wakes a task. It may outlive it.
struct Alarm {
    id: u64,
    /// Whether the task is in `ready`.
    rung: AtomicBool,
}

impl Tasks {
    fn add(&self, future: Body) {
        let id = self.next_id.replace(self.next_id.get() + 1);
        let alarm = Arc::new(Alarm {
            id,
            rung: AtomicBool::new(true),
        });
        let future = Some(future);
        self.tasks.borrow_mut().insert(id, Entry { future, alarm });
        self.ready.borrow_mut().push_back(id);
    }

    fn poll(&self, id: u64) {
        let Some((mut future, alarm)) = self.begin_poll(id) else {
            return;
        };
        alarm.rung.store(false, Ordering::Relaxed);
        let waker = Waker::from(alarm);
        let poll = future.as_mut().poll(&mut Context::from_waker(&waker));
        let mut tasks = self.tasks.borrow_mut();
        match tasks.get_mut(&id) {
            Some(entry) if poll.is_pending() => entry.future = Some(future),
            _ => {
                let over = tasks.remove(&id);
                // What the future holds may be the program's, and have more tasks.
                drop(tasks);
                drop((over, future));
            }
        }
    }

    fn begin_poll(&self, id: u64) -> Option<(Body, Arc<Alarm>)> {
        let mut tasks = self.tasks.borrow_mut();
        let entry = tasks.get_mut(&id)?;
        Some((entry.future.take()?, Arc::clone(&entry.alarm)))
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.rung.swap(true, Ordering::Relaxed) {
            TASKS.with(|tasks| tasks.ready.borrow_mut().push_back(self.id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    fn run_until_idle() {
        while is_any_ready() {
            run_ready();
        }
    }

    /// Lets every other task that is ready run first.
    async fn give_way() {
        let mut given = false;
        poll_fn(|context| {
            if given {
                return Poll::Ready(());
            }
            given = true;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    #[test]
    fn tasks_take_turns_and_are_awaited() {
        let log = Rc::new(RefCell::new(Vec::new()));
        let tasks = [1, 2].map(|name| {
            let log = Rc::clone(&log);
            spawn_task(async move {
                for step in 0..2 {
                    log.borrow_mut().push((name, step));
                    give_way().await;
                }
                name * 10
            })
        });
        assert!(log.borrow().is_empty(), "nothing runs within spawn_task");
        let sum = spawn_task(async move {
            let mut sum = 0;
            for task in tasks {
                sum += task.await;
            }
            sum
        });
        run_until_idle();
        assert_eq!(*log.borrow(), [(1, 0), (2, 0), (1, 1), (2, 1)]);
        assert_eq!(sum.0.value.take(), Some(30));
    }

    #[test]
    fn a_waker_wakes_once_and_outlives_its_task() {
        let (polls, waker) = (Rc::new(Cell::new(0)), Rc::new(RefCell::new(None)));
        let (seen, kept) = (Rc::clone(&polls), Rc::clone(&waker));
        let _task = spawn_task(poll_fn(move |context| {
            seen.set(seen.get() + 1);
            *kept.borrow_mut() = Some(context.waker().clone());
            if seen.get() < 3 {
                Poll::Pending
            } else {
                Poll::Ready(())
            }
        }));
        run_until_idle();
        assert_eq!(polls.get(), 1, "nobody has woken it");
        let waker = waker.take().expect("it was polled");
        waker.wake_by_ref();
        waker.wake_by_ref();
        run_until_idle();
        assert_eq!(polls.get(), 2);
        waker.wake_by_ref();
        run_until_idle();
        waker.wake();
        run_until_idle();
        assert_eq!(polls.get(), 3, "it is done");
    }

    #[test]
    fn tasks_that_never_rest_leave_time_for_messages() {
        let _task = spawn_task(async {
            loop {
                give_way().await;
            }
        });
        run_ready();
        assert!(is_any_ready());
    }
}
