//! What the clocks of one isolate show.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crate::capabilities::ClockAccess;
use crate::group::GroupCore;
use crate::virtual_time::VirtualTime;

/// A clock that a guest can ask for.
#[derive(Clone, Copy)]
pub(crate) enum Clock {
    /// Counts from the beginning of 1970.
    Wall,
    /// Counts from the beginning of its isolate.
    Monotonic,
}

pub(crate) struct GuestClock {
    shows: Shows,
    began: Instant,
}

enum Shows {
    Nothing,
    Now,
    NowInMillis,
    /// What both showed when the turn began.
    Turn {
        wall: Duration,
        monotonic: Duration,
    },
    /// The time of the isolate's group.
    Virtual(Arc<VirtualTime>),
}

/// What the wall clock shows at the beginning of a virtual time: 2000-01-01, 0:00
/// UTC.
const VIRTUAL_BEGINNING: Duration = Duration::from_secs(946_684_800);

const MILLI: Duration = Duration::from_millis(1);
const NANO: Duration = Duration::from_nanos(1);

impl GuestClock {
    /// Clocks of an isolate whose first turn begins now.
    pub(crate) fn new(access: ClockAccess, group: &GroupCore) -> Self {
        let zero = Duration::ZERO;
        let mut clock = GuestClock {
            shows: match (access, group.virtual_time()) {
                (ClockAccess::Off, _) => Shows::Nothing,
                (_, Some(time)) => Shows::Virtual(time.clone()),
                (ClockAccess::Coarse, _) => Shows::NowInMillis,
                (ClockAccess::Real | ClockAccess::Virtual, _) => Shows::Now,
                (ClockAccess::Frozen, _) => Shows::Turn {
                    wall: zero,
                    monotonic: zero,
                },
            },
            began: Instant::now(),
        };
        clock.turn_begins();
        clock
    }

    /// Cheap where time is not to stand still: asking the system costs much beside
    /// a short turn.
    pub(crate) fn turn_begins(&mut self) {
        if let Shows::Turn { wall, monotonic } = &mut self.shows {
            *wall = in_millis(now(Clock::Wall, self.began));
            *monotonic = in_millis(now(Clock::Monotonic, self.began));
        }
    }

    /// What a clock shows; none where it shows nothing.
    pub(crate) fn time(&self, clock: Clock) -> Option<Duration> {
        match (&self.shows, clock) {
            (Shows::Nothing, _) => None,
            (Shows::Now, clock) => Some(now(clock, self.began)),
            (Shows::NowInMillis, clock) => Some(in_millis(now(clock, self.began))),
            (Shows::Turn { wall, .. }, Clock::Wall) => Some(*wall),
            (Shows::Turn { monotonic, .. }, Clock::Monotonic) => Some(*monotonic),
            (Shows::Virtual(time), Clock::Wall) => {
                Some(time.now().saturating_add(VIRTUAL_BEGINNING))
            }
            (Shows::Virtual(time), Clock::Monotonic) => Some(time.now()),
        }
    }

    /// What is shown of a time that the host's files tell: no more than the wall clock
    /// could, and nothing where it has no part in the host's time.
    pub(crate) fn file_time(&self, time: Duration) -> Duration {
        match &self.shows {
            Shows::Nothing | Shows::Virtual(_) => Duration::ZERO,
            Shows::Now => time,
            Shows::NowInMillis => in_millis(time),
            Shows::Turn { wall, .. } => in_millis(time).min(*wall),
        }
    }

    /// The steps in which the clocks go; none where they show nothing.
    pub(crate) fn resolution(&self) -> Option<Duration> {
        match self.shows {
            Shows::Nothing => None,
            Shows::Now | Shows::Virtual(_) => Some(NANO),
            Shows::NowInMillis | Shows::Turn { .. } => Some(MILLI),
        }
    }
}

fn now(clock: Clock, began: Instant) -> Duration {
    match clock {
        Clock::Monotonic => began.elapsed(),
        // Before 1970 it shows the beginning of 1970.
        Clock::Wall => SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default(),
    }
}

fn in_millis(time: Duration) -> Duration {
    time - Duration::from_nanos(u64::from(time.subsec_nanos()) % 1_000_000)
}
