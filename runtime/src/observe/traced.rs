//! What is told through `tracing`: to subscribers of the host's, where it has any.
//! Switched off, each place costs one load of a number that nobody writes.
//!
//! Texts of guests have no control characters here.

use insula_message::{ExitReason, LimitHit};
use tracing::Level;
use tracing::span::EnteredSpan;

use crate::isolate::IsolateCore;
use crate::output::harmless;

/// Of isolates: `spawned`, `ended`, `met a limit`.
const ISOLATE: &str = "insula::isolate";
/// Of turns: the span `turn`.
const TURN: &str = "insula::turn";
/// Of programs: the span `load`.
const LOAD: &str = "insula::load";

pub(crate) fn spawned(isolate: &IsolateCore, parent: Option<&IsolateCore>) {
    tracing::debug!(
        target: ISOLATE,
        group = isolate.group().number(),
        isolate = %harmless(isolate.name()),
        entry = %harmless(isolate.entry()),
        parent = parent.map(|parent| harmless(parent.name())),
        "spawned"
    );
}

pub(crate) fn ended(isolate: &IsolateCore, reason: &ExitReason) {
    macro_rules! tell {
        ($level:ident) => {
            tracing::$level!(
                target: ISOLATE,
                group = isolate.group().number(),
                isolate = %harmless(isolate.name()),
                kind = reason.kind(),
                reason = %harmless(&reason.to_string()),
                cpu_seconds = isolate.cpu().read().as_secs_f64(),
                age_seconds = isolate.lived().as_secs_f64(),
                "ended"
            )
        };
    }
    match reason {
        ExitReason::HostFailed(_) => tell!(error),
        _ if reason.is_error() => tell!(info),
        _ => tell!(debug),
    }
}

/// Whether anybody wants to know of limits that were met.
pub(crate) fn wants_limits() -> bool {
    tracing::enabled!(target: ISOLATE, Level::DEBUG)
}

pub(crate) fn met(isolate: &IsolateCore, hit: LimitHit) {
    tracing::debug!(
        target: ISOLATE,
        group = isolate.group().number(),
        isolate = %harmless(isolate.name()),
        limit = hit.limit.option(),
        value = hit.value,
        "met a limit"
    );
}

/// One turn of an isolate, on the thread that runs it.
#[inline]
pub(crate) fn turn(isolate: &IsolateCore) -> EnteredSpan {
    tracing::trace_span!(
        target: TURN,
        "turn",
        group = isolate.group().number(),
        isolate = %harmless(isolate.name()),
    )
    .entered()
}

/// From a module's bytes to a program, on a loader's thread.
pub(crate) fn load(program: &str, bytes: usize) -> EnteredSpan {
    let program = harmless(program);
    tracing::debug_span!(target: LOAD, "load", %program, bytes).entered()
}

/// Inside of [`load`], once it went well.
pub(crate) fn loaded(from_cache: bool, entries: usize) {
    tracing::debug!(target: LOAD, from_cache, entries, "loaded");
}
