//! Events later.

use super::refusals::Refusal;
use super::thread::current;
use super::world::World;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub struct Timer {
    world: Arc<World>,
    isolate: u64,
    key: (Instant, u64),
}

/// As good as never.
const LONG: Duration = Duration::from_secs(30 * 365 * 24 * 3600);

impl Timer {
    pub fn start(nanoseconds: u64, token: u64) -> Result<Timer, Refusal> {
        let current = current();
        let due = Instant::now() + Duration::from_nanos(nanoseconds).min(LONG);
        let key = current.world.with(|state, _| {
            let key = (due, state.number());
            if let Some(member) = state.isolates.get_mut(&current.id) {
                member.timers.insert(key, token);
            }
            key
        });
        Ok(Timer {
            world: current.world,
            isolate: current.id,
            key,
        })
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.world.with(|state, _| {
            if let Some(member) = state.isolates.get_mut(&self.isolate) {
                member.timers.remove(&self.key);
            }
        });
    }
}
