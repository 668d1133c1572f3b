//! A test on the stand-in: in a world of its own.

use super::isolates::{self, Start};
use super::world::World;
use insula_message::ExitReason;
use std::time::{Duration, Instant};

/// How long a test may take. The stand-in cannot end a thread that computes.
const LIFE: Duration = Duration::from_secs(60);

/// Runs the first isolate of a world, with this as its entry, until nothing can happen in
/// it any more. Why that isolate ended.
pub fn run_alone(entry: &str, start: Start) -> ExitReason {
    let world = World::new();
    let first = match isolates::spawn_first(&world, entry, start) {
        Ok(first) => first,
        Err(refused) => return ExitReason::NotStarted(refused.text),
    };
    let alive = world.wait_until_over(Instant::now() + LIFE);
    if !alive.is_empty() {
        return ExitReason::HostFailed(format!(
            "after {LIFE:?} there were still {}, and the stand-in cannot end a thread: \
             `insula test` can",
            alive.join(", ")
        ));
    }
    let reason = world.with(|state, _| state.isolates.get(&first)?.ended.clone());
    reason.unwrap_or(ExitReason::Ended)
}
