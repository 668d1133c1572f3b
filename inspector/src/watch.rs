//! Looks at a runtime again and again, for as long as somebody wants to know.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use insula::{Observer, Recording, Runtime};

use crate::board::Board;
use crate::timeline::{Sample, Timeline};

/// How far apart samples are at first; a run of a moment has a time line too.
const FIRST: Duration = Duration::from_millis(10);

/// How far apart they are at most.
const MOST: Duration = Duration::from_millis(500);

/// So much of the time between samples may be spent on them: with a hundred thousand
/// isolates a look takes a while.
const SHARE: u32 = 50;

/// Watches a runtime while it is there: for an [`Inspector`](crate::Inspector), for a
/// [report](Watch::report), or for both.
///
/// What it keeps is bounded. It keeps nothing of the runtime alive, and ends when the
/// last of those who hold it is dropped. Begin before anything is spawned: what happened
/// before that is in the sums and nowhere else.
pub struct Watch {
    shared: Arc<Shared>,
    sampler: Option<JoinHandle<()>>,
}

pub(crate) struct Shared {
    pub(crate) observer: Observer,
    pub(crate) recording: Recording,
    pub(crate) timeline: Mutex<Timeline>,
    pub(crate) board: Mutex<Board>,
    over: Mutex<bool>,
    told: Condvar,
}

/// Locks; nothing here is left half done by a panic.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Watch {
    /// Begins to watch.
    ///
    /// # Errors
    ///
    /// Where the system refuses a thread.
    pub fn start(runtime: &Runtime) -> std::io::Result<Watch> {
        let observer = runtime.observer();
        let recording = observer.record();
        let shared = Arc::new(Shared {
            recording: recording.ok_or_else(|| std::io::Error::other("the runtime is over"))?,
            observer,
            timeline: Mutex::default(),
            board: Mutex::default(),
            over: Mutex::new(false),
            told: Condvar::new(),
        });
        let sampling = shared.clone();
        let sampler = std::thread::Builder::new()
            .name("insula-watch".to_owned())
            .spawn(move || sampling.sample())?;
        Ok(Watch {
            shared,
            sampler: Some(sampler),
        })
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        *lock(&self.shared.over) = true;
        self.shared.told.notify_all();
        if let Some(sampler) = self.sampler.take() {
            let _ = sampler.join();
        }
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}

impl Shared {
    fn sample(&self) {
        let mut apart = FIRST;
        let mut over = lock(&self.over);
        while !*over {
            drop(over);
            let began = Instant::now();
            let sample = Sample::of(&self.observer.metrics());
            lock(&self.timeline).add(sample);
            let least = began.elapsed() * SHARE;
            // Slower as time goes by, as fewer are kept.
            apart = (apart + apart / 64).min(MOST).max(least);
            over = lock(&self.over);
            if !*over {
                let waited = self.told.wait_timeout(over, apart);
                over = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }
}
