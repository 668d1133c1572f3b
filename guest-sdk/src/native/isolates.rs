//! Starting isolates.

use super::control::{self, Isolate, Outgoing};
use super::member::Member;
use super::ports::SendPort;
use super::refusals::{Refusal, RefusalKind};
use super::thread::{self, current};
use super::world::{Payload, World};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// What an isolate runs first.
pub type Start = Box<dyn FnOnce() + Send>;

/// The stand-in gives no limits: what is asked for is not even looked at.
#[allow(dead_code)]
pub struct Limit {
    pub name: String,
    pub value: u64,
}

#[allow(dead_code)]
#[derive(Clone, Debug)]
pub struct Folder {
    pub path: String,
    pub name: String,
    pub writable: bool,
}

#[derive(Clone, Copy, Debug)]
pub enum Clock {
    Usual,
    Same,
    Frozen,
    Off,
}

#[allow(dead_code)]
#[derive(Clone, Debug)]
pub struct Capabilities {
    pub folders: Vec<Folder>,
    pub environment: Vec<String>,
    pub programs: Vec<String>,
    pub arguments: bool,
    pub clock: Clock,
    pub random: bool,
}

#[allow(dead_code)]
pub enum Reach {
    Usual,
    Whole,
    Only(Capabilities),
}

pub struct SpawnRequest<'a> {
    pub uri: Option<String>,
    pub entry: String,
    pub message: Option<Outgoing<'a>>,
    pub name: Option<String>,
    pub paused: bool,
    pub errors_fatal: bool,
    pub on_exit: Option<&'a SendPort>,
    pub on_error: Option<&'a SendPort>,
    pub result: Option<&'a SendPort>,
    pub limits: Vec<Limit>,
    pub reach: Reach,
    /// The entry's function: nobody could find it by its name here.
    pub start: Option<fn()>,
}

pub struct Spawned {
    pub isolate: Isolate,
    pub port: SendPort,
}

pub fn spawn(request: &SpawnRequest<'_>) -> Result<Spawned, Refusal> {
    use RefusalKind::{CapabilityNotHeld, NoSuchEntry, NoSuchLimit, UriNotGranted};
    if let Some(uri) = &request.uri {
        let what = format!("no program can be spawned from {uri}");
        return Err(Refusal::natively(UriNotGranted, &what));
    }
    if let Some(limit) = request.limits.first() {
        let what = format!("an isolate cannot have a limit, as of `{}`", limit.name);
        return Err(Refusal::natively(NoSuchLimit, &what));
    }
    if !matches!(request.reach, Reach::Usual) {
        let what = "an isolate cannot have capabilities of its own";
        return Err(Refusal::natively(CapabilityNotHeld, what));
    }
    let Some(start) = request.start else {
        let what = format!("the entry `{}` cannot be spawned", request.entry);
        return Err(Refusal::natively(NoSuchEntry, &what));
    };
    let current = current();
    let (world, parent) = (&current.world, Some(current.id));
    let id = new_member(world, parent, request);
    let first = world.with(|state, _| state.isolates.get(&id)?.first_port);
    let port = first.and_then(|first| world.sender(first));
    run(world, id, Box::new(start))?;
    let port = port.ok_or_else(|| Refusal::new(RefusalKind::Closed, "it has ended"))?;
    Ok(Spawned {
        isolate: Isolate::whole(Arc::clone(world), id),
        port: SendPort(port),
    })
}

/// Starts the first isolate of a world: a test, named without its crate.
pub fn spawn_first(world: &Arc<World>, entry: &str, start: Start) -> Result<u64, Refusal> {
    let request = SpawnRequest {
        uri: None,
        entry: entry.to_owned(),
        message: None,
        name: entry.split_once("::").map(|(_, name)| name.to_owned()),
        paused: false,
        errors_fatal: true,
        on_exit: None,
        on_error: None,
        result: None,
        limits: Vec::new(),
        reach: Reach::Usual,
        start: None,
    };
    let id = new_member(world, None, &request);
    run(world, id, start)?;
    Ok(id)
}

fn run(world: &Arc<World>, id: u64, start: Start) -> Result<(), Refusal> {
    let name = world.with(|state, _| Some(state.isolates.get(&id)?.name.clone()));
    let started = thread::start(Arc::clone(world), id, name.unwrap_or_default(), start);
    started.map_err(|error| {
        world.with(|state, trash| trash.add(state.isolates.remove(&id)));
        let what = format!("there is no thread for one more isolate: {error}");
        Refusal::natively(RefusalKind::Limit, &what)
    })
}

fn new_member(world: &Arc<World>, parent: Option<u64>, request: &SpawnRequest<'_>) -> u64 {
    let [control, pause, terminate] = [(); 3].map(|()| world.capability());
    let sender = |port: &SendPort| Arc::clone(&port.0);
    let null = || super::ending::said(&());
    let on_exit = request.on_exit.map(|port| (sender(port), null()));
    let paused_by = request.paused.then_some(pause.port);
    world.with(|state, _| {
        let id = state.number();
        let number = state.isolates.len() + 1;
        let name = request.name.as_ref().unwrap_or(&request.entry);
        let member = Member {
            name: format!("{name}#{number}"),
            entry: request.entry.clone(),
            parent,
            mailbox: VecDeque::new(),
            timers: BTreeMap::new(),
            first_message: request.message.as_ref().map(Payload::from),
            first_port: Some(state.open(id, 0)),
            result: request.result.map(sender),
            paused_by: BTreeSet::from_iter(paused_by),
            errors_fatal: request.errors_fatal,
            started: false,
            idle: false,
            stop: None,
            ended: None,
            control,
            pause,
            terminate,
            on_exit: on_exit.into_iter().collect(),
            monitors: Vec::new(),
            on_error: request.on_error.map(sender).into_iter().collect(),
            links: BTreeMap::new(),
        };
        state.isolates.insert(id, member);
        id
    })
}

impl From<&control::Outgoing<'_>> for Payload {
    fn from(outgoing: &control::Outgoing<'_>) -> Self {
        let ports = outgoing.ports.iter();
        Payload {
            bytes: outgoing.bytes.clone(),
            ports: ports.map(|port| Arc::clone(&port.0)).collect(),
            reply: None,
        }
    }
}
