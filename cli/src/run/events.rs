//! What `insula run --json` prints: an object a line, as it happens.

use insula::{ExitReason, Line, Program, Stream};
use serde_json::{Map, Value, json};

use super::finished::Finished;
use super::order::Order;
use super::stats::Stats;
use super::stop::Why;
use crate::report;

/// What there is, for who reads it.
pub const LONG_HELP: &str = "\
Prints what happens as JSON, an object a line. `event` says what it is, and the rest \
belongs to that:
  loaded    program, entries, from_cache (whether it was compiled before)
  inspecting  url, with --inspect
  started   isolate: the name of the first one
  output    isolate, stream (stdout or stderr), text: a line without its end
  exited    isolate, reason, text: the reason in words
  warning   message
  ended     the last: reason and text of the first isolate; status, the exit
            status; stopped, by what it was ended (SIGINT, SIGTERM, changed) or
            null; figures: isolates (spawned in all), peak_isolates (at once),
            ended (how many of each kind), messages_sent, bytes_sent,
            messages_received and bytes_received (from the host too), cpu_ms,
            wall_ms, peak_memory (bytes of linear memory)
  error     the last where there is no run: message, causes (the nearest
            first), advice (what to do, or null)
A reason is an object with its kind (ended, exited, panicked, failed, trapped, limit, \
contract_broken, not_started, killed, linked, shut_down, host_failed) and what belongs \
to it. With --watch there are building, changed, unchanged, starting, failed and \
waiting too, each with a message, and the events of each run.";

pub fn loaded(program: &Program) {
    report::event(
        "loaded",
        &json!({
            "program": program.name(),
            "entries": program.entries(),
            "from_cache": program.is_from_cache(),
        }),
    );
}

pub fn inspecting(url: &str) {
    report::event("inspecting", &json!({ "url": url }));
}

pub fn started(isolate: &str) {
    report::event("started", &json!({ "isolate": isolate }));
}

pub fn output(order: &Order, line: &Line<'_>) {
    order.tell(
        "output",
        json!({
            "isolate": line.isolate,
            "stream": match line.stream {
                Stream::Stdout => "stdout",
                Stream::Stderr => "stderr",
            },
            "text": line.text,
        }),
    );
}

pub fn exited(order: &Order, isolate: &str, why: &ExitReason) {
    order.tell(
        "exited",
        json!({
            "isolate": isolate,
            "reason": reason(why),
            "text": why.to_string(),
        }),
    );
}

pub fn ended(finished: &Finished, status: u8) {
    report::event(
        "ended",
        &json!({
            "reason": reason(&finished.reason),
            "text": finished.reason.to_string(),
            "stopped": finished.stopped.map(|why| match why {
                Why::Signal(signal) => signal.name(),
                Why::Changed => "changed",
            }),
            "status": status,
            "figures": Stats::of(finished),
        }),
    );
}

/// A reason as an object, whatever kind it is.
fn reason(reason: &ExitReason) -> Value {
    serde_json::to_value(reason).map_or(Value::Null, by_kind)
}

/// serde gives a text, or an object with one key.
fn by_kind(reason: Value) -> Value {
    let (kind, inner) = match reason {
        Value::String(kind) => (kind, Value::Object(Map::new())),
        Value::Object(of_kind) => match of_kind.into_iter().next() {
            Some(found) => found,
            None => return Value::Null,
        },
        other => return other,
    };
    let mut object = match inner {
        Value::Object(fields) => fields,
        code @ Value::Number(_) => Map::from_iter([("code".to_owned(), code)]),
        why => Map::from_iter([("why".to_owned(), why)]),
    };
    if let Some(cause) = object.remove("reason") {
        object.insert("reason".to_owned(), by_kind(cause));
    }
    object.insert("kind".to_owned(), kind.into());
    Value::Object(object)
}
