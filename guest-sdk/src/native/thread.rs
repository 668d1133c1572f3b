//! The thread of an isolate.

use super::isolates::Start;
use super::world::{Next, World};
use crate::{inbox, task, timer, turn, wait};
use insula_message::ExitReason;
use std::cell::RefCell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::thread::Builder;

/// The isolate that a thread is.
#[derive(Clone)]
pub struct Current {
    pub world: Arc<World>,
    pub id: u64,
}

thread_local! {
    static CURRENT: RefCell<Option<Current>> = const { RefCell::new(None) };
    /// What a panic hook has said, and where.
    static FAILED: RefCell<(String, String)> = const { RefCell::new((String::new(), String::new())) };
}

/// Whether this thread is an isolate.
pub fn is_isolate() -> bool {
    CURRENT.with_borrow(Option::is_some)
}

/// The isolate that this thread is.
#[track_caller]
pub fn current() -> Current {
    let current = CURRENT.with_borrow(Clone::clone);
    current.expect(
        "ports, timers and isolates are there inside of an isolate alone: \
         mark the test with #[insula_guest::test]",
    )
}

/// Unwinds to the end of the isolate.
pub fn end_here(reason: ExitReason) -> ! {
    resume_unwind(Box::new(End(reason)))
}

/// What unwinds when an isolate ends in the middle.
struct End(ExitReason);

/// Keeps what a panic says.
pub fn failed(text: &str, place: &str) {
    FAILED.set((text.to_owned(), place.to_owned()));
}

/// Starts the thread of an isolate.
pub fn start(world: Arc<World>, id: u64, name: String, start: Start) -> io::Result<()> {
    let thread = Builder::new().name(name);
    thread.spawn(move || {
        let current = Current {
            world: Arc::clone(&world),
            id,
        };
        CURRENT.set(Some(current));
        let reason = live(&world, id, start);
        // What the SDK keeps is dropped while all of it is there still, and not in some
        // order when the thread is gone.
        let _ = catch_unwind(forget);
        world.finish(id, reason);
        CURRENT.set(None);
    })?;
    Ok(())
}

fn live(world: &World, id: u64, start: Start) -> ExitReason {
    if let Next::End(reason) = world.begin(id) {
        return reason;
    }
    let mut ended = taken(start);
    loop {
        if let Some(reason) = ended {
            return reason;
        }
        match world.next(id) {
            Next::End(reason) => return reason,
            Next::Turn => ended = taken(turn::wake),
        }
    }
}

/// Takes a turn. Why the isolate has ended in it, if it has.
fn taken(turn: impl FnOnce()) -> Option<ExitReason> {
    let unwound = catch_unwind(AssertUnwindSafe(turn)).err()?;
    Some(match unwound.downcast::<End>() {
        Ok(end) => end.0,
        Err(_) => {
            let (message, place) = FAILED.take();
            let backtrace = Vec::new();
            ExitReason::Panicked {
                message,
                place,
                backtrace,
            }
        }
    })
}

fn forget() {
    // What is dropped may ask for something once more.
    for _ in 0..4 {
        task::forget();
        timer::forget();
        wait::forget();
        inbox::forget();
    }
}
