//! Time on the wall: of a turn and of a life; and ends that are told although a turn
//! hangs in a call of the host's that nobody can wake.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use insula::{
    ExitReason, Isolate, Limit, Limits, Line, Output, Program, Runtime, SendPort, SpawnOptions,
};
use insula_tests::hostile::{End, main, row, rows, server, table};
use insula_tests::{HANG, in_time};

/// Sleeps for so many nanoseconds.
fn sleep(time: u64) -> String {
    main(&format!(
        "(i64.store (i32.const 88) (i64.const {time}))
        (drop (call $poll_oneoff (i32.const 64) (i32.const 256) (i32.const 1) (i32.const 0)))"
    ))
}

const FOR_EVER: u64 = 3_600_000_000_000;

#[test]
fn the_time_of_a_turn_is_limited_whatever_it_does() -> Result<()> {
    rows(|_| {
        let limits = |time| Limits::default().turn_cpu(Limits::NONE).turn_wall(time);
        let spin = main("(loop $again (br $again))");
        let start = "(memory (export \"memory\") 1) (func (export \"insula:entry/main\"))
            (func $spin (loop $again (br $again))) (start $spin)";
        let in_wake = server(
            "(call $timer.start (i64.const 0) (i64.const 0) (i32.const 64))",
            "(loop $again (br $again))",
        );
        let met = || End::Limit(Limit::TurnWall);
        Ok(vec![
            row("sleeps", sleep(FOR_EVER), met()).limits(limits(20)),
            row("computes", &spin, met()).limits(limits(20)),
            row("computes in a wake", in_wake, met()).limits(limits(20)),
            row("computes as it starts", start, met()).limits(limits(20)),
            row("sleeps, and has time", sleep(1), End::Ended).limits(limits(3_600_000)),
            row("computes, and a kill is later", sleep(1), End::Ended).limits(limits(Limits::NONE)),
        ])
    })
}

#[test]
fn the_time_of_a_life_is_limited_whatever_it_does() -> Result<()> {
    rows(|_| {
        let limits = |time| Limits::default().turn_cpu(Limits::NONE).life(time);
        let met = || End::Limit(Limit::Life);
        Ok(vec![
            row("rests", server("", ""), met()).limits(limits(20)),
            row("rests from the start", server("", ""), met()).limits(limits(0)),
            row("sleeps", sleep(FOR_EVER), met()).limits(limits(20)),
            row("computes", main("(loop $again (br $again))"), met()).limits(limits(20)),
            row("lives shorter", main(""), End::Ended).limits(limits(3_600_000)),
            row("has no limit", main(""), End::Ended).limits(limits(Limits::NONE)),
        ])
    })
}

#[test]
fn where_a_turn_was_when_its_time_was_over_is_told() -> Result<()> {
    table(|table| {
        let wat = main("(call $busy)") + "(func $busy (loop $again (br $again)))";
        let limits = Limits::default().turn_wall(20);
        let reason = table.run(&wat, SpawnOptions::new().limits(limits))?;
        let functions = reason.backtrace().iter();
        let functions: Vec<_> = functions.map(|frame| frame.function.as_str()).collect();
        ensure!(functions.contains(&"busy"), "{reason:?}");
        Ok(())
    })
}

/// A paused isolate, and one whose program is being loaded, live too.
#[test]
fn a_life_ends_also_while_it_is_paused() -> Result<()> {
    table(|table| {
        let program = table.host.wat(&table.module(&main("")))?;
        let options = SpawnOptions::new().paused(true);
        let options = options.limits(Limits::default().life(20));
        let isolate = table.host.runtime.spawn(&program, options)?;
        let reason = isolate
            .wait_timeout(HANG)
            .context("it is paused and lives on")?;
        ensure!(
            matches!(&reason, ExitReason::Limit { hit, .. } if hit.limit == Limit::Life),
            "{reason}"
        );
        let lived = isolate.usage().get(Limit::Life).context("it has a life")?;
        ensure!(lived.used >= 20 && lived.limit == 20 && lived.refused == 1);
        Ok(())
    })
}

/// Takes each line and does not come back before it is told to.
struct Blocking {
    inside: Sender<()>,
    go_on: Mutex<Receiver<()>>,
}

impl Output for Blocking {
    fn line(&self, _: &Line<'_>) {
        let _ = self.inside.send(());
        let _ = self.go_on.lock().expect("no panic").recv();
    }
}

/// A runtime with an isolate that hangs in the host's output. When that comes back
/// it sends a message, if it may.
struct Hanging {
    runtime: Runtime,
    isolate: Isolate,
    go_on: Sender<()>,
    told: insula::ReceivePort,
}

const PRINTS: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (import "insula:isolate/self@0.1.0" "first-message" (func $first-message (param i32)))
    (import "insula:isolate/ports@0.1.0" "[method]send-port.send"
        (func $send (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8192))
    (data (i32.const 64) "\48\00\00\00\02\00\00\00x\n")
    (func (export "insula:entry/main")
        (call $first-message (i32.const 512))
        (drop (call $fd_write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 0)))
        (drop (call $send (i32.load (i32.const 8192)) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
            (i32.const 0) (i32.const 0)))
        (loop $again (br $again))))"#;

impl Hanging {
    fn new(limits: Limits) -> Result<Self> {
        let ((inside, is_inside), (go_on, wait)) = (channel(), channel());
        let go_on_too = Mutex::new(wait);
        let output = Blocking {
            inside,
            go_on: go_on_too,
        };
        let runtime = Runtime::builder().max_isolates(8).output(output).start()?;
        let program = Program::from_bytes(&runtime, &wat::parse_str(PRINTS)?)?;
        let (to, told) = runtime.port();
        let options = SpawnOptions::new().limits(limits).message(&to);
        let isolate = runtime.spawn(&program, options)?;
        drop::<SendPort>(to);
        is_inside.recv_timeout(HANG)?;
        Ok(Hanging {
            runtime,
            isolate,
            go_on,
            told,
        })
    }

    /// All that was told of its end, while its turn still hangs.
    fn told_at_once(&self, listener: &insula::ReceivePort) -> Result<ExitReason> {
        let reason = self.isolate.wait_timeout(HANG).context("it was not told")?;
        listener.recv_timeout(HANG)?.decode::<()>()?;
        ensure!(self.isolate.port().send(&1).is_err(), "its port is open");
        let group = self.isolate.group().clone();
        in_time(move || group.wait());
        let figures = self.runtime.figures();
        ensure!(
            (figures.isolates, figures.hanging, figures.pool_memories) == (1, 1, 1),
            "its place is free: {figures:?}"
        );
        Ok(reason)
    }

    /// The call comes back, and what was still held is free.
    fn comes_back(self) -> Result<()> {
        self.go_on.send(())?;
        let runtime = Arc::new(self.runtime);
        let watched = runtime.clone();
        in_time(move || {
            while watched.figures().isolates > 0 || watched.figures().pool_memories > 0 {
                thread::sleep(Duration::from_millis(1));
            }
        });
        let figures = runtime.figures();
        ensure!((figures.hanging, figures.memory) == (0, 0), "{figures:?}");
        let sent = self.told.recv_timeout(HANG);
        ensure!(sent.is_err(), "it sent something after its end");
        Ok(())
    }
}

#[test]
fn a_kill_is_told_while_a_turn_hangs() -> Result<()> {
    let hanging = Hanging::new(Limits::default())?;
    let (to, listener) = hanging.runtime.port();
    hanging.isolate.add_exit_listener(&to, &())?;
    hanging.isolate.kill();
    let reason = hanging.told_at_once(&listener)?;
    ensure!(reason == ExitReason::Killed, "{reason}");
    hanging.comes_back()
}

#[test]
fn the_time_of_a_turn_is_over_although_it_hangs() -> Result<()> {
    let hanging = Hanging::new(Limits::default().turn_wall(500))?;
    let (to, listener) = hanging.runtime.port();
    hanging.isolate.add_exit_listener(&to, &())?;
    let reason = hanging.told_at_once(&listener)?;
    ensure!(
        matches!(&reason, ExitReason::Limit { hit, .. } if hit.limit == Limit::TurnWall),
        "{reason}"
    );
    hanging.comes_back()
}

/// Nobody can join a thread that does not come back, and nobody waits for it.
#[test]
fn a_runtime_is_shut_down_while_a_turn_hangs() -> Result<()> {
    let Hanging {
        runtime,
        isolate,
        go_on,
        told,
    } = Hanging::new(Limits::default())?;
    in_time(move || runtime.shut_down());
    ensure!(isolate.exit_reason() == Some(ExitReason::ShutDown));
    go_on.send(())?;
    // The last thing that is taken back is what holds this.
    let sent = told.recv_timeout(HANG);
    ensure!(sent.is_err(), "it sent something after its end");
    Ok(())
}
