//! The host's side: programs, isolates and their ends, groups, the runtime's end, and
//! values as JSON. (Services of the host's are in `services.rs`.)

use std::thread;
use std::time::Duration;

use anyhow::Result;
use insula::{
    CallError, ExitReason, Isolate, Limits, LoadError, Program, SendError, SpawnError, SpawnOptions,
};
use insula_tests::{HANG, Host, guest, in_time};

use crate::guests;
use insula_tests::Folder;

/// An isolate that begins with this entry of a guest.
pub fn spawn(host: &Host, module: &str, entry: &str) -> Result<Isolate> {
    let program = host.program(module)?;
    let options = SpawnOptions::new().entry(entry).limits(for_ever());
    Ok(host.runtime.spawn(&program, options)?)
}

/// Lets endless loops go on until something else ends them.
fn for_ever() -> Limits {
    Limits::default().turn_cpu(24 * 3_600_000)
}

/// A group of so many endless loops.
fn spin(host: &Host, loops: usize) -> Result<Isolate> {
    let program = host.program(guests::SPIN)?;
    let options = SpawnOptions::new().message(&loops).limits(for_ever());
    Ok(host.runtime.spawn(&program, options)?)
}

#[test]
fn a_program_comes_from_bytes_a_file_or_a_uri_and_lists_its_entries() -> Result<()> {
    let host = Host::new()?;
    let folder = Folder::new("host-program")?;
    let path = folder.copy(guests::HELLO, "hello, world.wasm")?;
    let name = path.display().to_string();

    let from_bytes = Program::from_bytes(&host.runtime, &std::fs::read(&path)?)?;
    assert_eq!(from_bytes.name(), "the module");
    let from_file = Program::from_file(&host.runtime, &path)?;
    assert_eq!(from_file.name(), name);
    let uri = folder.uri("hello, world.wasm");
    assert!(uri.starts_with("file:///") && uri.ends_with("/hello,%20world.wasm"));
    let from_uri = Program::from_uri(&host.runtime, &uri)?;
    assert_eq!(from_uri.name(), name);
    for program in [from_bytes, from_file, from_uri] {
        assert_eq!(program.entries(), ["echo", "hello", "main"]);
        assert_eq!(program.default_entry(), Some("main"));
        assert_eq!(host.run(&program, SpawnOptions::new())?, ExitReason::Ended);
    }
    let once = [
        "hello#2: hello from an isolate!",
        "main#1: I received: Hello from main",
    ];
    assert_eq!(host.lines(), once.repeat(3));
    Ok(())
}

#[test]
fn a_program_that_is_not_there_is_an_error() -> Result<()> {
    let host = Host::new()?;
    let folder = Folder::new("host-no-program")?;
    let path = folder.path("nowhere.wasm");
    for refused in [
        Program::from_file(&host.runtime, &path),
        Program::from_uri(&host.runtime, &folder.uri("nowhere.wasm")),
    ] {
        let error = refused.expect_err("it is not there");
        assert!(matches!(error, LoadError::Read { .. }));
        assert_eq!(
            error.to_string(),
            format!(
                "{} could not be read: No such file or directory (os error 2)",
                path.display()
            )
        );
    }
    for (uri, why) in [
        ("hello.wasm", "relative URL without a base"),
        ("http://example.org/a.wasm", "only `file:` URIs are served"),
        ("file://example.org/a.wasm", "it names no local file"),
    ] {
        let error = Program::from_uri(&host.runtime, uri).expect_err("it is no URI of a file");
        assert!(matches!(error, LoadError::BadUri { .. }));
        assert_eq!(
            error.to_string(),
            format!("`{uri}` does not name a program: {why}")
        );
    }
    Ok(())
}

#[test]
fn the_entry_that_runs_by_default_is_main_or_the_only_one() -> Result<()> {
    let host = Host::new()?;
    let module = |entries: &[&str]| {
        let entries = entries
            .iter()
            .map(|entry| format!(r#"(func (export "insula:entry/{entry}"))"#))
            .collect::<String>();
        host.wat(&format!(
            r#"(module (memory (export "memory") 1) {entries} (func (export "other")))"#
        ))
    };
    let only = module(&["only"])?;
    assert_eq!(only.default_entry(), Some("only"));
    let isolate = host.runtime.spawn(&only, SpawnOptions::new())?;
    assert_eq!(isolate.name(), "only#1");
    assert_eq!(module(&["b", "main"])?.default_entry(), Some("main"));

    let none = module(&["b", "a"])?;
    assert_eq!(none.default_entry(), None);
    let error = host
        .runtime
        .spawn(&none, SpawnOptions::new())
        .expect_err("there is no main");
    assert!(matches!(error, SpawnError::NoSuchEntry { .. }));
    assert_eq!(
        error.to_string(),
        "the module has no entry `main`; it has `a`, `b`"
    );
    Ok(())
}

#[test]
fn every_isolate_has_an_exit_reason() -> Result<()> {
    let host = Host::new()?;
    let ended = spawn(&host, guests::PORTS, "short_lived")?;
    assert_eq!(in_time(move || ended.join()), ExitReason::Ended);

    let killed = spawn(&host, guests::HELLO, "echo")?;
    assert_eq!(killed.wait_timeout(Duration::ZERO), None);
    assert_eq!(killed.exit_reason(), None);
    killed.kill();
    assert_eq!(killed.wait_timeout(HANG), Some(ExitReason::Killed));
    assert_eq!(killed.exit_reason(), Some(ExitReason::Killed));
    // It has ended once and for all.
    killed.kill();
    assert_eq!(in_time(move || killed.join()), ExitReason::Killed);

    let texts = [
        (ExitReason::Ended, "ended"),
        (ExitReason::Exited(3), "exited with code 3"),
        (ExitReason::Killed, "killed"),
        (
            ExitReason::ShutDown,
            "ended because the runtime was shut down",
        ),
    ];
    for (reason, text) in texts {
        assert_eq!(reason.to_string(), text);
        assert_eq!(reason.is_ended(), reason == ExitReason::Ended);
        assert_eq!(reason.backtrace(), []);
    }
    Ok(())
}

#[test]
fn a_kill_ends_one_isolate_whatever_it_does() -> Result<()> {
    let host = Host::new()?;
    let spinning = spawn(&host, guests::SPIN, "spinner")?;
    let waiting = spawn(&host, guests::CALLS, "slow")?;
    let beside = spawn(&host, guests::HELLO, "echo")?;
    for isolate in [&spinning, &waiting] {
        isolate.kill();
        assert_eq!(isolate.wait_timeout(HANG), Some(ExitReason::Killed));
        let error = isolate.port().send(&1).expect_err("it is gone");
        assert!(matches!(error, SendError::Closed));
    }
    assert_eq!(beside.port().call_timeout::<_, i64>(&7, HANG)?, 7);
    Ok(())
}

#[test]
fn a_group_is_killed_as_a_whole_and_others_do_not_notice() -> Result<()> {
    let host = Host::new()?;
    let spinning = spin(&host, 5)?;
    let adder = spawn(&host, guests::OWN_HEAP, "adder")?;
    let group = spinning.group().clone();
    while group.spawned() < 5 {
        thread::yield_now();
    }
    // Beside five endless loops, other groups work on.
    assert_eq!(adder.port().call_timeout::<_, i64>(&1, HANG)?, 1);
    assert_eq!(host.run_guest(guests::HELLO)?, ExitReason::Ended);
    assert_eq!((group.alive(), group.is_over()), (5, false));
    assert!(group.memory() > 0);

    group.kill();
    let over = group.clone();
    in_time(move || over.wait());
    assert_eq!((group.alive(), group.spawned()), (0, 5));
    assert!(group.is_over());
    assert_eq!(group.memory(), 0);
    assert_eq!(spinning.exit_reason(), Some(ExitReason::Killed));
    for number in 2..=5 {
        let reason = host.exit_of(&format!("spinner#{number}"));
        assert_eq!(reason, Some(ExitReason::Killed));
    }
    assert_eq!(adder.exit_reason(), None);
    assert_eq!(adder.port().call_timeout::<_, i64>(&1, HANG)?, 2);
    Ok(())
}

#[test]
fn idle_isolates_wait_without_threads_until_nobody_can_reach_them() -> Result<()> {
    const IDLE: usize = 50;
    let host = Host::with(|builder| builder.max_isolates(64).permits(2))?;
    let program = host.program(guests::IDLE)?;
    let main = host
        .runtime
        .spawn(&program, SpawnOptions::new().message(&IDLE))?;
    // It answers once all of them have run.
    main.port().call_timeout::<_, ()>(&(), HANG)?;
    let figures = host.runtime.figures();
    assert_eq!((figures.groups, figures.isolates), (1, IDLE + 1));
    assert_eq!((figures.pool_memories, figures.ports), (IDLE + 1, IDLE + 1));
    assert!(figures.workers <= 8, "{figures:?}");
    assert_eq!(host.lines(), ["main#1: 50 isolates are idle"]);

    let group = main.group().clone();
    assert_eq!(in_time(move || main.join()), ExitReason::Ended);
    in_time(move || group.wait());
    for number in 2..IDLE + 2 {
        let reason = host.exit_of(&format!("idler#{number}"));
        assert_eq!(reason, Some(ExitReason::Ended));
    }
    Ok(())
}

#[test]
fn what_is_too_large_for_a_message_is_refused() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::HELLO)?;
    let large = "x".repeat(1100);
    let options = || {
        let limits = Limits::default().message_bytes(1024);
        SpawnOptions::new().entry("echo").limits(limits)
    };
    let error = host
        .runtime
        .spawn(&program, options().message(&large))
        .expect_err("it is too large");
    assert!(matches!(error, SpawnError::MessageTooLarge(_)));
    assert_eq!(
        error.to_string(),
        "the first message is too large: the limit of 1024 bytes in one message is reached \
         (raise it with `Limits::message_bytes`, or `--limit message_bytes=..` at a shell)"
    );
    let echo = host.runtime.spawn(&program, options())?;
    let error = echo.port().send(&large).expect_err("it is too large");
    assert!(matches!(error, SendError::TooLarge));
    assert_eq!(
        error.to_string(),
        "the message is larger than the limit (raise `Limits::message_bytes`)"
    );
    let fits = "x".repeat(900);
    assert_eq!(echo.port().call_timeout::<_, String>(&fits, HANG)?, fits);
    Ok(())
}

#[test]
fn a_group_of_servers_that_nobody_can_reach_ends() -> Result<()> {
    let host = Host::new()?;
    assert_eq!(host.run_guest(guests::UNREACHABLE)?, ExitReason::Ended);
    assert_eq!(host.lines_of("main#1"), ["main is done"]);
    assert_eq!(host.lines_of("keeper#2"), ["holds 1"]);
    assert_eq!(host.lines_of("keeper#3"), ["holds 1", "holds 2"]);
    for name in ["main#1", "keeper#2", "keeper#3"] {
        assert_eq!(host.exit_of(name), Some(ExitReason::Ended), "{name}");
    }
    host.expect_nothing_left();
    Ok(())
}

/// The host cannot reach `main` any more, but what `main` gave it: a port of the
/// child's.
#[test]
fn a_group_goes_on_while_the_host_holds_any_of_its_ports() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::SEND)?;
    let (to_host, at_host) = host.runtime.port();
    let relay = host
        .runtime
        .spawn(&program, SpawnOptions::new().entry("relay"))?;
    let group = relay.group().clone();
    let other = spawn(&host, guests::HELLO, "echo")?;
    // The echo of another group holds the relay's port in a message on its way.
    let port: insula::SendPort = other.port().call_timeout(relay.port(), HANG)?;
    drop(relay);
    port.send(&to_host)?;
    port.send(&1)?;
    assert_eq!(at_host.recv_timeout(HANG)?.decode::<i64>()?, 1);
    assert!(!group.is_over());
    drop(port);
    in_time(move || group.wait());
    assert_eq!(host.exit_of("relay#1"), Some(ExitReason::Ended));
    assert_eq!(other.port().call_timeout::<_, i64>(&2, HANG)?, 2);
    Ok(())
}

#[test]
fn a_runtime_that_is_dropped_ends_whatever_runs_in_it() -> Result<()> {
    let host = Host::with(|builder| builder.max_isolates(64).permits(2))?;
    let spinning = spin(&host, 8)?;
    let idle = spawn(&host, guests::HELLO, "echo")?;
    let slow = spawn(&host, guests::CALLS, "slow")?;
    // A timer of an hour, a call that waits for it, and a mailbox that nobody
    // empties.
    let port = slow.port().clone();
    let call = thread::spawn(move || port.call::<_, u64>(&3_600_000u64));
    assert_eq!(slow.port().call_timeout::<_, u64>(&0u64, HANG)?, 0);
    for number in 0..1000 {
        spinning.port().send(&number)?;
    }
    let (to_host, at_host) = host.runtime.port();
    idle.port().send_with_reply("on its way", &to_host)?;
    drop(to_host);

    in_time(move || drop(host));
    for isolate in [&spinning, &idle, &slow] {
        assert_eq!(isolate.exit_reason(), Some(ExitReason::ShutDown));
        assert!(isolate.group().is_over());
        let error = isolate.port().send(&1).expect_err("it is gone");
        assert!(matches!(error, SendError::Closed));
    }
    let error = in_time(|| call.join().expect("no panic")).expect_err("it is gone");
    assert!(matches!(
        error,
        CallError::NoAnswer | CallError::Send(SendError::Closed)
    ));
    // Whatever came before the end is still there, and then nothing can come.
    in_time(move || assert!(at_host.iter().count() <= 1));
    assert_eq!(in_time(move || slow.join()), ExitReason::ShutDown);
    Ok(())
}

#[test]
fn a_runtime_shuts_down_without_isolates_and_with_programs_left() -> Result<()> {
    let first = Host::new()?;
    let program = first.program(guests::HELLO)?;
    in_time(move || first.runtime.shut_down());
    assert_eq!(program.entries(), ["echo", "hello", "main"]);
    // Another runtime is another engine.
    let second = Host::new()?;
    assert_eq!(second.run_guest(guests::HELLO)?, ExitReason::Ended);
    assert_eq!(guest("hello"), std::path::Path::new(guests::HELLO));
    Ok(())
}

#[test]
fn servers_that_know_only_one_another_end_when_nobody_else_can_reach_them() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::UNREACHABLE)?;
    assert_eq!(host.run(&program, SpawnOptions::new())?, ExitReason::Ended);
    assert_eq!(host.runtime.figures().isolates, 0);
    Ok(())
}

#[test]
fn waiting_for_longer_than_time_can_be_counted_is_waiting_for_ever() -> Result<()> {
    let host = Host::new()?;
    let program = host.program(guests::HELLO)?;
    let isolate = host.runtime.spawn(&program, SpawnOptions::new())?;
    assert_eq!(
        isolate.wait_timeout(std::time::Duration::MAX),
        Some(ExitReason::Ended)
    );
    Ok(())
}

#[test]
fn a_host_whose_own_functions_panic_loses_no_worker() -> Result<()> {
    let host = Host::with(|builder| {
        builder
            .permits(1)
            .max_isolates(10)
            .output(|_: &insula::Line<'_>| panic!("an output that panics"))
            .on_exit(|_, _| panic!("a listener that panics"))
    })?;
    let program = host.program(guests::HELLO)?;
    for _ in 0..3 {
        assert_eq!(host.run(&program, SpawnOptions::new())?, ExitReason::Ended);
    }
    Ok(())
}
