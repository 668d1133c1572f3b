//! An isolate as those see it who look at the runtime.

use super::IsolateCore;
use crate::limits::MESSAGE_OVERHEAD;
use crate::observe::{IsolateId, IsolateMetrics, IsolateState, Tally, shown_entry};
use crate::port::PortRef;
use insula_message::Limit;

impl IsolateCore {
    pub(crate) fn id(&self) -> IsolateId {
        IsolateId {
            group: self.group.number(),
            isolate: self.number,
        }
    }

    /// It has sent a message of this cost to `to`: said by the thread that runs it.
    #[inline(always)]
    pub(crate) fn has_sent(&self, to: &PortRef, cost: u64) {
        let bytes = cost - MESSAGE_OVERHEAD;
        self.sent.add(bytes);
        let recorder = &self.group.core().recorder;
        if recorder.is_on() {
            recorder.sent(Some(self), to, bytes);
        }
    }

    /// The isolate that spawned it, alive or not.
    pub(crate) fn spawner(&self) -> Option<u64> {
        self.spawner
    }

    /// What it has sent and received. Locks its mailbox.
    pub(crate) fn tally(&self) -> Tally {
        Tally {
            sent: self.sent.read(),
            received: self.mailbox().received(),
        }
    }

    fn state(&self) -> IsolateState {
        let run = &self.run;
        if run.has_ended() {
            IsolateState::Ended
        } else if self.hangs() {
            IsolateState::Hanging
        } else if run.is_running() {
            IsolateState::Running
        } else if self.is_paused() {
            IsolateState::Paused
        } else if run.is_made() {
            IsolateState::Loading
        } else if run.is_queued() {
            IsolateState::Ready
        } else {
            IsolateState::Waiting
        }
    }

    /// What it does, as a child of `parent`.
    pub(crate) fn metrics(&self, parent: Option<u64>) -> IsolateMetrics {
        let (mailbox, received) = {
            let mailbox = self.mailbox();
            (mailbox.holds(), mailbox.received())
        };
        let memory = self.meter(Limit::Memory);
        IsolateMetrics {
            id: self.id(),
            parent,
            name: self.name.clone(),
            entry: shown_entry(self.entry()),
            state: self.state(),
            cpu: self.cpu.read(),
            age: self.lived(),
            memory: memory.used(),
            memory_peak: memory.peak(),
            memory_limit: self.limits.memory,
            mailbox,
            mailbox_limit: self.limits.mailbox_messages,
            sent: self.sent.read(),
            received,
        }
    }
}
