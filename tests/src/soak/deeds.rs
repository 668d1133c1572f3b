//! What the driver does, one thing at a time, as its seed decides.

use std::pin::pin;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use fastrand::Rng;
use insula::{
    Capability, Control, Group, Isolate, Limit, Limits, Priority, Program, ReceivePort, Right,
    Runtime, Scope, SendPort, SpawnError, SpawnOptions, Value,
};

use super::guests::Guests;
use crate::HANG;

/// How many groups there are at most.
const GROUPS: usize = 30;

/// How many ports of the host's there are at most.
const PORTS: usize = 20;

pub struct Driver {
    rng: Rng,
    guests: Guests,
    groups: Vec<Held>,
    ports: Vec<(SendPort, ReceivePort)>,
    controls: Vec<Control>,
    deeds: u64,
}

/// A group, as far as the driver still has it.
struct Held {
    group: Group,
    control: Option<Control>,
    isolate: Option<Isolate>,
    by: Capability,
}

impl Driver {
    pub fn new(seed: u64, guests: Guests) -> Result<Self> {
        Ok(Driver {
            rng: Rng::with_seed(seed),
            guests,
            groups: Vec::new(),
            ports: Vec::new(),
            controls: Vec::new(),
            deeds: 0,
        })
    }

    /// How many things were done.
    pub fn deeds(&self) -> u64 {
        self.deeds
    }

    /// Does one more thing.
    pub fn does(&mut self, runtime: &Runtime) -> Result<()> {
        self.deeds += 1;
        if self.groups.len() >= GROUPS {
            let place = self.rng.usize(..self.groups.len());
            let held = self.groups.swap_remove(place);
            return self.end(held);
        }
        match self.rng.u8(..100) {
            0..20 => self.spawn(runtime),
            20..22 => self.load(runtime),
            22..24 => self.run(runtime),
            24..28 => self.port(runtime),
            28..32 => self.receive(),
            _ => match self.groups.len() {
                0 => Ok(()),
                count => {
                    let place = self.rng.usize(..count);
                    let mut held = self.groups.swap_remove(place);
                    self.does_to_group(&mut held)?;
                    self.groups.push(held);
                    Ok(())
                }
            },
        }
    }

    /// Ends all that there is, and waits for it.
    pub fn end_all(&mut self) -> Result<()> {
        self.controls.clear();
        for held in std::mem::take(&mut self.groups) {
            self.end(held)?;
        }
        self.ports.clear();
        Ok(())
    }

    fn spawn(&mut self, runtime: &Runtime) -> Result<()> {
        let guests = &self.guests;
        let program = match self.rng.u8(..8) {
            0 => &guests.actor,
            1 => &guests.spin,
            2..5 => &guests.sdk[self.rng.usize(..guests.sdk.len())],
            _ => &guests.hostile[self.rng.usize(..guests.hostile.len())],
        };
        let program = program.clone();
        let entry = program.entries()[self.rng.usize(..program.entries().len())].clone();
        let message = self.message();
        let mut options = SpawnOptions::new()
            .entry(entry)
            .limits(self.limits())
            .paused(self.rng.u8(..16) == 0)
            .errors_fatal(self.rng.u8(..4) != 0);
        if self.rng.bool() {
            options = options.message(&message).grant_uri(&self.guests.folder);
        }
        let listener = self.port_of_ours();
        if let Some(to) = listener.as_ref().filter(|_| self.rng.bool()) {
            options = options.on_exit(to).on_error(to);
        }
        match runtime.spawn(&program, options) {
            Ok(isolate) => self.hold(isolate),
            // A small limit, or a port that is full.
            Err(SpawnError::Limit(_) | SpawnError::MessageTooLarge(_) | SpawnError::Listener) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn hold(&mut self, isolate: Isolate) {
        self.groups.push(Held {
            group: isolate.group().clone(),
            control: Some(isolate.control().clone()),
            isolate: Some(isolate),
            by: Capability::new(),
        });
    }

    /// Small ones, so that they are met; one in three guests has another one that
    /// is tiny.
    fn limits(&mut self) -> Limits {
        let limits = Limits::default()
            .memory(4 << 20)
            .group_memory(16 << 20)
            .turn_cpu(20)
            .mailbox_messages(200)
            .mailbox_bytes(1 << 20)
            .group_mailbox_bytes(2 << 20)
            .message_bytes(512 << 10)
            .handles(100)
            .timers(50)
            .named_ports(20)
            .isolates(8)
            .spawned(200)
            .preempted_turns(8)
            .output_bytes(100 << 10);
        if self.rng.u8(..3) != 0 {
            return limits;
        }
        let of_guests = Limit::ALL
            .iter()
            .filter(|limit| limit.scope() != Scope::Runtime);
        let names: Vec<_> = of_guests.map(|limit| limit.option()).collect();
        let name = names[self.rng.usize(..names.len())];
        let tiny = self.rng.u64(1..200);
        limits.clone().set(name, tiny).unwrap_or(limits)
    }

    /// Something to send: a number, a text, much, or ports.
    fn message(&mut self) -> Value {
        match self.rng.u8(..8) {
            0 => Value::from(self.rng.i64(0..20)),
            1 => Value::from("hello"),
            2 => Value::Null,
            3 => Value::Bytes(vec![7; self.rng.usize(..300_000)]),
            4 => Value::list((0..100).map(Value::from)),
            5 => self
                .ports
                .first()
                .map_or(Value::Null, |port| Value::send_port(port.0.clone())),
            _ => {
                let own = self.port_of_ours().into_iter();
                let held = self.groups.iter().filter_map(|held| held.isolate.as_ref());
                let theirs = held.map(|isolate| isolate.port().clone()).take(3);
                Value::list(own.chain(theirs).map(Value::send_port))
            }
        }
    }

    fn port_of_ours(&mut self) -> Option<SendPort> {
        let place = self.rng.usize(..self.ports.len().max(1));
        self.ports.get(place).map(|(port, _)| port.clone())
    }

    /// Compiles a program that was not there before, and forgets it.
    fn load(&mut self, runtime: &Runtime) -> Result<()> {
        let number = self.rng.i32(..);
        let text = format!(
            "(module (memory (export \"memory\") 1)
                (func (export \"insula:entry/main\") (drop (i32.const {number}))))"
        );
        let program = Program::from_bytes(runtime, &wat::parse_str(text)?)?;
        if self.rng.bool() {
            let isolate = runtime.spawn(&program, SpawnOptions::new())?;
            self.hold(isolate);
        }
        Ok(())
    }

    /// Runs an entry for its result, and gives up on it before it is there.
    fn run(&mut self, runtime: &Runtime) -> Result<()> {
        let options = SpawnOptions::new().message(&7).limits(self.limits());
        let run = pin!(runtime.run_async::<Value>(&self.guests.actor, options.entry("actor")));
        let _ = run.poll(&mut Context::from_waker(Waker::noop()));
        Ok(())
    }

    fn port(&mut self, runtime: &Runtime) -> Result<()> {
        if self.ports.len() < PORTS && self.rng.bool() {
            let limits = Limits::default()
                .mailbox_messages(50)
                .mailbox_bytes(1 << 20);
            self.ports.push(runtime.port_with_limits(&limits));
        } else if !self.ports.is_empty() {
            let place = self.rng.usize(..self.ports.len());
            let (to, port) = self.ports.swap_remove(place);
            // Whichever goes first.
            match self.rng.bool() {
                true => drop((port, to)),
                false => drop((to, port)),
            }
        }
        Ok(())
    }

    /// Takes what has come, answers, and keeps what is a handle.
    fn receive(&mut self) -> Result<()> {
        for (_, port) in &self.ports {
            while let Ok(message) = port.recv_timeout(Duration::ZERO) {
                if let Some(reply) = message.reply() {
                    let _ = reply.send(&1);
                }
                if let Ok(control) = message.decode::<Control>() {
                    self.controls.push(control);
                }
            }
        }
        self.controls.truncate(10);
        Ok(())
    }

    fn does_to_group(&mut self, held: &mut Held) -> Result<()> {
        let message = self.message();
        let to = self.port_of_ours();
        if let Some(isolate) = &held.isolate {
            // Whether it is taken depends on what the guest does meanwhile.
            match self.rng.u8(..8) {
                0..3 => drop(isolate.port().send(&message)),
                3 => {
                    let soon = Duration::from_millis(1);
                    drop(isolate.port().call_timeout::<_, Value>(&message, soon));
                }
                4 => {
                    let waiting = pin!(isolate.port().send_when_ready_async(&message));
                    let _ = waiting.poll(&mut Context::from_waker(Waker::noop()));
                }
                5 => {
                    let waiting = pin!(isolate.port().call_async::<_, Value>(&message));
                    let _ = waiting.poll(&mut Context::from_waker(Waker::noop()));
                }
                6 => drop(isolate.port().is_closed()),
                _ => {}
            }
        }
        match self.rng.u8(..16) {
            0 => held.isolate = None,
            1 => held.control = None,
            2 => held.group.kill(),
            3..5 => {
                if let Some(to) = &to {
                    let _ = held.group.register("service", to);
                }
            }
            5 => drop(held.group.lookup("service")),
            6 => drop(held.group.unregister("service")),
            _ => {
                if let Some(control) = &held.control {
                    self.controls(control, &held.by, to.as_ref())?;
                }
            }
        }
        Ok(())
    }

    fn controls(
        &mut self,
        control: &Control,
        by: &Capability,
        to: Option<&SendPort>,
    ) -> Result<()> {
        let priority = match self.rng.bool() {
            true => Priority::Immediate,
            false => Priority::BeforeNextEvent,
        };
        match (self.rng.u8(..10), to) {
            (0, _) => control.pause_with(by)?,
            (1 | 2, _) => control.resume(by)?,
            (3, _) => control.start()?,
            (4, _) => control.kill_with(priority)?,
            (5, _) => control.kill_tree_with(priority)?,
            (6, _) => control.set_errors_fatal(self.rng.bool())?,
            (7, Some(to)) => drop(control.ping(to, &7, priority)),
            (8, Some(to)) => drop(control.add_monitor(to, &8)),
            (9, Some(to)) => drop(to.send(&control.with_only(&[Right::Terminate])?)),
            (_, Some(to)) => drop(control.add_error_listener(to)),
            (_, None) => {}
        }
        Ok(())
    }

    /// Ends a group and waits for that. What is left of the driver's hold on it
    /// goes before or after.
    fn end(&mut self, mut held: Held) -> Result<()> {
        if self.rng.bool() {
            held.isolate = None;
            held.control = None;
        }
        held.group.kill();
        let began = Instant::now();
        while !held.group.is_over() {
            ensure!(began.elapsed() < HANG, "{:?} does not end", held.group);
            std::thread::yield_now();
        }
        if let Some(control) = &held.control {
            control.wait_timeout(HANG).context("what was killed ends")?;
        }
        Ok(())
    }
}
