//! Where messages are sent and received.

pub use super::refusals::Refusal;
use super::refusals::RefusalKind;
use super::thread::{current, end_here};
use super::world::{Payload, Sender, Waiting, World};
use std::sync::Arc;

/// As a real host answers. Here no mailbox is ever full, and no message too large.
#[allow(dead_code)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendStatus {
    Sent,
    Full,
    TooLarge,
    Closed,
}

pub enum CallRefusal {
    Unsent(SendStatus),
    Refused(Refusal),
}

#[derive(Clone)]
pub struct SendPort(pub(super) Arc<Sender>);

impl SendPort {
    pub fn send(&self, bytes: &[u8], ports: &[&SendPort], reply: Option<&SendPort>) -> SendStatus {
        let payload = Payload {
            bytes: bytes.to_vec(),
            ports: ports.iter().map(|port| Arc::clone(&port.0)).collect(),
            reply: reply.map(|reply| Arc::clone(&reply.0)),
        };
        let world = current().world;
        world.with(|state, trash| state.send(self.0.port, payload, trash))
    }

    pub fn call(
        &self,
        bytes: &[u8],
        ports: &[&SendPort],
        token: u64,
    ) -> Result<ReceivePort, CallRefusal> {
        let answer = ReceivePort::open(token).map_err(CallRefusal::Refused)?;
        let reply = answer.sender().map_err(CallRefusal::Refused)?;
        match self.send(bytes, ports, Some(&reply)) {
            SendStatus::Sent => {}
            status => return Err(CallRefusal::Unsent(status)),
        }
        answer.listen(true);
        Ok(answer)
    }

    pub fn send_when_ready(
        &self,
        bytes: &[u8],
        ports: &[&SendPort],
        reply: Option<&SendPort>,
        token: u64,
    ) -> Result<Wait, Refusal> {
        let status = self.send(bytes, ports, reply);
        let current = current();
        current
            .world
            .with(|state, _| state.settle(current.id, token, status));
        Ok(Wait::over(current.world))
    }

    pub fn is_closed(&self) -> bool {
        current()
            .world
            .with(|state, _| !state.ports.contains_key(&self.0.port))
    }

    pub fn when_closed(&self, token: u64) -> Result<Wait, Refusal> {
        let (current, port) = (current(), self.0.port);
        let number = current.world.with(|state, _| {
            if !state.ports.contains_key(&port) {
                state.settle(current.id, token, SendStatus::Closed);
                return None;
            }
            let isolate = current.id;
            let number = state.number();
            state.waits.insert(
                number,
                Waiting {
                    isolate,
                    port,
                    token,
                },
            );
            Some(number)
        });
        let world = current.world;
        Ok(Wait { world, number })
    }

    pub fn identity(&self) -> u64 {
        self.0.port
    }

    pub fn capability() -> Result<SendPort, Refusal> {
        Ok(SendPort(current().world.capability()))
    }
}

pub struct Wait {
    world: Arc<World>,
    number: Option<u64>,
}

impl Wait {
    fn over(world: Arc<World>) -> Self {
        let number = None;
        Self { world, number }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.world.with(|state, _| state.waits.remove(&number));
        }
    }
}

pub struct ReceivePort {
    world: Arc<World>,
    port: u64,
}

impl ReceivePort {
    pub(super) fn new(world: Arc<World>, port: u64) -> Self {
        Self { world, port }
    }

    pub fn open(token: u64) -> Result<ReceivePort, Refusal> {
        let current = current();
        let port = current.world.with(|state, _| state.open(current.id, token));
        Ok(Self::new(current.world, port))
    }

    pub fn sender(&self) -> Result<SendPort, Refusal> {
        let sender = self.world.sender(self.port).map(SendPort);
        sender.ok_or_else(|| Refusal::new(RefusalKind::Closed, "the port is closed"))
    }

    pub fn listen(&self, on: bool) {
        self.world.with(|state, _| {
            if let Some(port) = state.ports.get_mut(&self.port) {
                port.listening = on;
            }
        });
    }

    pub fn keep_alive(&self, on: bool) {
        self.world.with(|state, _| {
            if let Some(port) = state.ports.get_mut(&self.port) {
                port.keeps_alive = on;
            }
        });
    }
}

impl Drop for ReceivePort {
    fn drop(&mut self) {
        self.world
            .with(|state, trash| state.close(self.port, trash));
    }
}

pub struct Message {
    pub token: u64,
    pub bytes: Vec<u8>,
    pub ports: Vec<SendPort>,
    pub reply: Option<SendPort>,
    pub lost_ports: u32,
    pub last: bool,
}

pub struct Settled {
    pub token: u64,
    pub status: SendStatus,
}

pub enum Event {
    Message(Message),
    Unreachable(u64),
    Timer(u64),
    Settled(Settled),
}

impl Event {
    pub(super) fn settled(token: u64, status: SendStatus) -> Self {
        Event::Settled(Settled { token, status })
    }
}

impl Payload {
    pub(super) fn arrived(self, token: u64) -> Message {
        Message {
            token,
            bytes: self.bytes,
            ports: self.ports.into_iter().map(SendPort).collect(),
            reply: self.reply.map(SendPort),
            lost_ports: 0,
            last: false,
        }
    }
}

pub fn receive() -> Option<Event> {
    let current = current();
    let stopped = current.world.with(|state, _| {
        let member = state.isolates.get(&current.id)?;
        member.stop.clone()
    });
    if let Some(reason) = stopped {
        end_here(reason);
    }
    current
        .world
        .with(|state, trash| state.take_event(current.id, trash))
}
