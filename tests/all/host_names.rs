//! Ports that have a name in their group, as a host and as bare guests see them.

use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

use anyhow::Result;
use insula::{ExitReason, Group, Limit, Limits, NameError, SendPort, SpawnOptions};
use insula_tests::{HANG, Host, in_time};

use insula_tests::hostile::{MEMORY, server, table};

/// An isolate that listens, and does nothing else.
fn idle(host: &Host, limits: Limits) -> Result<insula::Isolate> {
    let program = host.wat(
        r#"(module
            (import "insula:isolate/self@0.1.0" "first-port" (func $first (param i64 i32)))
            (import "insula:isolate/ports@0.1.0" "[method]receive-port.listen"
                (func $listen (param i32 i32)))
            (memory (export "memory") 1)
            (func (export "insula:entry/main")
                (call $first (i64.const 0) (i32.const 0))
                (call $listen (i32.load (i32.const 4)) (i32.const 1)))
            (func (export "wake")))"#,
    )?;
    Ok(host
        .runtime
        .spawn(&program, SpawnOptions::new().limits(limits))?)
}

#[test]
fn a_name_belongs_to_one_port_until_it_is_taken_away() -> Result<()> {
    let host = Host::new()?;
    let isolate = idle(&host, Limits::default())?;
    let group = isolate.group();
    let (one, _one) = host.runtime.port();
    let (other, _other) = host.runtime.port();
    assert_eq!(group.lookup("log"), None);
    group.register("log", &one)?;
    group.register("log", &one)?;
    group.register("logger", &one)?;
    assert_eq!(group.lookup("log"), Some(one.clone()));
    assert_eq!(
        group.register("log", &other),
        Err(NameError::Taken("log".to_owned()))
    );
    assert_eq!(host.runtime.figures().names, 2);
    assert!(group.unregister("log") && !group.unregister("log"));
    group.register("log", &other)?;
    assert_eq!(group.lookup("log"), Some(other.clone()));
    assert_eq!(group.lookup("logger"), Some(one.clone()));
    // Another group knows nothing of it.
    let stranger = idle(&host, Limits::default())?;
    assert_eq!(stranger.group().lookup("log"), None);
    Ok(())
}

/// Gives a name again as soon as it hears that the port which had it is closed.
struct Heir {
    group: Group,
    port: SendPort,
    saw: Mutex<Option<(bool, Result<(), NameError>)>>,
}

impl Wake for Heir {
    fn wake(self: Arc<Self>) {
        let found = self.group.lookup("name").is_some();
        let registered = self.group.register("name", &self.port);
        *self.saw.lock().expect("no panic") = Some((found, registered));
    }
}

#[test]
fn who_hears_first_that_a_port_is_closed_finds_its_name_free() -> Result<()> {
    let host = Host::new()?;
    let isolate = idle(&host, Limits::default())?;
    let (one, port) = host.runtime.port();
    let (other, _other) = host.runtime.port();
    let heir = Arc::new(Heir {
        group: isolate.group().clone(),
        port: other.clone(),
        saw: Mutex::default(),
    });
    let waker = Waker::from(heir.clone());
    // Before the name begins to watch the port, so it hears of the end before.
    let mut closed = Box::pin(one.closed());
    let polled = closed.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());
    isolate.group().register("name", &one)?;
    drop(port);
    assert_eq!(
        heir.saw.lock().expect("no panic").take(),
        Some((false, Ok(())))
    );
    assert_eq!(isolate.group().lookup("name"), Some(other));
    assert_eq!(host.runtime.figures().names, 1);
    Ok(())
}

#[test]
fn a_name_goes_with_its_port_and_all_with_the_group() -> Result<()> {
    let host = Host::new()?;
    let isolate = idle(&host, Limits::default())?;
    let group = isolate.group().clone();
    let (one, port) = host.runtime.port();
    group.register("one", &one)?;
    group.register("self", isolate.port())?;
    drop(port);
    assert_eq!(group.lookup("one"), None);
    assert_eq!(group.register("one", &one), Err(NameError::Closed));
    assert_eq!(group.lookup("self"), Some(isolate.port().clone()));

    let (other, others) = host.runtime.port();
    group.register("other", &other)?;
    drop(other);
    isolate.kill();
    assert_eq!(isolate.wait_timeout(HANG), Some(ExitReason::Killed));
    assert_eq!(group.lookup("self"), None);
    assert_eq!(group.lookup("other"), None);
    assert_eq!(host.runtime.figures().names, 0);
    // The name held the last send port.
    assert!(in_time(move || others.recv()).is_err());
    let (late, _late) = host.runtime.port();
    assert_eq!(group.register("late", &late), Err(NameError::Closed));
    Ok(())
}

#[test]
fn names_are_limited_in_number_and_length_and_on_the_budget() -> Result<()> {
    let host = Host::new()?;
    let isolate = idle(&host, Limits::default().named_ports(2))?;
    let group = isolate.group();
    let (to, _port) = host.runtime.port();
    group.register("a", &to)?;
    group.register("b", &to)?;
    let refused = group.register("c", &to);
    assert!(
        matches!(&refused, Err(NameError::Limit(hit)) if hit.limit == Limit::NamedPorts),
        "{refused:?}"
    );
    group.unregister("a");
    let long = "x".repeat(65_537);
    assert_eq!(group.register(&long, &to), Err(NameError::TooLong(65_537)));
    group.register(&long[1..], &to)?;

    let poor = idle(&host, Limits::default().host_memory(22_500))?;
    let group = poor.group();
    for _ in 0..3 {
        let name = "y".repeat(500);
        group.register(&name, &to)?;
        let refused = group.register(&"z".repeat(500), &to);
        assert!(
            matches!(&refused, Err(NameError::Limit(hit)) if hit.limit == Limit::HostMemory),
            "{refused:?}"
        );
        assert!(group.unregister(&name), "what it took comes back");
    }
    Ok(())
}

#[test]
fn a_guest_finds_what_the_host_has_named() -> Result<()> {
    table(|table| {
        // Looks up "log!", sends it 5, and looks up what is not there.
        let body = server(
            r#"(call $first-message (i32.const 256))
            (call $lookup (i32.const 1024) (i32.const 4) (i32.const 64))
            (if (i32.or (i32.load8_u (i32.const 64)) (i32.eqz (i32.load8_u (i32.const 68))))
                (then unreachable))
            (drop (call $send-port.send (i32.load (i32.const 72)) (i32.const 1028) (i32.const 1)
                (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
            (call $lookup (i32.const 1024) (i32.const 3) (i32.const 64))
            (if (i32.or (i32.load8_u (i32.const 64)) (i32.load8_u (i32.const 68)))
                (then unreachable))
            (if (i32.ne (call $unregister (i32.const 1024) (i32.const 4)) (i32.const 1))
                (then unreachable))
            (if (call $unregister (i32.const 1024) (i32.const 4)) (then unreachable))
            (call $exit)"#,
            "",
        );
        let body = format!(r#"{body} (data (i32.const 1024) "log!\05")"#);
        let program = table.host.wat(&table.module(&body))?;
        let runtime = &table.host.runtime;
        let isolate = runtime.spawn(&program, SpawnOptions::new().paused(true))?;
        let (to, port) = runtime.port();
        isolate.group().register("log!", &to)?;
        isolate.control().start()?;
        assert_eq!(port.recv_timeout(HANG)?.decode::<u64>()?, 5);
        assert_eq!(isolate.wait_timeout(HANG), Some(ExitReason::Ended));
        Ok(())
    })
}

#[test]
fn a_guest_names_its_ports_and_is_told_why_it_cannot() -> Result<()> {
    table(|table| {
        let kind_of = |kind: u32| {
            format!(
                "(if (i32.or
                        (i32.ne (i32.load8_u (i32.const 64)) (i32.const 1))
                        (i32.ne (i32.load8_u (i32.const 68)) (i32.const {kind})))
                    (then unreachable))"
            )
        };
        let (taken, closed) = (kind_of(6), kind_of(7));
        let body = format!(
            r#"{MEMORY}
            (data (i32.const 1024) "me")
            (func $named (param $port i32)
                (call $register (i32.const 1024) (i32.const 2) (local.get $port) (i32.const 64)))
            (func (export "insula:entry/main")
                (call $receive-port.open (i64.const 0) (i32.const 0))
                (call $receive-port.sender (i32.load (i32.const 4)) (i32.const 16))
                (call $named (i32.load (i32.const 20)))
                (if (i32.load8_u (i32.const 64)) (then unreachable))
                (call $receive-port.open (i64.const 0) (i32.const 32))
                (call $receive-port.sender (i32.load (i32.const 36)) (i32.const 48))
                (call $named (i32.load (i32.const 52)))
                {taken}
                ;; A port that is closed gives its name up.
                (call $drop-receive-port (i32.load (i32.const 4)))
                (call $named (i32.load (i32.const 20)))
                {closed}
                (call $named (i32.load (i32.const 52)))
                (if (i32.load8_u (i32.const 64)) (then unreachable)))"#
        );
        assert_eq!(table.run(&body, SpawnOptions::new())?, ExitReason::Ended);
        Ok(())
    })
}
