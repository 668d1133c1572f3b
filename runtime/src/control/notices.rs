//! Who is told of an isolate's errors and of its end, and who ends with it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use insula_message::{ExitReason, Frame, LimitHit};

use super::{Link, Part, Pending};
use crate::events::Event;
use crate::host_memory::{HostShare, LISTENER};
use crate::isolate::IsolateCore;
use crate::listeners::{ExitListener, Listeners, cut, tell_error};
use crate::port::{PortRef, SendStatus};

/// What is told of the end of an isolate, after it.
pub(crate) struct Told {
    on_exit: Listeners<ExitListener>,
    monitors: Listeners<ExitListener>,
    on_error: Listeners<(PortRef, HostShare)>,
    links: BTreeMap<u64, Link>,
    _pending: VecDeque<Pending>,
}

/// Who ends with an isolate.
pub(crate) struct Linked(BTreeMap<u64, Link>);

impl IsolateCore {
    /// Tells error listeners. False when there are none.
    pub(crate) fn tell_of_error(&self, text: &str, backtrace: &[Frame]) -> bool {
        // Sending wakes others and may drop ports, so not under the lock.
        let listeners: Vec<_> = self
            .controls()
            .state()
            .on_error
            .iter()
            .map(|(port, _)| port.for_holder(Some(self.group())))
            .collect();
        for port in &listeners {
            tell_error(port, text, backtrace);
        }
        self.emit(|group, isolate| Event::Uncaught {
            group,
            isolate,
            error: text.to_owned(),
        });
        !listeners.is_empty()
    }

    pub(crate) fn add_error_listener(&self, to: &PortRef) -> SendStatus {
        let share = match HostShare::take(self.group(), LISTENER) {
            Ok(share) => share,
            Err(hit) => {
                self.met(hit);
                return SendStatus::Full;
            }
        };
        let listener = (to.for_holder(Some(self.group())), share);
        let most = self.limits().handles.max(1);
        let (status, dropped) = self.controls().change(|state| {
            if state.ended.is_some() {
                (SendStatus::Closed, Some(listener))
            } else if state.on_error.len() as u64 >= most && !state.on_error.has(to.id()) {
                (SendStatus::Full, Some(listener))
            } else {
                (SendStatus::Sent, state.on_error.add(to.id(), listener))
            }
        });
        drop(dropped);
        status
    }

    /// Of an isolate that nobody knows yet.
    pub(crate) fn add_first_error_listener(&self, to: &PortRef, share: HostShare) {
        let listener = (to.for_holder(Some(self.group())), share);
        let replaced = self
            .controls()
            .change(|state| state.on_error.add(to.id(), listener));
        drop(replaced);
    }

    pub(crate) fn remove_error_listener(&self, to: &PortRef) {
        let removed = self
            .controls()
            .change(|state| state.on_error.remove(to.id()));
        drop(removed);
    }

    /// Dart's listener: told its response at the end, and never when that was
    /// before.
    pub(crate) fn add_exit_listener(&self, listener: ExitListener) -> SendStatus {
        let port = listener.port_id();
        let (status, dropped) = self.controls().change(|state| match &state.ended {
            Some(_) => (SendStatus::Closed, Some(listener)),
            None => (SendStatus::Sent, state.on_exit.add(port, listener)),
        });
        drop(dropped);
        status
    }

    /// Of an isolate that nobody knows yet.
    pub(crate) fn add_first_exit_listener(&self, listener: ExitListener) {
        let port = listener.port_id();
        let replaced = self
            .controls()
            .change(|state| state.on_exit.add(port, listener));
        drop(replaced);
    }

    pub(crate) fn remove_exit_listener(&self, to: &PortRef) {
        let removed = self
            .controls()
            .change(|state| state.on_exit.remove(to.id()));
        drop(removed);
    }

    /// Told its response and the reason at the end, at once when that was before.
    /// It has [`REASON_ROOM`](crate::listeners::REASON_ROOM) for that.
    pub(crate) fn add_monitor(&self, listener: ExitListener) -> SendStatus {
        let port = listener.port_id();
        let (ended, dropped) = self.controls().change(|state| match &state.ended {
            Some(reason) => (Some(reason.clone()), Some(listener)),
            None => (None, state.monitors.add(port, listener)),
        });
        match (ended, dropped) {
            (Some(reason), Some(listener)) => listener.tell_reason(&reason),
            (_, replaced) => drop(replaced),
        }
        SendStatus::Sent
    }

    pub(crate) fn remove_monitor(&self, to: &PortRef) {
        let removed = self
            .controls()
            .change(|state| state.monitors.remove(to.id()));
        drop(removed);
    }

    /// Links two isolates: when one ends other than in peace, so does the other.
    pub(crate) fn link(self: &Arc<Self>, other: &Arc<Self>) -> Result<(), LimitHit> {
        if Arc::ptr_eq(self, other) {
            return Ok(());
        }
        let (own, others) = self.link_shares(other)?;
        self.add_link(other, true, own);
        if let Some(reason) = other.add_link(self, true, others) {
            self.remove_link(other);
            if is_abnormal(&reason) {
                self.stop(linked(other, &reason));
            }
        }
        Ok(())
    }

    /// Ties the other one to this one: when this one ends other than in peace, so
    /// does the other.
    pub(crate) fn tie(self: &Arc<Self>, other: &Arc<Self>) -> Result<(), LimitHit> {
        if Arc::ptr_eq(self, other) {
            return Ok(());
        }
        let (own, others) = self.link_shares(other)?;
        self.add_link(other, true, own);
        // The other one forgets nothing but the link when it ends.
        if other.add_link(self, false, others).is_some() {
            self.remove_link(other);
        }
        Ok(())
    }

    /// For the two ends of a link.
    fn link_shares(&self, other: &Self) -> Result<(HostShare, HostShare), LimitHit> {
        let own = HostShare::take(self.group(), LISTENER)?;
        Ok((own, HostShare::take(other.group(), LISTENER)?))
    }

    /// The reason why this one has ended, where it has.
    fn add_link(&self, other: &Arc<Self>, ends: bool, share: HostShare) -> Option<ExitReason> {
        let id = other.controls().id(Part::ControlPort);
        self.controls().change(|state| {
            if state.ended.is_none() {
                let link = state.links.entry(id).or_insert_with(|| Link {
                    to: Arc::downgrade(other),
                    ends: false,
                    _share: share,
                });
                link.ends |= ends;
            }
            state.ended.clone()
        })
    }

    fn remove_link(&self, other: &Self) {
        let id = other.controls().id(Part::ControlPort);
        let removed = self.controls().change(|state| state.links.remove(&id));
        drop(removed);
    }

    pub(crate) fn unlink(&self, other: &Self) {
        self.remove_link(other);
        other.remove_link(self);
    }

    /// No control has an effect from now on. Gives who is to be told.
    pub(crate) fn end_controls(&self, reason: ExitReason) -> Told {
        self.controls().change(|state| {
            state.ended = Some(reason);
            state.pauses.clear();
            Told {
                on_exit: std::mem::take(&mut state.on_exit),
                monitors: std::mem::take(&mut state.monitors),
                on_error: std::mem::take(&mut state.on_error),
                links: std::mem::take(&mut state.links),
                _pending: std::mem::take(&mut state.pending),
            }
        })
    }
}

impl Told {
    /// Tells those who listen: of the error first, of the end then. Gives those
    /// who are linked, which end after all have been told why.
    pub(crate) fn tell(self, reason: &ExitReason) -> Linked {
        if let Some(text) = error_text(reason) {
            for (port, _) in self.on_error.into_iter() {
                tell_error(&port, &text, reason.backtrace());
            }
        }
        for listener in self.on_exit.into_iter() {
            listener.tell();
        }
        for monitor in self.monitors.into_iter() {
            monitor.tell_reason(reason);
        }
        Linked(self.links)
    }
}

impl Linked {
    /// Ends those that are to end with this isolate.
    pub(crate) fn end(self, isolate: &IsolateCore, reason: &ExitReason) {
        for link in self.0.into_values() {
            if let Some(other) = link.to.upgrade() {
                other.remove_link(isolate);
                if link.ends && is_abnormal(reason) {
                    other.stop(linked(isolate, reason));
                }
            }
        }
    }
}

/// What error listeners are told of an end, where it was an error of the
/// isolate's own.
pub(crate) fn error_text(reason: &ExitReason) -> Option<String> {
    match reason {
        ExitReason::Failed { error, .. } => Some(error.clone()),
        ExitReason::Linked { .. } => None,
        reason => reason.is_error().then(|| reason.to_string()),
    }
}

/// Whether those that are linked to it end too.
fn is_abnormal(reason: &ExitReason) -> bool {
    !matches!(reason, ExitReason::Ended | ExitReason::ShutDown)
}

fn linked(to: &IsolateCore, reason: &ExitReason) -> ExitReason {
    match reason {
        // The first one of a chain is the cause.
        ExitReason::Linked { .. } => reason.clone(),
        _ => ExitReason::Linked {
            isolate: to.name().to_owned(),
            reason: Box::new(cut(reason)),
        },
    }
}
