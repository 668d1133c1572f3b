//! What the page is told, as JSON. It shows text as text, so nothing is escaped here.

use insula::{EntryId, Exit, Flow, Flows, IsolateId, Metrics};
use serde_json::{Value, json};

use crate::board::{self, ROWS};
use crate::timeline::{Sample, milliseconds};
use crate::watch::{Shared, lock};

/// How many ends a page is told of at once, the newest.
const EXITS: usize = 1_000;

/// How many flows are told of, of each kind.
const FLOWS: usize = 200;

/// What a page has seen already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The number of the last look.
    pub(crate) look: u64,
    /// The number of the last end.
    pub(crate) exits: u64,
    /// The moment of the last sample, in milliseconds.
    pub(crate) at: u64,
    /// Whether it wants to see the flows now.
    pub(crate) flows: bool,
}

/// What is new for a page.
pub(crate) fn news(shared: &Shared, seen: Seen) -> Value {
    let (mut news, uptime) = {
        let mut board = lock(&shared.board);
        board.refresh(&shared.observer);
        let metrics = board.metrics();
        let mut news = board.changes(seen.look);
        news["totals"] = totals(metrics);
        (news, metrics.uptime)
    };
    news["now"] = json!(milliseconds(uptime));
    news["exitCount"] = json!(shared.recording.exit_count());
    let exits = shared.recording.exits_after(seen.exits, EXITS);
    news["exits"] = exits.iter().map(exit).collect();
    {
        let timeline = lock(&shared.timeline);
        if seen.at == 0 {
            news["whole"] = timeline.whole().iter().map(sample).collect();
        }
        news["samples"] = timeline.recent_after(seen.at).map(sample).collect();
    }
    if seen.flows {
        news["flows"] = flows(&shared.recording.flows(FLOWS));
    }
    news
}

/// All that is known, of a run that is over, for a report.
pub(crate) fn report(shared: &Shared, rows: usize, about: &[(&str, &str)]) -> Value {
    let metrics = shared.observer.metrics();
    let mut timeline = lock(&shared.timeline);
    timeline.finish(Sample::of(&metrics));
    let exits = shared.recording.exits_after(0, rows);
    let count = shared.recording.exit_count();
    json!({
        "about": about.iter().map(|(name, text)| json!([name, text])).collect::<Vec<_>>(),
        "now": milliseconds(metrics.uptime),
        "totals": totals(&metrics),
        "exitCount": count,
        "leftOut": count.saturating_sub(exits.len() as u64),
        "exits": exits.iter().map(exit).collect::<Vec<_>>(),
        "whole": timeline.whole().iter().map(sample).collect::<Vec<_>>(),
        "flows": flows(&shared.recording.flows(FLOWS)),
    })
}

fn totals(metrics: &Metrics) -> Value {
    let total = &metrics.total;
    json!({
        "isolates": total.isolates,
        "isolatesPeak": metrics.isolates_peak,
        "isolatesLimit": metrics.isolates_limit,
        "shown": ROWS,
        "spawned": total.spawned,
        "ended": total.ended,
        "cpu": total.cpu.as_micros() as f64 / 1e3,
        "memory": total.memory,
        "memoryPeak": metrics.memory_peak,
        "waiting": total.mailboxes.messages,
        "sent": total.sent.messages,
        "sentBytes": total.sent.bytes,
        "received": total.received.messages,
        "receivedBytes": total.received.bytes,
        "permits": metrics.permits,
        "workers": metrics.workers,
        "preempted": metrics.preempted,
        "timers": metrics.timers,
        "loads": metrics.loads,
        "groups": metrics.groups.len(),
    })
}

fn exit(exit: &Exit) -> Value {
    json!({
        "number": exit.number,
        "at": milliseconds(exit.at),
        "row": board::cells(&exit.isolate, exit.at),
        "kind": exit.reason.kind(),
        "failed": exit.reason.is_error(),
        "reason": exit.reason.to_string(),
        "backtrace": exit.backtrace,
    })
}

fn sample(sample: &Sample) -> Value {
    json!([
        sample.at,
        sample.isolates,
        sample.spawned,
        sample.ended,
        sample.sent,
        sample.received,
        sample.waiting,
        sample.cpu,
        sample.memory,
    ])
}

fn flows(flows: &Flows) -> Value {
    let isolate = |id: &Option<IsolateId>| id.map(|id| json!([id.group, id.isolate]));
    let entry = |id: &Option<EntryId>| id.as_ref().map(|entry| json!([entry.group, entry.entry]));
    json!({
        "isolates": pairs(&flows.isolates, isolate),
        "entries": pairs(&flows.entries, entry),
        "messages": flows.total.messages,
        "bytes": flows.total.bytes,
    })
}

fn pairs<P>(flows: &[Flow<P>], say: impl Fn(&Option<P>) -> Option<Value>) -> Vec<Value> {
    let flows = flows.iter();
    let say = |flow: &Flow<P>| {
        let traffic = flow.traffic;
        json!([
            say(&flow.from),
            say(&flow.to),
            traffic.messages,
            traffic.bytes
        ])
    };
    flows.map(say).collect()
}
