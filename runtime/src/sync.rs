//! The synchronisation that the scheduler builds on, in one place so that the
//! model checker can put its own in the same place (`tests/model`).

pub(crate) use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
pub(crate) use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Locks, also after a panic elsewhere: every critical section of this crate
/// leaves its data whole at each step.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits on a condition variable, also after a panic elsewhere.
pub(crate) fn wait<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    condvar.wait(guard).unwrap_or_else(PoisonError::into_inner)
}

/// The same, for `time` at most.
pub(crate) fn wait_timeout<'a, T>(
    condvar: &Condvar,
    guard: MutexGuard<'a, T>,
    time: std::time::Duration,
) -> MutexGuard<'a, T> {
    match condvar.wait_timeout(guard, time) {
        Ok((guard, _)) => guard,
        Err(poisoned) => poisoned.into_inner().0,
    }
}

/// A thread that can be joined.
pub(crate) type JoinHandle = std::thread::JoinHandle<()>;

/// What the host's own frames need of a thread's stack, tested in debug builds.
/// A worker has what a guest may use (`Limits::wasm_stack`) beside it.
const HOST_STACK: usize = 1792 << 10;

/// How many threads beside one for each permit are kept for the next turns that
/// take long. Here as a model has few threads.
pub(crate) const MORE_SPARES: usize = 4;

/// Starts a thread for the host's own work, or says why the system refuses one.
pub(crate) fn spawn_thread(
    name: String,
    work: impl FnOnce() + Send + 'static,
) -> std::io::Result<JoinHandle> {
    spawn_worker(name, 0, work)
}

/// Starts a thread that guests run on, with so many bytes of stack for them.
pub(crate) fn spawn_worker(
    name: String,
    guest_stack: usize,
    work: impl FnOnce() + Send + 'static,
) -> std::io::Result<JoinHandle> {
    std::thread::Builder::new()
        .name(name)
        .stack_size(HOST_STACK + guest_stack)
        .spawn(work)
}
