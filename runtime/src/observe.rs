//! Looking at a runtime while it runs: figures of all, of groups and of isolates.
//!
//! Looking costs those who look. Each isolate's mailbox is locked for a moment, never
//! two locks together.

mod flow;
mod metrics;
mod openmetrics;
mod recording;
mod tally;
pub(crate) mod traced;

use std::sync::{Arc, Weak};

pub use flow::{EntryId, Flow, Flows};
pub use metrics::{GroupMetrics, IsolateId, IsolateMetrics, IsolateState, Metrics, Sums};
pub use recording::{Exit, Recording};
pub(crate) use recording::{Recorder, host_has_sent};
pub use tally::Traffic;
pub(crate) use tally::{Past, Sent, Tally};

use crate::core::Core;
use crate::host_control::Control;

/// How much of an entry's name is shown and recorded. A guest names its entries, with up
/// to 64 KB, and of thousands of isolates each would be kept.
const ENTRY_CHARS: usize = 200;

pub(crate) fn shown_entry(entry: &str) -> String {
    entry.chars().take(ENTRY_CHARS).collect()
}

/// Looks at a runtime, from any thread. Keeps nothing alive: of a runtime that was
/// dropped it shows nothing more.
#[derive(Clone)]
pub struct Observer(Weak<Core>);

impl Observer {
    pub(crate) fn new(core: &Arc<Core>) -> Self {
        Observer(Arc::downgrade(core))
    }

    /// As [`Runtime::metrics`](crate::Runtime::metrics).
    pub fn metrics(&self) -> Metrics {
        self.metrics_with_isolates(0)
    }

    /// The same with what single isolates do, of `most` of them: those with the lowest
    /// numbers in the oldest groups. [`Sums::isolates`] says how many there are.
    pub fn metrics_with_isolates(&self, most: usize) -> Metrics {
        let Some(core) = self.0.upgrade() else {
            return Metrics::default();
        };
        let (groups, past) = core.groups();
        let mut metrics = Metrics {
            uptime: core.made.elapsed(),
            total: Sums::of(&past),
            isolates_peak: core.isolates.peak(),
            isolates_limit: core.places.most(),
            memory_peak: core.memory.peak(),
            permits: core.permits as u64,
            workers: core.scheduler.threads() as u64,
            preempted: core.scheduler.preempted() as u64,
            timers: core.clock.pending() as u64,
            loads: core.loader.running() as u64,
            ..Metrics::default()
        };
        for group in &groups {
            let (seen, past) = group.seen();
            let left = most - metrics.isolates.len();
            let isolates = seen.iter().take(left);
            let isolates = isolates.map(|seen| seen.isolate.metrics(seen.parent));
            metrics.isolates.extend(isolates);
            metrics.timers += group.virtual_time().map_or(0, |time| time.pending()) as u64;
            let of_group = group.metrics(&seen, &past);
            metrics.total += &of_group.sums;
            if !group.is_empty() {
                metrics.groups.push(of_group);
            }
        }
        metrics
    }

    /// Records what happens from now on, for as long as that is held; none where the
    /// runtime was dropped.
    pub fn record(&self) -> Option<Recording> {
        Some(Recording::begin(&self.0.upgrade()?.recorder))
    }

    /// A handle with every right to an isolate that is alive.
    pub fn control(&self, id: IsolateId) -> Option<Control> {
        let group = self.0.upgrade()?.group(id.group)?;
        let isolate = group.member(id.isolate)?;
        Some(Control::whole(&isolate))
    }
}

impl std::fmt::Debug for Observer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Observer").finish_non_exhaustive()
    }
}
