//! What is kept of a runtime only while somebody wants it: the ends of isolates, and who
//! sends to whom.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use insula_message::ExitReason;
use serde::Serialize;

use super::flow::{Flows, Table};
use super::metrics::{IsolateMetrics, seconds};
use crate::isolate::IsolateCore;
use crate::limits::MESSAGE_OVERHEAD;
use crate::port::{PortRef, Target};
use crate::sync::lock;

/// How many ends are kept where an error caused them or a limit, and how many others.
const FAILURES: usize = 2_000;
const OTHERS: usize = 10_000;

/// How many functions of a backtrace are kept.
const FRAMES: usize = 16;

/// Records a runtime while it is there: the ends of isolates, and who sends to whom.
/// Where there are several they share what is recorded, from when the first one began;
/// it is forgotten when the last one is dropped. It keeps nothing of the runtime alive.
///
/// What is kept is bounded: of the ends the newest 2,000 failures and 10,000 others, and
/// some 65,000 pairs of isolates that send to one another, the busiest.
pub struct Recording(Arc<Recorder>);

/// The end of one isolate.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Exit {
    /// Counts up from 1, in the order in which isolates ended.
    pub number: u64,
    /// When, from the runtime's start. Seconds where it is written.
    #[serde(rename = "at_seconds", serialize_with = "seconds")]
    pub at: Duration,
    /// What the isolate was, and had. Its parent is the isolate that spawned it, alive or
    /// not.
    pub isolate: IsolateMetrics,
    /// Why it ended; long texts are cut, and there is no backtrace in it.
    pub reason: ExitReason,
    /// The innermost functions on the stack.
    pub backtrace: Vec<String>,
}

/// What is recorded; one for each runtime.
#[derive(Default)]
pub(crate) struct Recorder {
    /// How many recordings there are.
    recordings: AtomicUsize,
    table: Table,
    exits: Mutex<Exits>,
}

#[derive(Default)]
struct Exits {
    count: u64,
    failures: VecDeque<Exit>,
    others: VecDeque<Exit>,
}

impl Recording {
    pub(super) fn begin(recorder: &Arc<Recorder>) -> Self {
        recorder.recordings.fetch_add(1, Ordering::SeqCst);
        Recording(recorder.clone())
    }

    /// How many isolates have ended while it was recorded.
    pub fn exit_count(&self) -> u64 {
        lock(&self.0.exits).count
    }

    /// The ends after that number which are kept, no more than the newest `most`, in
    /// order.
    pub fn exits_after(&self, number: u64, most: usize) -> Vec<Exit> {
        let exits = lock(&self.0.exits);
        let (mut failures, mut others) = (exits.failures.iter().rev(), exits.others.iter().rev());
        let (mut failure, mut other) = (failures.next(), others.next());
        let mut newest = Vec::new();
        while newest.len() < most {
            let next = match (failure, other) {
                (Some(one), two) if two.is_none_or(|two| two.number < one.number) => {
                    failure = failures.next();
                    one
                }
                (_, Some(two)) => {
                    other = others.next();
                    two
                }
                _ => break,
            };
            if next.number <= number {
                break;
            }
            newest.push(next.clone());
        }
        drop(exits);
        newest.reverse();
        newest
    }

    /// The busiest flows of messages, so many between isolates and so many between
    /// entries.
    pub fn flows(&self, most: usize) -> Flows {
        self.0.table.busiest(most)
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if self.0.recordings.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.0.table.clear();
            *lock(&self.0.exits) = Exits::default();
        }
    }
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recording")
            .field("exits", &self.exit_count())
            .finish_non_exhaustive()
    }
}

/// The host has sent a message of this cost.
pub(crate) fn host_has_sent(to: &PortRef, cost: u64) {
    if let Some(group) = to.group()
        && group.core().recorder.is_on()
    {
        let bytes = cost - MESSAGE_OVERHEAD;
        group.core().recorder.sent(None, to, bytes);
    }
}

impl Recorder {
    /// Whether anything is to be recorded.
    #[inline(always)]
    pub(crate) fn is_on(&self) -> bool {
        self.recordings.load(Ordering::Relaxed) > 0
    }

    /// A message was sent, by the host where `from` is none.
    #[cold]
    pub(crate) fn sent(&self, from: Option<&IsolateCore>, to: &PortRef, bytes: u64) {
        match to.target() {
            Target::Isolate { isolate, .. } => self.table.count(from, Some(isolate), bytes),
            Target::Host(_) => self.table.count(from, None, bytes),
            Target::Capability | Target::Control(_) => {}
        }
    }

    /// An isolate has ended, for a reason that is `short` without what takes much room.
    pub(crate) fn ended(&self, isolate: &IsolateCore, reason: &ExitReason, short: &ExitReason) {
        let group = isolate.group();
        let metrics = isolate.metrics(isolate.spawner());
        let backtrace = reason.backtrace().iter().take(FRAMES);
        let mut exit = Exit {
            number: 0,
            at: group.core().made.elapsed(),
            isolate: metrics,
            reason: short.clone(),
            backtrace: backtrace.map(ToString::to_string).collect(),
        };
        let mut exits = lock(&self.exits);
        exits.count += 1;
        exit.number = exits.count;
        let (kept, most) = match short.is_error() {
            true => (&mut exits.failures, FAILURES),
            false => (&mut exits.others, OTHERS),
        };
        let oldest = (kept.len() >= most).then(|| kept.pop_front());
        kept.push_back(exit);
        drop(exits);
        drop(oldest);
    }
}
