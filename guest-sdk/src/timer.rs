//! Events later. They hold no thread.

use crate::bindings::timers;
use crate::error::granted;
use crate::{Outcome, Refused, panic};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use thiserror::Error;

/// Calls back once, after a while, unless it is dropped before.
///
/// ```no_run
/// # use insula_guest::*;
/// # use std::time::Duration;
/// Timer::after(Duration::from_secs(1), || println!("a second has passed")).detach();
/// ```
#[must_use = "a timer that is dropped is cancelled: keep it, or let it go with `.detach()`"]
#[derive(Debug)]
pub struct Timer(Pending);

impl Timer {
    /// Calls `callback` when `duration` has passed. It returns nothing, or a
    /// `Result<(), E>`: an `Err` is an error that nothing has caught.
    ///
    /// # Panics
    ///
    /// When the isolate may have no more timers. [`try_after`](Self::try_after)
    /// answers with an error instead.
    #[track_caller]
    pub fn after<R: Outcome>(duration: Duration, callback: impl FnOnce() -> R + 'static) -> Self {
        granted(Self::try_after(duration, callback))
    }

    /// Calls `callback` when `duration` has passed, unless the isolate may have
    /// no more timers.
    #[track_caller]
    pub fn try_after<R: Outcome>(
        duration: Duration,
        callback: impl FnOnce() -> R + 'static,
    ) -> Result<Self, Refused> {
        let place = Location::caller();
        let callback = Box::new(move || panic::report(callback(), place));
        Pending::start(duration, Then::Call(callback)).map(Self)
    }

    /// Lets it go: it will call back, and cannot be cancelled any more.
    pub fn detach(self) {
        std::mem::forget(self.0);
    }
}

/// Waits for `duration`.
///
/// ```no_run
/// # use insula_guest::*;
/// # use std::time::Duration;
/// # async fn example() {
/// sleep(Duration::from_millis(100)).await;
/// # }
/// ```
///
/// # Panics
///
/// When the isolate may have no more timers. [`try_sleep`] answers with an error
/// instead.
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    granted(try_sleep(duration))
}

/// As [`sleep`], unless the isolate may have no more timers.
pub fn try_sleep(duration: Duration) -> Result<Sleep, Refused> {
    Pending::start(duration, Then::Wake(None)).map(Sleep)
}

/// A wait that ends by itself: see [`sleep`]. The time counts from when it was
/// made.
#[must_use = "a future does nothing unless it is awaited"]
#[derive(Debug)]
pub struct Sleep(Pending);

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.poll(context)
    }
}

/// What `future` comes to, unless `duration` passes first.
///
/// ```no_run
/// # use insula_guest::*;
/// # use std::time::Duration;
/// # async fn example(server: SendPort) {
/// match timeout(Duration::from_secs(1), server.call::<String>("anybody there?")).await {
///     Ok(answer) => println!("{answer:?}"),
///     Err(Elapsed) => println!("not within a second"),
/// }
/// # }
/// ```
///
/// # Panics
///
/// When the isolate may have no more timers.
pub async fn timeout<F: Future>(duration: Duration, future: F) -> Result<F::Output, Elapsed> {
    let mut future = pin!(future);
    let mut sleep = sleep(duration);
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Ok(output)),
        Poll::Pending => Pin::new(&mut sleep).poll(context).map(|()| Err(Elapsed)),
    })
    .await
}

/// The time of a [`timeout`] has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the time has passed")]
pub struct Elapsed;

/// A timer that is due in the future, or was. Dropped, it is cancelled.
#[derive(Debug)]
struct Pending {
    token: u64,
}

struct Entry {
    then: Then,
    /// It is due no more when this is dropped.
    _timer: timers::Timer,
}

enum Then {
    Call(Box<dyn FnOnce()>),
    Wake(Option<Waker>),
}

thread_local! {
    static NEXT_TOKEN: Cell<u64> = const { Cell::new(0) };
    /// Those that are due in the future.
    static PENDING: RefCell<BTreeMap<u64, Entry>> = const { RefCell::new(BTreeMap::new()) };
}

impl Pending {
    fn start(duration: Duration, then: Then) -> Result<Self, Refused> {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let token = NEXT_TOKEN.replace(NEXT_TOKEN.get() + 1);
        let timer = timers::Timer::start(nanoseconds, token)?;
        PENDING.with_borrow_mut(|pending| {
            pending.insert(
                token,
                Entry {
                    then,
                    _timer: timer,
                },
            )
        });
        Ok(Self { token })
    }

    fn poll(&self, context: &mut Context) -> Poll<()> {
        PENDING.with_borrow_mut(|pending| match pending.get_mut(&self.token) {
            Some(entry) => {
                entry.then = Then::Wake(Some(context.waker().clone()));
                Poll::Pending
            }
            None => Poll::Ready(()),
        })
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        // What the callback holds is dropped after the borrow: it may be a timer.
        drop(PENDING.try_with(|pending| pending.borrow_mut().remove(&self.token)));
    }
}

/// Drops all that waits for a timer.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn forget() {
    drop(PENDING.take());
}

/// Called when the host says that a timer is due.
pub(crate) fn fire(token: u64) {
    let Some(entry) = PENDING.with_borrow_mut(|pending| pending.remove(&token)) else {
        return;
    };
    match entry.then {
        Then::Call(callback) => callback(),
        Then::Wake(waker) => waker.into_iter().for_each(Waker::wake),
    }
}
