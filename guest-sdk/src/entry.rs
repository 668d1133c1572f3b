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

/// What an entry may return.
#[diagnostic::on_unimplemented(
    message = "an entry cannot return `{Self}`",
    label = "nobody waits for this",
    note = "an entry returns nothing, or a `Result<(), E>` whose error can be displayed and ends \
            the isolate as a panic does; what it finds out it sends to a port"
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
