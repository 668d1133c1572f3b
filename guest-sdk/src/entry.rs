//! Entries: the functions that an isolate can start with.

use std::fmt::Display;

/// What a function is that is marked with [`#[entry]`](macro@crate::entry): not
/// something to call, but something to spawn.
///
/// An isolate starts in an empty heap, where nothing is that a closure could have
/// captured. So an entry is a function that the host finds by its name.
#[diagnostic::on_unimplemented(
    message = "this cannot be spawned: it is not an entry",
    label = "neither a closure nor an unmarked function can start an isolate",
    note = "a new isolate has a heap of its own, in which nothing of this one exists: \
            it starts with a function that the host finds by its name",
    note = "write a function and mark it, `#[entry] fn echo() {{ .. }}`, then `spawn_function(echo)`; \
            what it needs to know is sent to it, or is its first message: \
            `#[entry] fn worker(job: Job) {{ .. }}`, then `Isolate::spawn(worker, job)`"
)]
#[must_use = "to call an entry does nothing: `spawn_function(echo)` starts an isolate with it"]
pub trait Entry {
    /// The name under which the host finds it.
    #[doc(hidden)]
    const NAME: &'static str;

    /// The function, natively, where nobody finds it by its name.
    #[doc(hidden)]
    #[cfg(not(target_family = "wasm"))]
    const START: Option<fn()> = None;

    /// What the function returns, for who waits for it with
    /// [`Isolate::run`](crate::Isolate::run).
    type Output;
}

/// Of a closure that ends in naming an entry only the name would be used.
macro_rules! captures {
    () => {
        "an isolate starts in a heap of its own and cannot see what a closure has captured: \
         name the entry itself, and send what it needs to know"
    };
}
pub(crate) use captures;

/// What is spawned with a first message of type `M`: the name of an entry that
/// takes one, or with `()` the name of one that takes nothing.
///
/// `Kind` says which of the two it is, and is for the compiler to find out.
#[diagnostic::on_unimplemented(
    message = "this is not spawned with a first message of type `{M}`",
    label = "it takes another first message, or none, or is not the name of an entry",
    note = "an entry that takes a first message is spawned with one of just its type: \
            `#[entry] fn worker(job: Job) {{ .. }}`, then `Isolate::spawn(worker, job)`",
    note = "an entry that takes nothing is spawned with `()`: \
            `#[entry] fn echo() {{ .. }}`, then `Isolate::spawn(echo, ())`"
)]
pub trait Takes<M, Kind> {
    /// The entry.
    #[doc(hidden)]
    type Entry;

    #[doc(hidden)]
    const TAKES_MESSAGE: bool;
}

/// The kind of those that take nothing.
#[doc(hidden)]
#[derive(Debug)]
pub enum Nothing {}

/// The kind of those that take a first message.
#[doc(hidden)]
#[derive(Debug)]
pub enum One {}

impl<F: FnOnce() -> E, E> Takes<(), Nothing> for F {
    type Entry = E;
    const TAKES_MESSAGE: bool = false;
}

impl<F: FnOnce(M) -> E, M, E> Takes<M, One> for F {
    type Entry = E;
    const TAKES_MESSAGE: bool = true;
}

/// What a callback may return: nothing, or a `Result<(), E>` whose error can be
/// displayed. An `Err` is an error that nothing has caught: error listeners are
/// told, and it ends the isolate where errors are fatal, as they are unless
/// somebody has said otherwise.
#[diagnostic::on_unimplemented(
    message = "a callback cannot return `{Self}`",
    label = "nobody waits for this",
    note = "a callback returns nothing, or a `Result<(), E>` whose error can be displayed; \
            what it finds out it sends to a port"
)]
pub trait Outcome {
    /// The text of the failure, if it is one.
    #[doc(hidden)]
    fn failure(self) -> Option<String>;
}

impl Outcome for () {
    fn failure(self) -> Option<String> {
        None
    }
}

impl<E: Display> Outcome for Result<(), E> {
    fn failure(self) -> Option<String> {
        self.err().map(|error| error.to_string())
    }
}

/// Of a callback that only panics.
impl Outcome for Never {
    fn failure(self) -> Option<String> {
        self
    }
}

/// The type `!`, which has no name in stable Rust outside of a return type.
type Never = <fn() -> ! as Returns>::Output;

#[doc(hidden)]
pub trait Returns {
    type Output;
}

impl<T> Returns for fn() -> T {
    type Output = T;
}
