//! What `#[main]` and `#[entry]` expand to calls of.

use crate::{Entry, Incoming, Outcome, isolate, panic, spawn_task, turn};
use std::panic::Location;
use std::process::{ExitCode, Termination};

/// What `fn main` returns: the entry `main`, and for whoever starts the module as
/// a plain command, why that cannot be.
pub struct Main;

impl Entry for Main {
    const NAME: &'static str = "main";
}

impl Termination for Main {
    fn report(self) -> ExitCode {
        eprintln!("this program is made of isolates: start it with `insula run`");
        ExitCode::from(2)
    }
}

/// Runs the body of an entry, and then what it has set going.
#[track_caller]
pub fn run<R: Outcome>(body: impl FnOnce() -> R) {
    let place = Location::caller();
    enter(|| panic::report(body(), place));
}

/// The same for an `async fn`.
#[track_caller]
pub fn run_async<R: Outcome>(body: impl AsyncFnOnce() -> R + 'static) {
    let place = Location::caller();
    enter(|| {
        spawn_task(async move { panic::report(body().await, place) });
    });
}

/// Runs the body of an entry with the first message.
#[track_caller]
pub fn run_with<M: Incoming, R: Outcome>(body: impl FnOnce(M) -> R) {
    let place = Location::caller();
    enter(|| panic::report(body(first_message(place)), place));
}

/// The same for an `async fn`.
#[track_caller]
pub fn run_async_with<M: Incoming, R: Outcome>(body: impl AsyncFnOnce(M) -> R + 'static) {
    let place = Location::caller();
    enter(|| {
        spawn_task(async move { panic::report(body(first_message(place)).await, place) });
    });
}

/// Where the attribute of an entry is written.
type Place = &'static Location<'static>;

fn enter(body: impl FnOnce()) {
    crate::bindings::run_constructors();
    turn::start(body);
}

fn first_message<M: Incoming>(place: Place) -> M {
    match isolate::first_message() {
        Ok(Some(message)) => message,
        Ok(None) => panic::fail("this entry takes a first message, and there is none", place),
        Err(error) => panic::fail(&format!("the first message: {error}"), place),
    }
}
