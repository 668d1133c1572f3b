//! Guests that call what the host offers in ways that nobody thought of, while
//! the host does things to them.

use std::fs;
use std::sync::LazyLock;
use std::time::Duration;

use arbitrary::{Arbitrary, Result, Unstructured};
use insula::{
    Access, Capabilities, Capability, ClockAccess, ExitReason, Isolate, LoadError, Priority,
    Program, Random, ReceivePort, Right, SendPort, SpawnError, SpawnOptions, Stdin, Value,
};

use crate::calls::Imports;
use crate::smith::Smith;
use crate::within;
use crate::world::{HANG, World, binary, limits};

/// What the host may allocate for a guest under [`limits`], beside its linear
/// memory. No input that the fuzzers have kept takes half of it.
const MOST_ALLOCATED: usize = 4 << 20;

struct Target {
    world: World,
    imports: Imports,
    smith: Smith,
}

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let world = World::new();
    let imports = Imports::of(&world.runtime);
    let smith = Smith::new(&imports);
    Target {
        world,
        imports,
        smith,
    }
});

/// Makes a guest out of `bytes` and runs it.
pub fn run(bytes: &[u8]) {
    let mut bytes = Unstructured::new(bytes);
    // Where the bytes are used up the rest are zeros; an error is a guest that
    // could not be made of them.
    let _ = TARGET.run(&mut bytes);
}

/// What a host does to an isolate.
#[derive(Arbitrary, Debug, Clone, Copy)]
enum Deed {
    Send(u8),
    Call,
    Wait(u8),
    Pause,
    Resume,
    Start,
    Ping(bool),
    Kill { later: bool, tree: bool },
    Monitor,
    ExitListener,
    ErrorListener,
    ErrorsFatal(bool),
    Register(u8),
    Lookup(u8),
    SendAsync,
    DropIsolate,
    Receive,
}

impl Target {
    fn run(&self, bytes: &mut Unstructured<'_>) -> Result<()> {
        let options: u8 = bytes.arbitrary()?;
        let deeds: [Deed; 5] = bytes.arbitrary()?;
        let (wasm, text) = if options.is_multiple_of(8) {
            (self.smith.guest(bytes)?, None)
        } else {
            let text = crate::guest::module(&self.imports, bytes)?;
            (binary(&text), Some(text))
        };
        let shown = || match &text {
            Some(text) => format!("{deeds:?}\n{text}"),
            None => format!("{deeds:?}\n{wasm:?}"),
        };
        let program = match self.program(&wasm, options) {
            Ok(program) => program,
            Err(LoadError::NoLoader { .. }) => panic!("no thread for loading"),
            Err(error) => {
                assert!(text.is_none(), "{error}\n{}", shown());
                return Ok(());
            }
        };
        within(MOST_ALLOCATED, "a guest's run", || {
            self.spawn(&program, options, deeds);
        });
        self.world.check(&shown);
        Ok(())
    }

    /// From a file now and then, as programs beside it can be spawned then.
    fn program(&self, wasm: &[u8], options: u8) -> std::result::Result<Program, LoadError> {
        let runtime = &self.world.runtime;
        if options & 0x30 != 0 {
            return Program::from_bytes(runtime, wasm);
        }
        let path = self.world.path("g.wasm");
        fs::write(&path, wasm).expect("it can be written");
        Program::from_file(runtime, path)
    }

    /// Some of the world outside, now and then.
    fn capabilities(&self, options: u8) -> Capabilities {
        let closed = Capabilities::default();
        match options & 7 {
            1 | 2 => {
                let folder = self.world.path("name_1");
                fs::create_dir_all(&folder).expect("it can be made");
                closed.dir(folder, "name_1", Access::ReadWrite)
            }
            3 => closed
                .dir(self.world.path(""), "/", Access::ReadOnly)
                .stdin(Stdin::Bytes(vec![7; 10_000]))
                .env("LANG", "C")
                .arg("-v"),
            4 => closed.clock(ClockAccess::Frozen).random(Random::Seeded(7)),
            5 => closed.clock(ClockAccess::Off).random(Random::Off),
            _ => closed,
        }
    }

    fn spawn(&self, program: &Program, options: u8, deeds: [Deed; 5]) {
        let runtime = &self.world.runtime;
        let (to, port) = runtime.port_with_limits(&limits(0));
        let first = Value::list([Value::send_port(to.clone()), Value::from("x")]);
        let spawn = SpawnOptions::new()
            .entry("entryA")
            .message(&first)
            .limits(limits(options))
            .capabilities(self.capabilities(options))
            .grant_uri(self.world.uri())
            .paused(options & 0x40 != 0)
            .errors_fatal(options & 0x80 != 0)
            .on_error(&to);
        let isolate = match runtime.spawn(program, spawn) {
            Ok(isolate) => isolate,
            Err(SpawnError::Limit(_)) => return,
            Err(error) => panic!("{error}"),
        };
        let group = isolate.group().clone();
        let mut host = Host {
            control: isolate.control().clone(),
            isolate: Some(isolate),
            to,
            port,
            by: Capability::new(),
        };
        deeds.into_iter().for_each(|deed| host.does(deed));
        group.kill();
        let reason = host.control.wait_timeout(HANG);
        let reason = reason.expect("what was killed ends");
        assert!(!matches!(reason, ExitReason::HostFailed(_)), "{reason}");
        assert!(!reason.to_string().is_empty());
        group.wait();
        // What it may have written.
        let _ = fs::remove_dir_all(self.world.path("name_1"));
    }
}

/// What the host has of a guest.
struct Host {
    control: insula::Control,
    isolate: Option<Isolate>,
    to: SendPort,
    port: ReceivePort,
    by: Capability,
}

impl Host {
    fn does(&mut self, deed: Deed) {
        let Some(isolate) = &self.isolate else {
            return;
        };
        let to = &self.to;
        // Whether it is refused depends on what the guest did.
        match deed {
            Deed::Send(size) => {
                let bytes = Value::Bytes(vec![0; usize::from(size) * 40]);
                let message = Value::list([bytes, Value::send_port(to.clone())]);
                let _ = isolate.port().send(&message);
            }
            Deed::Call => {
                let wait = Duration::from_millis(1);
                let _ = isolate.port().call_timeout::<_, Value>(&1, wait);
            }
            Deed::Wait(time) => {
                let time = Duration::from_micros(u64::from(time) * 10);
                let _ = isolate.wait_timeout(time);
            }
            Deed::Pause => isolate.pause_with(&self.by).expect("it has the right"),
            Deed::Resume => isolate.resume(&self.by).expect("it has the right"),
            Deed::Start => isolate.start().expect("it has the right"),
            Deed::Ping(now) => {
                let _ = isolate.ping(to, &7, priority(!now));
            }
            Deed::Kill { later, tree: true } => isolate
                .kill_tree_with(priority(later))
                .expect("it has the right"),
            Deed::Kill { later, tree: false } => isolate
                .kill_with(priority(later))
                .expect("it has the right"),
            Deed::Monitor => {
                let _ = isolate.add_monitor(to, &1);
            }
            Deed::ExitListener => {
                let _ = isolate.add_exit_listener(isolate.port(), &1);
            }
            Deed::ErrorListener => {
                let _ = isolate.add_error_listener(to);
            }
            Deed::ErrorsFatal(fatal) => isolate.set_errors_fatal(fatal).expect("it has the right"),
            Deed::Register(name) => {
                let _ = isolate.group().register(text(name), to);
            }
            Deed::Lookup(name) => {
                if let Some(port) = isolate.group().lookup(text(name)) {
                    let _ = port.send(&isolate.with_only(&[Right::Pause]).expect("it has it"));
                }
            }
            Deed::SendAsync => drop(isolate.port().send_when_ready_async(&7)),
            Deed::DropIsolate => self.isolate = None,
            Deed::Receive => {
                while let Ok(message) = self.port.recv_timeout(Duration::ZERO) {
                    let _ = message.decode::<Value>();
                    if let Some(reply) = message.reply() {
                        let _ = reply.send(&0);
                    }
                }
            }
        }
    }
}

fn text(name: u8) -> &'static str {
    crate::guest::NAMES[usize::from(name) % crate::guest::NAMES.len()]
}

fn priority(later: bool) -> Priority {
    match later {
        true => Priority::BeforeNextEvent,
        false => Priority::Immediate,
    }
}
