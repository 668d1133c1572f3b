//! The threads that compile programs: never a worker, whose stack is small and
//! whose permit others need.

use std::sync::Mutex;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use crate::sync::lock;

type Job = Box<dyn FnOnce() + Send>;

pub(crate) struct Loader {
    threads: usize,
    state: Mutex<State>,
}

enum State {
    NotStarted,
    Started {
        jobs: Sender<Job>,
        threads: Vec<std::thread::JoinHandle<()>>,
    },
    Stopped,
}

/// Compilers recurse with what they compile.
const STACK: usize = 8 << 20;

impl Loader {
    pub(crate) fn new(threads: usize) -> Self {
        Loader {
            threads,
            state: Mutex::new(State::NotStarted),
        }
    }

    /// Does `job` on a loader thread. None when the loader is stopped or no
    /// thread can be made.
    pub(crate) fn submit(&self, job: impl FnOnce() + Send + 'static) -> Option<()> {
        let mut state = lock(&self.state);
        if let State::NotStarted = *state {
            let (jobs, queue) = unbounded();
            let threads: Vec<_> = (0..self.threads)
                .filter_map(|number| start(number, &queue))
                .collect();
            if threads.is_empty() {
                return None;
            }
            *state = State::Started { jobs, threads };
        }
        match &*state {
            State::Started { jobs, .. } => jobs.send(Box::new(job)).ok(),
            _ => None,
        }
    }

    /// Does `job` on a loader thread and waits for what it gives. None when
    /// that cannot be had.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let (done, result) = bounded(1);
        self.submit(move || {
            let _ = done.send(job());
        })?;
        result.recv().ok()
    }

    /// Finishes what was submitted and joins the threads.
    pub(crate) fn stop(&self) {
        let state = std::mem::replace(&mut *lock(&self.state), State::Stopped);
        if let State::Started { jobs, threads } = state {
            drop(jobs);
            for thread in threads {
                let _ = thread.join();
            }
        }
    }
}

fn start(number: usize, queue: &Receiver<Job>) -> Option<std::thread::JoinHandle<()>> {
    let queue = queue.clone();
    std::thread::Builder::new()
        .name(format!("insula-loader-{number}"))
        .stack_size(STACK)
        .spawn(move || {
            for job in queue {
                // A compiler that panics fails this load and no other.
                let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
            }
        })
        .ok()
}
