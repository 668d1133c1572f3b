//! What `#[test]` expands to calls of.
//!
//! Whoever runs tests spawns the test's entry in a group of its own, and gives it a
//! port as its first message. The test tells there that its function has returned,
//! and whether that was a success; why it did not get so far, its exit reason says.

use crate::expansion::enter;
use crate::{SendPort, isolate, panic, spawn_task};
use insula_message::{Limit, Scope};
use std::panic::Location;
use std::process::{ExitCode, Termination};

/// Runs a test.
#[track_caller]
pub fn run_test<R: Termination>(body: impl FnOnce() -> R) {
    let place = Location::caller();
    enter(|| {
        let told = told(place);
        finish(body(), &told);
    });
}

/// The same for an `async fn`.
#[track_caller]
pub fn run_async_test<R: Termination>(body: impl AsyncFnOnce() -> R + 'static) {
    let place = Location::caller();
    enter(|| {
        let told = told(place);
        spawn_task(async move { finish(body().await, &told) });
    });
}

fn told(place: &'static Location<'static>) -> SendPort {
    match isolate::first_message() {
        Ok(Some(port)) => port,
        Ok(None) | Err(_) => panic::fail("this entry is a test: `insula test` runs it", place),
    }
}

/// An error is printed by `report`, as in a plain test.
fn finish<R: Termination>(value: R, told: &SendPort) {
    let success = value.report() == ExitCode::SUCCESS;
    // Who does not listen any more has given the test up.
    told.send(success).ok();
}

/// Called by libtest, where it runs a test that is one of isolates.
pub fn is_no_plain_test() -> ! {
    panic!("this test runs in an isolate of its own: `insula test` runs it")
}

/// A record for the section of the module that lists the tests.
pub const fn bytes<const N: usize>(text: &str) -> [u8; N] {
    let text = text.as_bytes();
    let mut bytes = [0; N];
    let mut at = 0;
    while at < N {
        bytes[at] = text[at];
        at += 1;
    }
    bytes
}

/// Whether this is the name of a limit that an isolate or a group can have.
pub const fn is_limit(name: &str) -> bool {
    let mut at = 0;
    while at < Limit::ALL.len() {
        let limit = Limit::ALL[at];
        if !matches!(limit.scope(), Scope::Runtime) && same(limit.option(), name) {
            return true;
        }
        at += 1;
    }
    false
}

const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// Runs a test on the machine that compiles it: in a thread that stands in for an
/// isolate.
#[cfg(not(target_family = "wasm"))]
pub fn test_natively<R: Termination>(entry: &str, body: impl FnOnce() -> R + Send + 'static) {
    alone(entry, |told| Box::new(move || enter(|| told.tell(body()))));
}

/// The same for an `async fn`.
#[cfg(not(target_family = "wasm"))]
pub fn async_test_natively<R: Termination>(
    entry: &str,
    body: impl AsyncFnOnce() -> R + Send + 'static,
) {
    alone(entry, |told| {
        Box::new(move || {
            enter(|| {
                spawn_task(async move { told.tell(body().await) });
            });
        })
    });
}

/// Whether a test's function has returned, and then whether with success.
#[cfg(not(target_family = "wasm"))]
#[derive(Clone, Default)]
struct Told(std::sync::Arc<std::sync::OnceLock<bool>>);

#[cfg(not(target_family = "wasm"))]
impl Told {
    fn tell<R: Termination>(&self, value: R) {
        // Told once: a test returns once.
        let _ = self.0.set(value.report() == ExitCode::SUCCESS);
    }
}

#[cfg(not(target_family = "wasm"))]
fn alone(entry: &str, start: impl FnOnce(Told) -> Box<dyn FnOnce() + Send>) {
    use insula_message::ExitReason;
    let told = Told::default();
    let reason = crate::bindings::run_alone(entry, start(told.clone()));
    match (reason, told.0.get()) {
        (ExitReason::Ended, Some(true)) => {}
        (ExitReason::Ended, Some(false)) => panic!("it returned an error"),
        (ExitReason::Ended, None) => panic!(
            "it ended before its function had returned: what it awaits cannot happen any more, \
             or it left by `exit`"
        ),
        // What should panic is known by what it says.
        (ExitReason::Panicked { message, place, .. }, _) => panic!("at {place}: {message}"),
        (reason, _) => panic!("it {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_isolates_and_groups_are_a_tests() {
        for limit in Limit::ALL {
            let is_tests = limit.scope() != Scope::Runtime;
            assert_eq!(is_limit(limit.option()), is_tests, "{limit:?}");
        }
        for name in ["", "mem", "memory2", "memry"] {
            assert!(!is_limit(name), "{name}");
        }
    }

    #[test]
    fn a_record_is_its_text() {
        assert_eq!(bytes::<3>("abc"), *b"abc");
    }
}
