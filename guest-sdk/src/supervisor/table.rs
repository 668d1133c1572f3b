//! The children of a supervisor, as they are at this moment.

use super::child::ChildSpec;
use super::plan::Plan;
use super::{ChildEvent, SupervisorError};
use crate::Isolate;
use std::collections::VecDeque;
use std::task::Waker;

pub struct Table {
    pub plan: Plan,
    /// In the order of start, which is that of the plan.
    pub children: Vec<Entry>,
    next_id: u64,
    next_incarnation: u64,
    pub commands: VecDeque<Command>,
    /// The supervisor, while it waits for something to happen.
    pub supervisor: Option<Waker>,
    /// Those who wait until something has changed.
    pub watchers: Vec<Waker>,
    /// There was a child that ran.
    pub has_begun: bool,
    /// No child is started any more.
    pub is_ending: bool,
    /// What the supervisor came to, when it is over.
    pub outcome: Option<Result<(), SupervisorError>>,
    /// None while it is called.
    pub observer: Option<Observer>,
}

pub type Observer = Box<dyn FnMut(&ChildEvent)>;

/// What others have asked for.
pub enum Command {
    End(u64),
    Stop,
}

pub struct Entry {
    pub id: u64,
    pub spec: ChildSpec,
    pub running: Option<Running>,
    /// How often it was started.
    pub starts: u32,
}

#[derive(Clone)]
pub struct Running {
    pub isolate: Isolate,
    /// The number by which its end is told.
    pub incarnation: u64,
}

impl Table {
    pub fn new(plan: Plan, observer: Option<Observer>) -> Self {
        Self {
            plan,
            children: Vec::new(),
            next_id: 0,
            next_incarnation: 0,
            commands: VecDeque::new(),
            supervisor: None,
            watchers: Vec::new(),
            has_begun: false,
            is_ending: false,
            outcome: None,
            observer,
        }
    }

    pub fn add(&mut self, spec: ChildSpec) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        self.plan.add(id, spec.restart);
        self.children.push(Entry {
            id,
            spec,
            running: None,
            starts: 0,
        });
        id
    }

    pub fn remove(&mut self, id: u64) -> Option<Entry> {
        self.plan.forget(id);
        let place = self.children.iter().position(|child| child.id == id)?;
        Some(self.children.remove(place))
    }

    pub fn new_incarnation(&mut self) -> u64 {
        self.next_incarnation += 1;
        self.next_incarnation
    }

    pub fn by_id(&mut self, id: u64) -> Option<&mut Entry> {
        self.children.iter_mut().find(|child| child.id == id)
    }

    pub fn by_name(&self, name: &str) -> Option<&Entry> {
        self.children.iter().find(|child| child.spec.name == name)
    }

    /// Whose end was told by this number. An older one means nothing.
    pub fn by_incarnation(&self, incarnation: u64) -> Option<u64> {
        let mut children = self.children.iter();
        let child = children.find(|child| {
            let running = child.running.as_ref();
            running.is_some_and(|running| running.incarnation == incarnation)
        });
        Some(child?.id)
    }
}
