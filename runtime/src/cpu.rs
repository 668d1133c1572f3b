//! What isolates and their groups have computed.
//!
//! A thread's time is charged in *laps*: each from where the lap before it ended,
//! so that turns which follow one another share one look at a clock. A short lap
//! is what the clock on the wall says, as the thread's own CPU clock costs a
//! system call of half a turn's length. A longer one is what the thread has
//! computed: on a busy machine far less than the time that went by, and no guest
//! is to blame for that. What a thread does while it waits (for a permit, in a
//! sleep, for work) is nobody's.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use insula_message::{Limit, LimitHit};

use crate::group::GroupCore;
use crate::isolate::IsolateCore;
use crate::overtime::{limit_reason, milliseconds};

/// How long a lap may be that is measured by the clock on the wall. Far below a
/// tick, and far above what the thread's CPU clock costs.
const SHORT: Duration = Duration::from_micros(100);

/// Nanoseconds of computing.
#[derive(Default)]
pub(crate) struct Computed(AtomicU64);

impl Computed {
    /// What was used in all, after adding `more`. One thread at a time adds, the one
    /// that runs the isolate.
    pub(crate) fn add(&self, more: Duration) -> Duration {
        let used = self.0.load(Ordering::Relaxed);
        let used = used.saturating_add(nanoseconds(more));
        self.0.store(used, Ordering::Relaxed);
        Duration::from_nanos(used)
    }

    pub(crate) fn read(&self) -> Duration {
        Duration::from_nanos(self.0.load(Ordering::Relaxed))
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Where a thread's last lap ended.
#[derive(Clone, Copy)]
struct Mark {
    at: Instant,
    /// What the thread had computed then, as far as it is known.
    computed: Duration,
}

thread_local! {
    static MARK: Cell<Option<Mark>> = const { Cell::new(None) };
}

/// What the calling thread did since its last lap is nobody's.
pub(crate) fn skip() {
    MARK.set(Some(Mark {
        at: Instant::now(),
        computed: thread_time(),
    }));
}

/// What the calling thread has computed since its last lap, or since [`skip`].
pub(crate) fn lap() -> Duration {
    let at = Instant::now();
    let Some(mark) = MARK.get() else {
        skip();
        return Duration::ZERO;
    };
    let went_by = at.saturating_duration_since(mark.at);
    let (lap, computed) = if went_by < SHORT {
        (went_by, mark.computed + went_by)
    } else {
        let computed = thread_time();
        let lap = computed.saturating_sub(mark.computed);
        (lap.min(went_by), computed)
    };
    MARK.set(Some(Mark { at, computed }));
    lap
}

/// The calling thread's CPU time.
#[cfg(unix)]
fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    Duration::from_secs(seconds) + Duration::from_nanos(time.tv_nsec.unsigned_abs())
}

/// Elsewhere the time that goes by has to do.
#[cfg(not(unix))]
fn thread_time() -> Duration {
    use std::sync::LazyLock;
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    BEGAN.elapsed()
}

impl IsolateCore {
    /// Charges the isolate and its group with the calling thread's lap. Where that
    /// is more than the group may use, the whole group ends.
    ///
    /// # Errors
    ///
    /// The limit that the isolate has met.
    pub(crate) fn charge_lap(&self) -> Result<Duration, LimitHit> {
        let lap = lap();
        let own = self.cpu().add(lap);
        let group = self.group();
        let (of_group, limit) = (group.share().charge(lap), group.limits.group_cpu);
        let limit = Duration::from_millis(limit);
        if of_group > limit {
            let hit = group.limits.hit(Limit::GroupCpu);
            // The lap that went over it ends the rest, and the others only themselves.
            if of_group - lap <= limit {
                group.end_all(limit_reason(hit));
            }
            return Err(hit);
        }
        self.check_cpu(own, Limit::Cpu)?;
        Ok(lap)
    }

    /// Whether so much is not more than the limit allows.
    pub(crate) fn check_cpu(&self, used: Duration, limit: Limit) -> Result<(), LimitHit> {
        let limits = self.limits();
        if used > Duration::from_millis(limits.get(limit)) {
            return Err(limits.hit(limit));
        }
        Ok(())
    }

    /// Shows how much it has computed until now.
    pub(crate) fn show_cpu(&self) {
        self.meter(Limit::Cpu).set(milliseconds(self.cpu().read()));
    }
}

impl GroupCore {
    /// Shows how much its isolates have computed until now.
    pub(crate) fn show_cpu(&self) {
        let used = milliseconds(self.share().used());
        self.meter(Limit::GroupCpu).set(used);
    }
}
