//! Time that goes by on the wall: of one turn, and of a whole life. And what becomes
//! of an isolate that is to end while its turn hangs in a call of the host's: a
//! file that blocks, an [`Output`](crate::Output) that does not return.
//!
//! Such a call cannot be woken. So the end is told without waiting for it: ports
//! close, listeners and the host hear of it. The thread, the store and the place in
//! the group are taken back when the call returns, and count until then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use insula_message::{Backtrace, ExitReason, Limit, LimitHit};

use crate::clock::Deadline;
use crate::isolate::IsolateCore;
use crate::limits::Limits;
use crate::sync::lock;
use crate::task::Task;

/// What is known of an isolate's time.
pub(crate) struct Overtime {
    born: Instant,
    /// How long it lived.
    lived: OnceLock<Duration>,
    /// Ends it when its life is over.
    death: Mutex<Option<Deadline>>,
    /// Its turn is in a call of the host's that may block, or was just now.
    in_host: AtomicBool,
    /// It was found in there although it was to end.
    found: AtomicBool,
    /// It was found so once more, some ticks later.
    hangs: AtomicBool,
}

impl Overtime {
    pub(crate) fn begin() -> Self {
        Overtime {
            born: Instant::now(),
            lived: OnceLock::new(),
            death: Mutex::new(None),
            in_host: AtomicBool::new(false),
            found: AtomicBool::new(false),
            hangs: AtomicBool::new(false),
        }
    }
}

impl IsolateCore {
    /// Its life is limited from now on, where it is.
    pub(crate) fn begin_life(self: &Arc<Self>) {
        let life = self.limits().life;
        if life != Limits::NONE {
            let clock = &self.group().core().clock;
            let deadline = clock.end_later(Duration::from_millis(life), self);
            *lock(&self.overtime().death) = Some(deadline);
        }
    }

    /// It has ended.
    pub(crate) fn end_life(&self) {
        let overtime = self.overtime();
        let lived = overtime.lived.get_or_init(|| overtime.born.elapsed());
        self.meter(Limit::Life).set(milliseconds(*lived));
        let deadline = lock(&overtime.death).take();
        drop(deadline);
    }

    /// How long it lived, or has lived until now.
    pub(crate) fn lived(&self) -> Duration {
        let overtime = self.overtime();
        let lived = overtime.lived.get().copied();
        lived.unwrap_or_else(|| overtime.born.elapsed())
    }

    /// Shows how long it has lived until now.
    pub(crate) fn show_life(&self) {
        self.meter(Limit::Life).set(milliseconds(self.lived()));
    }

    /// Its life is over.
    pub(crate) fn outlived(self: &Arc<Self>) {
        self.stop(limit_reason(self.limits().hit(Limit::Life)));
    }

    /// Its turn has lasted for so long. Called by the monitor, some ticks after
    /// another, and so does nothing that takes long.
    pub(crate) fn turn_lasts(self: &Arc<Self>, lasted: Duration) {
        let lasted = milliseconds(lasted);
        self.meter(Limit::TurnWall).set(lasted);
        if lasted > self.limits().turn_wall {
            self.stop(limit_reason(self.limits().hit(Limit::TurnWall)));
        }
        let overtime = self.overtime();
        let is_stuck = self.is_stopped() && overtime.in_host.load(Ordering::Relaxed);
        if is_stuck
            && overtime.found.swap(true, Ordering::SeqCst)
            && !overtime.hangs.swap(true, Ordering::SeqCst)
        {
            // A worker tells it, which finds it running.
            let scheduler = &self.group().core().scheduler;
            scheduler.queue(Task(self.clone()));
        }
    }

    /// A turn is over, which may have lasted long.
    pub(crate) fn turn_lasted(&self) {
        for limit in [Limit::TurnWall, Limit::TurnCpu] {
            let meter = self.meter(limit);
            if meter.used() > 0 {
                meter.set(0);
            }
        }
        if self.overtime().in_host.load(Ordering::Relaxed) {
            self.is_out_of_host();
        }
    }

    /// It is to end, and hangs in a call of the host's.
    pub(crate) fn hangs(&self) -> bool {
        self.overtime().hangs.load(Ordering::SeqCst)
    }

    /// It calls what may block and never says when it is back.
    pub(crate) fn enters_host(&self) {
        self.overtime().in_host.store(true, Ordering::Relaxed);
    }

    /// It runs code of its own.
    pub(crate) fn is_out_of_host(&self) {
        self.overtime().in_host.store(false, Ordering::Relaxed);
    }
}

/// Without a backtrace, which is put in where the turn ends at a checkpoint.
pub(crate) fn limit_reason(hit: LimitHit) -> ExitReason {
    ExitReason::Limit {
        hit,
        backtrace: Backtrace::new(),
    }
}

pub(crate) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
