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
            `#[entry] fn worker(job: Job) {{ .. }}`, then `spawn_with(worker, job)`"
)]
#[must_use = "to call an entry does nothing: `spawn_function(echo)` starts an isolate with it"]
pub trait Entry {
    /// The name under which the host finds it.
    #[doc(hidden)]
    const NAME: &'static str;
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
