//! `runtime/src/sync.rs` on loom's types, under the same names.

use std::cell::Cell;

pub(crate) use loom::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
// loom's own `Arc` is no method receiver. What it would find, leaks, is not
// looked for here.
pub(crate) use std::sync::Arc;

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("a panic ends the model")
}

pub(crate) fn wait<'a, T>(condvar: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    condvar.wait(guard).expect("a panic ends the model")
}

/// Time does not go by in a model: this waits without a limit.
pub(crate) fn wait_timeout<'a, T>(
    condvar: &Condvar,
    guard: MutexGuard<'a, T>,
    _time: std::time::Duration,
) -> MutexGuard<'a, T> {
    wait(condvar, guard)
}

pub(crate) type JoinHandle = loom::thread::JoinHandle<()>;

/// So few that a model gets there.
pub(crate) const MORE_SPARES: usize = 1;

thread_local! {
    /// How many threads the system still gives; loom runs all its own on one.
    static THREADS: Cell<usize> = const { Cell::new(0) };
}

pub(crate) fn allow_threads(number: usize) {
    THREADS.set(number);
}

pub(crate) fn spawn_thread(
    name: String,
    work: impl FnOnce() + Send + 'static,
) -> std::io::Result<JoinHandle> {
    let left = THREADS.get().checked_sub(1);
    THREADS.set(left.ok_or(std::io::ErrorKind::WouldBlock)?);
    loom::thread::Builder::new().name(name).spawn(work)
}

pub(crate) fn spawn_worker(
    name: String,
    _guest_stack: usize,
    work: impl FnOnce() + Send + 'static,
) -> std::io::Result<JoinHandle> {
    spawn_thread(name, work)
}
