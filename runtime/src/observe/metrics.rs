//! What a runtime, its groups and its isolates do at one moment, as plain values.

use std::collections::BTreeMap;
use std::time::Duration;

use insula_message::ExitReason;
use serde::{Serialize, Serializer};

use super::tally::{Past, Traffic};

/// What a runtime does at one moment, and has done until then.
///
/// What is counted never goes back from one to the next. Of what goes on while it is
/// taken, some may be in it and some not.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
#[non_exhaustive]
pub struct Metrics {
    /// How long the runtime has been there. Seconds where it is written.
    #[serde(rename = "uptime_seconds", serialize_with = "seconds")]
    pub uptime: Duration,
    /// Of all groups, those included that are over.
    pub total: Sums,
    /// Isolates alive at once, at most.
    pub isolates_peak: u64,
    /// Places for isolates; see
    /// [`RuntimeBuilder::max_isolates`](crate::RuntimeBuilder::max_isolates).
    pub isolates_limit: u64,
    /// Bytes of linear memory that all isolates had at once, at most.
    pub memory_peak: u64,
    /// Run permits: how many turns run at once.
    pub permits: u64,
    /// Worker threads.
    pub workers: u64,
    /// Turns that lost their run permit and have not ended.
    pub preempted: u64,
    /// Timers that are not due yet.
    pub timers: u64,
    /// Programs that are being loaded.
    pub loads: u64,
    /// Every group that is not over, by its number.
    pub groups: Vec<GroupMetrics>,
    /// Isolates that are alive, where they were asked for:
    /// [`Observer::metrics_with_isolates`](crate::Observer::metrics_with_isolates).
    pub isolates: Vec<IsolateMetrics>,
}

/// What was counted of a group, or of all.
#[derive(Debug, Clone, PartialEq, Serialize, Default)]
#[non_exhaustive]
pub struct Sums {
    /// Isolates that are alive.
    pub isolates: u64,
    /// Isolates that there ever were.
    pub spawned: u64,
    /// Those that have ended, by the [kind](crate::ExitReason::kind) of the reason; kinds
    /// that did not occur are left out. One counts from when its end was told: one that
    /// hangs in a call of the host's is alive and has ended.
    pub ended: BTreeMap<&'static str, u64>,
    /// What they have computed. Seconds where it is written.
    #[serde(rename = "cpu_seconds", serialize_with = "seconds")]
    pub cpu: Duration,
    /// Bytes of linear memory now.
    pub memory: u64,
    /// Messages in mailboxes now, and what they count there in bytes.
    pub mailboxes: Traffic,
    /// What isolates have sent: to one another, and to ports of the host's.
    pub sent: Traffic,
    /// What came into their mailboxes: also from the host, and notices. An isolate's
    /// first message is no such.
    pub received: Traffic,
}

impl Sums {
    pub(crate) fn of(past: &Past) -> Self {
        let kinds = ExitReason::KINDS.into_iter().zip(past.ended);
        Sums {
            spawned: past.spawned,
            ended: kinds.filter(|(_, count)| *count > 0).collect(),
            cpu: past.cpu,
            sent: past.tally.sent,
            received: past.tally.received,
            ..Sums::default()
        }
    }
}

impl std::ops::AddAssign<&Sums> for Sums {
    fn add_assign(&mut self, more: &Sums) {
        self.isolates += more.isolates;
        self.spawned += more.spawned;
        for (kind, count) in &more.ended {
            *self.ended.entry(kind).or_default() += count;
        }
        self.cpu += more.cpu;
        self.memory += more.memory;
        self.mailboxes += more.mailboxes;
        self.sent += more.sent;
        self.received += more.received;
    }
}

/// What one group does at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct GroupMetrics {
    /// Its number in the runtime, from 1.
    pub group: u64,
    /// What was counted.
    #[serde(flatten)]
    pub sums: Sums,
    /// Isolates alive at once, at most.
    pub isolates_peak: u64,
    /// How many may be alive at once.
    pub isolates_limit: u64,
    /// Bytes of linear memory that its isolates had at once, at most.
    pub memory_peak: u64,
    /// How many bytes they may have.
    pub memory_limit: u64,
}

/// What one isolate does at one moment, or did until its end.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct IsolateMetrics {
    /// Which one.
    #[serde(flatten)]
    pub id: IsolateId,
    /// The number of the isolate in its group that spawned it; where that one has ended,
    /// of the one that spawned that. None of a group's first one.
    pub parent: Option<u64>,
    /// A name for people, unique within the group.
    pub name: String,
    /// The entry that it runs, 200 characters of it at most; empty while that is not known.
    pub entry: String,
    /// What it does.
    pub state: IsolateState,
    /// What it has computed. Seconds where it is written.
    #[serde(rename = "cpu_seconds", serialize_with = "seconds")]
    pub cpu: Duration,
    /// How long it has lived. Seconds where it is written.
    #[serde(rename = "age_seconds", serialize_with = "seconds")]
    pub age: Duration,
    /// Bytes of linear memory now.
    pub memory: u64,
    /// Bytes of linear memory at most.
    pub memory_peak: u64,
    /// How many bytes it may have.
    pub memory_limit: u64,
    /// Messages in its mailbox, and what they count there in bytes.
    pub mailbox: Traffic,
    /// How many messages its mailbox may hold.
    pub mailbox_limit: u64,
    /// What it has sent.
    pub sent: Traffic,
    /// What came into its mailbox.
    pub received: Traffic,
}

/// Which isolate of a runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct IsolateId {
    /// The number of its group in the runtime, from 1.
    pub group: u64,
    /// Its number in the group, from 1; the first one is the host's.
    pub isolate: u64,
}

/// What an isolate does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum IsolateState {
    /// Its program is being loaded.
    Loading,
    /// It has something to do and waits for a worker.
    Ready,
    /// It is in a turn.
    Running,
    /// Nothing is there for it to do.
    Waiting,
    /// It is paused. What it does now it still does.
    Paused,
    /// Its end was told, and its turn hangs in a call of the host's.
    Hanging,
    /// It has ended.
    Ended,
}

impl IsolateState {
    /// Its name, as it is written.
    pub fn name(self) -> &'static str {
        match self {
            IsolateState::Loading => "loading",
            IsolateState::Ready => "ready",
            IsolateState::Running => "running",
            IsolateState::Waiting => "waiting",
            IsolateState::Paused => "paused",
            IsolateState::Hanging => "hanging",
            IsolateState::Ended => "ended",
        }
    }
}

pub(super) fn seconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}
