//! What `#[main]` and `#[entry]` expand to calls of.

use crate::returned::Returned;
use crate::{Entry, Incoming, isolate, panic, spawn_task, turn};
use std::marker::PhantomData;
use std::panic::Location;
use std::process::{ExitCode, Termination};

/// What `fn main` returns: the entry `main`, and for whoever starts the module as
/// a plain command, why that cannot be.
pub struct Main<R>(pub PhantomData<fn() -> R>);

impl<R> Entry for Main<R> {
    const NAME: &'static str = "main";
    type Output = R;
}

impl<R> Termination for Main<R> {
    fn report(self) -> ExitCode {
        eprintln!("this program is made of isolates: start it with `insula run`");
        ExitCode::from(2)
    }
}

/// Runs the body of an entry, `end` with what it returns, and then what both have
/// set going.
#[track_caller]
pub fn run<R>(body: impl FnOnce() -> R, end: fn(&Returned<R>)) {
    let place = Location::caller();
    enter(|| {
        let value = body();
        end(&Returned { value, place });
    });
}

/// The same for an `async fn`.
#[track_caller]
pub fn run_async<R: 'static>(body: impl AsyncFnOnce() -> R + 'static, end: fn(&Returned<R>)) {
    let place = Location::caller();
    enter(|| {
        spawn_task(async move {
            let value = body().await;
            end(&Returned { value, place });
        });
    });
}

/// Runs the body of an entry with the first message.
#[track_caller]
pub fn run_with<M: Incoming, R>(body: impl FnOnce(M) -> R, end: fn(&Returned<R>)) {
    let place = Location::caller();
    enter(|| {
        let value = body(first_message(place));
        end(&Returned { value, place });
    });
}

/// The same for an `async fn`.
#[track_caller]
pub fn run_async_with<M: Incoming, R: 'static>(
    body: impl AsyncFnOnce(M) -> R + 'static,
    end: fn(&Returned<R>),
) {
    let place = Location::caller();
    enter(|| {
        spawn_task(async move {
            let value = body(first_message(place)).await;
            end(&Returned { value, place });
        });
    });
}

/// Where the attribute of an entry is written.
type Place = &'static Location<'static>;

pub(crate) fn enter(body: impl FnOnce()) {
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
