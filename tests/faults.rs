//! What the system refuses: places, memory, addresses, mappings, threads, files.
//! Each time there is a typed error, what was accepted is not lost, isolates that
//! are alive go on, and once the fault is over everything works again.
//!
//! Each test has a process of its own, whose limits it sets.

use std::fs::File;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use crossbeam_channel::{Sender, unbounded};
use insula::{
    ExitReason, Isolate, Limit, LoadError, Profile, Program, Runtime, RuntimeBuilder, SpawnOptions,
    StartError,
};
use insula_tests::hostile::{BYSTANDER, MEMORY, SPAWN, WAITING_CHILD, child, main, module};
use insula_tests::{Host, alone, doing, guest, in_time};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// A limit of the process that is lower until this is dropped.
struct Lowered {
    resource: Resource,
    before: Rlimit,
}

impl Lowered {
    fn to(resource: Resource, most: u64) -> Result<Self> {
        let before = getrlimit(resource);
        let now = Rlimit {
            current: Some(most),
            maximum: before.maximum,
        };
        setrlimit(resource, now)?;
        Ok(Lowered { resource, before })
    }
}

impl Drop for Lowered {
    fn drop(&mut self) {
        let _ = setrlimit(self.resource, self.before);
    }
}

/// What the kernel says of this process behind a word, in bytes.
fn has(word: &str) -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(word));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kilobytes.context("no such line")?.parse::<u64>()? << 10)
}

/// How many messages are accepted before a fault.
const ACCEPTED: u64 = 1_000;

/// A runtime with an isolate that has accepted messages, and is paused.
struct Scene {
    host: Host,
    alive: Isolate,
    replies: insula::ReceivePort,
    resume: insula::Capability,
}

impl Scene {
    fn new(host: Host) -> Result<Self> {
        let program = host.wat(&module(&host, BYSTANDER))?;
        let alive = host.runtime.spawn(&program, SpawnOptions::new())?;
        let answer: u64 = alive.port().call(&7u64)?;
        ensure!(answer == 7);
        let resume = alive.pause()?;
        let (to, replies) = host.runtime.port();
        for number in 0..ACCEPTED {
            alive.port().send_with_reply(&number, &to)?;
        }
        Ok(Scene {
            host,
            alive,
            replies,
            resume,
        })
    }

    /// Nothing that was accepted is lost, while the fault is there.
    fn goes_on(&self) -> Result<()> {
        doing("taking what was accepted before the fault");
        self.alive.resume(&self.resume)?;
        for number in 0..ACCEPTED {
            let answer: u64 = self.replies.recv_timeout(PATIENCE)?.decode()?;
            ensure!(answer == number, "{answer} in place of {number}");
        }
        Ok(())
    }

    /// Everything works once the fault is over.
    fn works(&self) -> Result<()> {
        doing("working again");
        let program = self.host.wat(&module(
            &self.host,
            &main("(drop (memory.grow (i32.const 1500)))"),
        ))?;
        for _ in 0..3 {
            let reason = self.host.run(&program, SpawnOptions::new())?;
            ensure!(reason == ExitReason::Ended, "{reason}");
        }
        let answer: u64 = self.alive.port().call_timeout(&9u64, PATIENCE)?;
        ensure!(answer == 9);
        Ok(())
    }

    fn program(&self, body: &str) -> Result<Program> {
        self.host.wat(&module(&self.host, body))
    }
}

const PATIENCE: Duration = Duration::from_secs(120);

fn fast() -> Result<Host> {
    Host::with(|builder| builder.profile(Profile::Fast).max_isolates(16))
}

fn not_started(reason: &ExitReason, words: &[&str]) -> Result<()> {
    let ExitReason::NotStarted(why) = reason else {
        bail!("it {reason}: {reason:?}");
    };
    for word in words {
        ensure!(why.contains(word), "no {word:?} in {why:?}");
    }
    Ok(())
}

/// Bytes of its linear memory: some, once it has its place.
fn memory_of(isolate: &Isolate) -> u64 {
    let memory = isolate.usage().get(Limit::Memory);
    memory.map_or(0, |memory| memory.used)
}

/// A guest that listens on its first port and does nothing else.
fn waits() -> String {
    insula_tests::hostile::server("", "(call $receive (i32.const 64))")
}

#[test]
fn no_place_is_left_in_the_pool() -> Result<()> {
    alone(|| {
        let scene = Scene::new(Host::with(|builder| builder.max_isolates(4))?)?;
        let program = scene.program(&waits())?;
        let spawn = || scene.host.runtime.spawn(&program, SpawnOptions::new());
        let others = [spawn()?, spawn()?, spawn()?];
        for other in &others {
            // They have their places once they were asked.
            other.port().send(&1)?;
            while memory_of(other) == 0 {
                thread::yield_now();
            }
        }
        let words = ["all 4 places", "RuntimeBuilder::max_isolates"];
        not_started(
            &in_time({
                let refused = spawn()?;
                move || refused.join()
            }),
            &words,
        )?;
        scene.goes_on()?;
        for other in others {
            other.kill();
            in_time(move || other.join());
        }
        scene.works()
    })
}

/// A guest's child that finds no place ends; who spawned it is told and goes on.
#[test]
fn no_place_is_left_for_a_child() -> Result<()> {
    alone(|| {
        let scene = Scene::new(Host::with(|builder| builder.max_isolates(2))?)?;
        let body =
            main(SPAWN) + "(data (i32.const 1024) \"child\")" + &child().data() + WAITING_CHILD;
        let program = scene.program(&body)?;
        let reason = scene
            .host
            .run(&program, SpawnOptions::new().entry("main"))?;
        ensure!(reason == ExitReason::Ended, "{reason}");
        if let Some(child) = scene
            .host
            .exit_of("child#2")
            .filter(|child| !child.is_ended())
        {
            not_started(&child, &["all 2 places"])?;
        }
        scene.goes_on()?;
        scene.works()
    })
}

const MIB: u64 = 1 << 20;

/// Grows by so many pages, and exits with 7 where that is refused.
fn grows(pages: u32) -> String {
    main(&format!(
        "(if (i32.eq (i32.const -1) (memory.grow (i32.const {pages}))) (then (call $proc_exit (i32.const 7))))"
    ))
}

#[test]
fn memory_is_refused() -> Result<()> {
    alone(|| {
        let scene = Scene::new(Host::with(|builder| builder.max_isolates(16))?)?;
        let large = scene
            .program("(memory (export \"memory\") 1600) (func (export \"insula:entry/main\"))")?;
        let (grows_by_much, grows_by_little) =
            (scene.program(&grows(1600))?, scene.program(&grows(1))?);
        let lowered = Lowered::to(Resource::Data, has("VmData:")? + 24 * MIB)?;
        for _ in 0..20 {
            let reason = scene.host.run(&large, SpawnOptions::new())?;
            not_started(&reason, &["ulimit -d"])?;
            let reason = scene.host.run(&grows_by_much, SpawnOptions::new())?;
            ensure!(reason == ExitReason::Exited(7), "{reason}");
            let reason = scene.host.run(&grows_by_little, SpawnOptions::new())?;
            ensure!(reason == ExitReason::Ended, "{reason}");
        }
        scene.goes_on()?;
        drop(lowered);
        for program in [large, grows_by_much] {
            let reason = scene.host.run(&program, SpawnOptions::new())?;
            ensure!(reason == ExitReason::Ended, "{reason}");
        }
        scene.works()
    })
}

/// The addresses of a fast runtime are reserved when it starts: another one gets none,
/// and this one does not notice.
#[test]
fn addresses_are_refused() -> Result<()> {
    alone(|| {
        let scene = Scene::new(fast()?)?;
        let grows = scene.program(&grows(1600))?;
        let lowered = Lowered::to(Resource::As, has("VmSize:")? + 64 * MIB)?;
        match Runtime::builder().max_isolates(1).start() {
            Err(StartError::Engine { isolates: 1, why }) => {
                ensure!(why.contains("ulimit -v"), "{why}");
            }
            other => bail!("{other:?}"),
        }
        let reason = scene.host.run(&grows, SpawnOptions::new())?;
        ensure!(reason == ExitReason::Ended, "{reason}");
        scene.goes_on()?;
        drop(lowered);
        drop(Runtime::builder().max_isolates(1).start()?);
        scene.works()
    })
}

/// In a dense one each isolate takes its own when it begins.
#[test]
fn addresses_are_refused_to_an_isolate() -> Result<()> {
    alone(|| {
        let dense = |builder: RuntimeBuilder| builder.profile(Profile::Dense).max_isolates(16);
        let scene = Scene::new(Host::with(dense)?)?;
        let grows = scene.program(&grows(16))?;
        // Less than the 128 MiB that its memory may have.
        let lowered = Lowered::to(Resource::As, has("VmSize:")? + 100 * MIB)?;
        for _ in 0..3 {
            let reason = scene.host.run(&grows, SpawnOptions::new())?;
            not_started(&reason, &["ulimit -v"])?;
        }
        scene.goes_on()?;
        drop(lowered);
        let reason = scene.host.run(&grows, SpawnOptions::new())?;
        ensure!(reason == ExitReason::Ended, "{reason}");
        scene.works()
    })
}

/// Isolates take mappings, and leave the last of them to the host.
#[test]
fn mappings_run_out() -> Result<()> {
    alone(|| {
        let scene = Scene::new(Host::with(|builder| builder.max_isolates(20_000))?)?;
        let most = std::fs::read_to_string("/proc/sys/vm/max_map_count")?;
        let most: usize = most.trim().parse()?;
        // Memory that grew, a table and data: all that takes a mapping.
        let body = format!(
            "{} (table 10 funcref) (elem (i32.const 0) $f) (func $f) (data (i32.const 512) \"data\")",
            insula_tests::hostile::server("(drop (memory.grow (i32.const 1)))", "")
        );
        let program = scene.program(&body)?;
        let mut isolates = Vec::new();
        let refused = loop {
            let isolate = scene.host.runtime.spawn(&program, SpawnOptions::new())?;
            while memory_of(&isolate) == 0 && isolate.exit_reason().is_none() {
                thread::yield_now();
            }
            if let Some(reason) = isolate.exit_reason() {
                break Some(reason);
            }
            isolates.push(isolate);
            if isolates.len() == 19_990 {
                break None;
            }
        };
        let mappings = Runtime::mappings().context("no mappings are told")?;
        println!("{} isolates, {mappings} mappings", isolates.len());
        if let Some(reason) = refused {
            not_started(&reason, &["vm.max_map_count", &most.to_string()])?;
        }
        ensure!(
            mappings < most - most / 20,
            "{mappings} of {most} mappings are taken"
        );
        scene.goes_on()?;
        for isolate in isolates {
            isolate.kill();
            in_time(move || isolate.join());
        }
        scene.works()
    })
}

/// Loops take a thread each once others want to run; where there are no more,
/// isolates share those that there are.
#[test]
fn threads_are_refused() -> Result<()> {
    alone(|| {
        let scene = Scene::new(Host::with(|builder| builder.max_isolates(64))?)?;
        let endless = scene.program(&main("(loop $again (br $again))"))?;
        let limits = insula::Limits::default().turn_cpu(200);
        let lowered = Lowered::to(Resource::Data, has("VmData:")? + MIB * 3 / 2)?;
        let last_threads = take_threads();
        let loops: Vec<_> = (0..20)
            .map(|_| {
                scene
                    .host
                    .runtime
                    .spawn(&endless, SpawnOptions::new().limits(limits.clone()))
            })
            .collect::<Result<_, _>>()?;
        scene.goes_on()?;
        doing("waiting for the loops to meet their limit");
        for endless in loops {
            let Some(reason) = endless.wait_timeout(PATIENCE) else {
                bail!("a loop goes on");
            };
            ensure!(matches!(reason, ExitReason::Limit { .. }), "{reason}");
        }
        // Compiling needs threads of its own.
        match Program::from_file(&scene.host.runtime, guest("hello")) {
            Err(LoadError::NoLoader { .. }) => {}
            other => bail!("{other:?}"),
        }
        match Runtime::builder().max_isolates(1).start() {
            Err(StartError::Threads(_) | StartError::Engine { .. }) => {}
            other => bail!("{other:?}"),
        }
        drop(lowered);
        drop(last_threads);
        scene.works()
    })
}

/// A little less than a worker's, and more than what is left: else the last thread
/// gets a stack and nothing beside it, which ends a Rust process.
const STACK: usize = 1_900 << 10;

/// Takes the threads that there still are: the C library keeps some stacks. They
/// end when what is returned is dropped.
fn take_threads() -> Sender<()> {
    let (hold, held) = unbounded::<()>();
    loop {
        let held = held.clone();
        let thread = thread::Builder::new().stack_size(STACK);
        if thread.spawn(move || held.recv().is_ok()).is_err() {
            return hold;
        }
    }
}

/// Files that cannot be opened for want of descriptors.
#[test]
fn descriptors_run_out() -> Result<()> {
    alone(|| {
        let scene = Scene::new(fast()?)?;
        let grows = scene.program(&grows(16))?;
        // Its memory's image, made when it is spawned first, is a file.
        let with_data = scene.program(&format!(
            "{MEMORY} (data (i32.const 64) \"data\") (func (export \"insula:entry/main\"))"
        ))?;
        let _lowered = Lowered::to(Resource::Nofile, 64)?;
        let mut open = Vec::new();
        while let Ok(file) = File::open("/dev/null") {
            open.push(file);
        }
        match Program::from_file(&scene.host.runtime, guest("hello")) {
            Err(LoadError::Read { why, .. }) => ensure!(why.contains("open files"), "{why}"),
            other => bail!("{other:?}"),
        }
        let reason = scene.host.run(&grows, SpawnOptions::new())?;
        ensure!(reason == ExitReason::Ended, "{reason}");
        let uri = "file:///no/such/file.wasm";
        ensure!(Program::from_uri(&scene.host.runtime, uri).is_err());
        let reason = scene.host.run(&with_data, SpawnOptions::new())?;
        not_started(&reason, &["ulimit -n"])?;
        scene.goes_on()?;
        drop(open);
        let reason = scene.host.run(&with_data, SpawnOptions::new())?;
        ensure!(reason == ExitReason::Ended, "{reason}");
        scene.works()
    })
}
