//! Knowing and controlling isolates.

use super::ending::{is_abnormal, linked, with_reason};
use super::member::{Item, Member};
use super::ports::{SendPort, SendStatus};
use super::refusals::{Refusal, RefusalKind};
use super::thread::{current, end_here};
use super::world::{Payload, Sender, World};
use insula_message::ExitReason;
use std::sync::Arc;

pub enum Priority {
    Immediate,
    BeforeNextEvent,
}

pub struct Outgoing<'a> {
    pub bytes: Vec<u8>,
    pub ports: Vec<&'a SendPort>,
}

/// An isolate, with rights to it.
pub struct Isolate {
    world: Arc<World>,
    id: u64,
    may_pause: bool,
    may_terminate: bool,
}

type Listeners = Vec<(Arc<Sender>, Payload)>;

impl Isolate {
    pub(super) fn whole(world: Arc<World>, id: u64) -> Self {
        Self {
            world,
            id,
            may_pause: true,
            may_terminate: true,
        }
    }

    pub fn current() -> Result<Isolate, Refusal> {
        let current = current();
        Ok(Self::whole(current.world, current.id))
    }

    pub fn from_parts(
        control_port: &SendPort,
        pause: Option<&SendPort>,
        terminate: Option<&SendPort>,
    ) -> Result<Isolate, Refusal> {
        let world = current().world;
        let found = world.with(|state, _| {
            let mut isolates = state.isolates.iter();
            let (id, member) = isolates.find(|(_, member)| same(&member.control, control_port))?;
            let may_pause = pause.is_some_and(|pause| same(&member.pause, pause));
            let may_terminate = terminate.is_some_and(|port| same(&member.terminate, port));
            Some((*id, may_pause, may_terminate))
        });
        let (id, may_pause, may_terminate) = found.ok_or_else(|| {
            let text = "the send port is no isolate's control port";
            Refusal::new(RefusalKind::NotControl, text)
        })?;
        Ok(Isolate {
            world,
            id,
            may_pause,
            may_terminate,
        })
    }

    /// Does something to it; the default where it is not there.
    fn member<R: Default>(&self, work: impl FnOnce(&mut Member) -> R) -> R {
        let work = |member: &mut Member| work(member);
        self.world.with(|state, _| {
            state
                .isolates
                .get_mut(&self.id)
                .map(work)
                .unwrap_or_default()
        })
    }

    fn part(&self, part: fn(&Member) -> &Arc<Sender>) -> Result<SendPort, Refusal> {
        let port = self.member(|member| Some(SendPort(Arc::clone(part(member)))));
        port.ok_or_else(|| Refusal::new(RefusalKind::Closed, "the isolate has ended"))
    }

    pub fn control_port(&self) -> Result<SendPort, Refusal> {
        self.part(|member| &member.control)
    }

    pub fn pause_capability(&self) -> Result<Option<SendPort>, Refusal> {
        let port = self.may_pause.then(|| self.part(|member| &member.pause));
        port.transpose()
    }

    pub fn terminate_capability(&self) -> Result<Option<SendPort>, Refusal> {
        let port = self
            .may_terminate
            .then(|| self.part(|member| &member.terminate));
        port.transpose()
    }

    pub fn name(&self) -> String {
        self.member(|member| member.name.clone())
    }

    pub fn pause(&self, by: &SendPort) -> Result<bool, Refusal> {
        if self.may_pause {
            self.member(|member| member.paused_by.insert(by.0.port));
        }
        Ok(self.may_pause)
    }

    pub fn resume(&self, by: &SendPort) -> bool {
        if self.may_pause {
            self.member(|member| member.paused_by.remove(&by.0.port));
        }
        self.may_pause
    }

    /// It ends at its next event, whatever the priority: a thread cannot be stopped.
    pub fn kill(&self, priority: Priority, tree: bool) -> bool {
        if !self.may_terminate {
            return false;
        }
        self.world.with(|state, _| {
            let all = if tree {
                state.tree(self.id)
            } else {
                vec![self.id]
            };
            all.into_iter()
                .for_each(|id| state.stop(id, ExitReason::Killed));
        });
        if matches!(priority, Priority::Immediate) && current().id == self.id {
            end_here(ExitReason::Killed);
        }
        true
    }

    pub fn set_errors_fatal(&self, on: bool) -> bool {
        if self.may_terminate {
            self.member(|member| member.errors_fatal = on);
        }
        self.may_terminate
    }

    pub fn ping(&self, to: &SendPort, response: &Outgoing<'_>, priority: Priority) -> SendStatus {
        let response = Payload::from(response);
        self.world.with(|state, trash| {
            let alive = state
                .isolates
                .get_mut(&self.id)
                .filter(|member| member.is_alive());
            let Some(member) = alive else {
                trash.add(response);
                return SendStatus::Closed;
            };
            if let Priority::BeforeNextEvent = priority {
                let to = Arc::clone(&to.0);
                member.mailbox.push_front(Item::Ping { to, response });
                return SendStatus::Sent;
            }
            state.send(to.0.port, response, trash)
        })
    }

    fn listen(
        &self,
        to: &SendPort,
        response: &Outgoing<'_>,
        listeners: fn(&mut Member) -> &mut Listeners,
        when_ended: fn(Payload, &ExitReason) -> Option<Payload>,
    ) -> SendStatus {
        let response = Payload::from(response);
        self.world.with(|state, trash| {
            let Some(member) = state.isolates.get_mut(&self.id) else {
                trash.add(response);
                return SendStatus::Closed;
            };
            if let Some(reason) = member.ended.clone() {
                return match when_ended(response, &reason) {
                    Some(notice) => state.send(to.0.port, notice, trash),
                    None => SendStatus::Closed,
                };
            }
            let listeners = listeners(member);
            match listeners.iter_mut().find(|(port, _)| same(port, to)) {
                Some((_, old)) => trash.add(std::mem::replace(old, response)),
                None => listeners.push((Arc::clone(&to.0), response)),
            }
            SendStatus::Sent
        })
    }

    fn unlisten(&self, to: &SendPort, listeners: fn(&mut Member) -> &mut Listeners) {
        self.world.with(|state, trash| {
            if let Some(member) = state.isolates.get_mut(&self.id) {
                let gone = listeners(member).extract_if(.., |(port, _)| same(port, to));
                trash.add(gone.collect::<Vec<_>>());
            }
        });
    }

    pub fn add_exit_listener(&self, to: &SendPort, response: &Outgoing<'_>) -> SendStatus {
        self.listen(to, response, |member| &mut member.on_exit, |_, _| None)
    }

    pub fn remove_exit_listener(&self, to: &SendPort) {
        self.unlisten(to, |member| &mut member.on_exit);
    }

    pub fn add_monitor(&self, to: &SendPort, response: &Outgoing<'_>) -> SendStatus {
        let when_ended = |response, reason: &ExitReason| Some(with_reason(response, reason));
        self.listen(to, response, |member| &mut member.monitors, when_ended)
    }

    pub fn remove_monitor(&self, to: &SendPort) {
        self.unlisten(to, |member| &mut member.monitors);
    }

    pub fn add_error_listener(&self, to: &SendPort) -> SendStatus {
        self.world.with(|state, _| {
            let alive = state
                .isolates
                .get_mut(&self.id)
                .filter(|member| member.is_alive());
            let Some(member) = alive else {
                return SendStatus::Closed;
            };
            if !member.on_error.iter().any(|port| same(port, to)) {
                member.on_error.push(Arc::clone(&to.0));
            }
            SendStatus::Sent
        })
    }

    pub fn remove_error_listener(&self, to: &SendPort) {
        self.world.with(|state, trash| {
            if let Some(member) = state.isolates.get_mut(&self.id) {
                let gone = member.on_error.extract_if(.., |port| same(port, to));
                trash.add(gone.collect::<Vec<_>>());
            }
        });
    }

    pub fn link(&self) -> bool {
        self.join(true)
    }

    pub fn tie(&self) -> bool {
        self.join(false)
    }

    /// Links it to the caller; `both` where the caller ends with it, too.
    fn join(&self, both: bool) -> bool {
        let caller = current().id;
        if !self.may_terminate || caller == self.id {
            return self.may_terminate;
        }
        self.world.with(|state, _| {
            let Some(member) = state.isolates.get_mut(&self.id) else {
                return;
            };
            let name = member.name.clone();
            match member.ended.clone() {
                Some(reason) if both && is_abnormal(&reason) => {
                    state.stop(caller, linked(&name, &reason));
                }
                Some(_) => {}
                None => {
                    *member.links.entry(caller).or_default() |= both;
                    if let Some(caller) = state.isolates.get_mut(&caller) {
                        caller.links.insert(self.id, true);
                    }
                }
            }
        });
        true
    }

    pub fn unlink(&self) {
        let caller = current().id;
        for (one, other) in [(self.id, caller), (caller, self.id)] {
            self.world.with(|state, _| {
                if let Some(member) = state.isolates.get_mut(&one) {
                    member.links.remove(&other);
                }
            });
        }
    }
}

fn same(one: &Arc<Sender>, other: &SendPort) -> bool {
    one.port == other.0.port
}
