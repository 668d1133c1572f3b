//! The limits that an isolate has met, and what it uses of those of its own.

use std::time::Duration;

use super::IsolateCore;
use crate::events::Event;
use crate::observe::traced;
use crate::port::SendStatus;
use crate::sync::lock;
use crate::usage::{Usage, Used};
use insula_message::{Limit, LimitHit, Scope};

/// How often listeners are told of one limit of one isolate at most.
const LIMIT_TOLD_EVERY: Duration = Duration::from_secs(1);

impl IsolateCore {
    /// Something was refused to it, or it ends, because of a limit: that is counted
    /// each time, and told not too often. No lock may be held.
    pub(crate) fn met(&self, hit: LimitHit) {
        if hit.limit.scope() == Scope::Isolate {
            self.meter(hit.limit).refuse();
        }
        self.group.meter(hit.limit).refuse();
        if self.is_news(hit.limit) {
            traced::met(self, hit);
            self.emit(|group, isolate| Event::LimitHit {
                group,
                isolate,
                hit,
            });
        }
    }

    /// Its mailbox has refused a message: where that was for want of room, a limit
    /// of its own was met, whoever sent the message. No lock may be held.
    pub(crate) fn refused_message(&self, status: SendStatus, cost: u64) -> SendStatus {
        if status == SendStatus::Full {
            let hit = self.mailbox().full_by(cost);
            self.met(hit);
        }
        status
    }

    /// What it uses of the limits that it has for itself.
    pub(crate) fn usage(&self) -> Usage {
        self.mailbox().show(&self.meters);
        self.show_life();
        self.show_cpu();
        Usage::of(Scope::Isolate, |limit| {
            Used::of(self.meters.of(limit), self.limits.get(limit))
        })
    }

    /// Whether listeners were not told of this limit for a while. A guest that asks
    /// in a loop for what it cannot have must not shut out all other events.
    fn is_news(&self, limit: Limit) -> bool {
        if !self.group.core().events.is_heard() && !traced::wants_limits() {
            return false;
        }
        let now = self.group.now();
        let mut told = lock(&self.told);
        match told.iter_mut().find(|(other, _)| *other == limit) {
            Some((_, last)) if now.saturating_sub(*last) < LIMIT_TOLD_EVERY => false,
            Some((_, last)) => {
                *last = now;
                true
            }
            None => {
                told.push((limit, now));
                true
            }
        }
    }
}
