//! What the page shows of single isolates, and what of that has changed.
//!
//! However many pages look, the runtime is looked at no more often than once in
//! [`FRESH`], and a page that has seen a state is sent what is new since.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use insula::{IsolateId, IsolateMetrics, IsolateState, Metrics, Observer};
use serde_json::{Value, json};

use crate::timeline::milliseconds;

/// For how long a look at the runtime is good.
const FRESH: Duration = Duration::from_millis(250);

/// How many isolates are shown: the first ones of the oldest groups.
pub(crate) const ROWS: usize = 20_000;

/// How many isolates that have gone are told one by one. Who has missed more gets all
/// anew.
const GONE: usize = 20_000;

#[derive(Default)]
pub(crate) struct Board {
    /// Counts the looks.
    look: u64,
    looked: Option<Instant>,
    metrics: Metrics,
    rows: BTreeMap<IsolateId, Row>,
    gone: VecDeque<(u64, IsolateId)>,
    /// Who has seen this look or a later one has missed nobody that is gone.
    known_from: u64,
}

struct Row {
    changed: u64,
    isolate: IsolateMetrics,
}

impl Board {
    /// Looks at the runtime, where the last look is not good any more.
    pub(crate) fn refresh(&mut self, observer: &Observer) {
        if self.looked.is_some_and(|looked| looked.elapsed() < FRESH) {
            return;
        }
        self.take(observer.metrics_with_isolates(ROWS));
        self.looked = Some(Instant::now());
    }

    /// The next look is a new one.
    pub(crate) fn is_stale(&mut self) {
        self.looked = None;
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    fn take(&mut self, mut metrics: Metrics) {
        self.look += 1;
        let look = self.look;
        let isolates = std::mem::take(&mut metrics.isolates);
        self.metrics = metrics;
        let mut before = std::mem::take(&mut self.rows);
        for isolate in isolates {
            if isolate.state == IsolateState::Ended {
                continue;
            }
            let known = before.remove(&isolate.id);
            let changed = known
                .filter(|row| is_same(&row.isolate, &isolate))
                .map_or(look, |row| row.changed);
            self.rows.insert(isolate.id, Row { changed, isolate });
        }
        for id in before.into_keys() {
            self.gone.push_back((look, id));
        }
        while self.gone.len() > GONE
            && let Some((look, _)) = self.gone.pop_front()
        {
            self.known_from = look;
        }
    }

    /// What has changed since the look of that number; everything where the number is
    /// of no look, or of one that is too long ago.
    pub(crate) fn changes(&self, since: u64) -> Value {
        let all = since < self.known_from || since > self.look || since == 0;
        let since = if all { 0 } else { since };
        let rows = self.rows.values().filter(|row| row.changed > since);
        let rows: Vec<_> = rows
            .map(|row| cells(&row.isolate, self.metrics.uptime))
            .collect();
        let gone = self.gone.iter().filter(|(look, _)| !all && *look > since);
        let gone: Vec<_> = gone.map(|(_, id)| json!([id.group, id.isolate])).collect();
        json!({ "look": self.look, "all": all, "rows": rows, "gone": gone })
    }
}

/// Whether nothing differs that is shown, but for its age.
fn is_same(one: &IsolateMetrics, other: &IsolateMetrics) -> bool {
    one.state == other.state
        && one.cpu == other.cpu
        && one.parent == other.parent
        && one.entry == other.entry
        && one.mailbox == other.mailbox
        && one.memory == other.memory
        && one.memory_peak == other.memory_peak
        && one.sent == other.sent
        && one.received == other.received
}

/// One isolate as a row for the page, which has the same list of names
/// (`page/store.js`). `now` is how long the runtime is there.
pub(crate) fn cells(isolate: &IsolateMetrics, now: Duration) -> Value {
    json!([
        isolate.id.group,
        isolate.id.isolate,
        isolate.parent.unwrap_or(0),
        isolate.name,
        isolate.entry,
        isolate.state.name(),
        isolate.cpu.as_micros() as f64 / 1e3,
        isolate.memory,
        isolate.memory_peak,
        isolate.memory_limit,
        isolate.mailbox.messages,
        isolate.mailbox.bytes,
        isolate.mailbox_limit,
        isolate.sent.messages,
        isolate.received.messages,
        isolate.sent.bytes,
        isolate.received.bytes,
        milliseconds(now.saturating_sub(isolate.age)),
    ])
}
