//! Guests that try to make the host's own memory grow by what is on no budget.
//! In a process of its own: it measures the process's memory.

use std::time::Duration;

use anyhow::{Result, ensure};
use crossbeam_channel::RecvTimeoutError;
use insula::{ExitReason, Limits, Program, Runtime, SpawnOptions};
use insula_tests::{HANG, Host, process};

/// What the host may grow by meanwhile, in megabytes: several times less than
/// what each of these guests made it grow by when it could.
const MOST: u64 = 100;

/// Megabytes of the process that are in memory.
fn resident() -> Result<u64> {
    Ok(process::resident()? >> 20)
}

const IMPORTS: &str = r#"
    (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (import "insula:isolate/ports@0.1.0" "[static]receive-port.open" (func $open (param i64 i32)))
    (import "insula:isolate/ports@0.1.0" "[method]receive-port.sender" (func $sender (param i32 i32)))
    (import "insula:isolate/ports@0.1.0" "[method]receive-port.listen" (func $listen (param i32 i32)))
    (import "insula:isolate/ports@0.1.0" "[method]send-port.send"
        (func $send (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "insula:isolate/ports@0.1.0" "[resource-drop]send-port" (func $drop-sender (param i32)))
    (import "insula:isolate/ports@0.1.0" "receive" (func $receive (param i32)))
    (import "insula:isolate/isolates@0.1.0" "spawn" (func $spawn (param i32 i32)))
    (import "insula:isolate/self@0.1.0" "first-message" (func $first-message (param i32)))
    (memory (export "memory") 2)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8192))
    (data (i32.const 1024) "child")
    ;; A request to spawn it: its entry, and that errors are fatal.
    (data (i32.const 2060) "\00\04\00\00\05\00\00\00")
    (data (i32.const 2101) "\01")
"#;

/// Does `code` so many times.
fn repeat(local: &str, times: u32, code: &str) -> String {
    format!(
        "(local.set ${local} (i32.const 0))
        (loop ${local}-again
            {code}
            (local.set ${local} (i32.add (local.get ${local}) (i32.const 1)))
            (br_if ${local}-again (i32.lt_u (local.get ${local}) (i32.const {times}))))"
    )
}

/// An empty message to the port whose handle lies at a place.
fn send(place: u32) -> String {
    format!(
        "(call $send (i32.load (i32.const {place})) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
            (i32.const 0) (i32.const 0))"
    )
}

/// Runs a guest that does `main`, which may spawn `child`, and then tells the
/// host and waits. Fails when the host grew by much until then.
fn grows_little(what: &str, main: &str, child: &str) -> Result<()> {
    let wake = r#"(func (export "wake") (call $receive (i32.const 64)))"#;
    measure(what, &format!("{main} (call $done)"), child, wake)
}

/// The same for a guest that calls `$done` itself, some time.
fn measure(what: &str, main: &str, child: &str, more: &str) -> Result<()> {
    let host = Host::with(|builder| builder.max_isolates(1000))?;
    let locals = "(local $i i32) (local $j i32)";
    let program = host.wat(&format!(
        "(module {IMPORTS}
        (func (export \"insula:entry/child\") {locals} {child})
        (func (export \"insula:entry/main\") {locals}
            (call $first-message (i32.const 512))
            (i32.store (i32.const 600) (i32.load (i32.const 8192)))
            {main})
        (func $done
            (call $open (i64.const 0) (i32.const 700))
            (call $listen (i32.load (i32.const 704)) (i32.const 1))
            (if {} (then unreachable)))
        {more})",
        send(600)
    ))?;
    let (to, port) = host.runtime.port();
    // Few at once, as also what runs takes memory.
    let limits = Limits::default().turn_cpu(3_600_000).preempted_turns(2);
    let options = SpawnOptions::new()
        .entry("main")
        .limits(limits)
        .message(&to);
    let before = resident()?;
    let isolate = host.runtime.spawn(&program, options)?;
    drop(to);
    let told = port.recv_timeout(HANG * 2);
    ensure!(
        told.is_ok(),
        "{what}: {told:?}, it {:?}",
        isolate.exit_reason()
    );
    // Children may be about to end.
    while isolate.group().alive() > 1 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let grown = resident()?.saturating_sub(before);
    println!("{what}: {grown} MiB");
    isolate.kill();
    ensure!(isolate.join() == ExitReason::Killed);
    ensure!(grown <= MOST, "{what}: the host grew by {grown} MiB");
    Ok(())
}

/// A guest that ties itself up in all that the host keeps for it: its mailbox is
/// full of its own ports, it listens to its own end, waits for itself, has names
/// and a paused child that does the same to it. Each of these holds the port in
/// its first message too, where something can be held there.
const TANGLE: &str = r#"(module
    (import "insula:isolate/ports@0.1.0" "[static]receive-port.open" (func $open (param i64 i32)))
    (import "insula:isolate/ports@0.1.0" "[method]receive-port.sender" (func $sender (param i32 i32)))
    (import "insula:isolate/ports@0.1.0" "[method]receive-port.listen" (func $listen (param i32 i32)))
    (import "insula:isolate/ports@0.1.0" "[method]send-port.send"
        (func $send (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "insula:isolate/ports@0.1.0" "[method]send-port.send-when-ready"
        (func $send-when-ready (param i32 i32 i32 i32 i32 i32 i32 i64 i32)))
    (import "insula:isolate/ports@0.1.0" "[method]send-port.when-closed" (func $when-closed (param i32 i64 i32)))
    (import "insula:isolate/control@0.1.0" "[static]isolate.current" (func $current (param i32)))
    (import "insula:isolate/control@0.1.0" "[method]isolate.ping"
        (func $ping (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "insula:isolate/control@0.1.0" "[method]isolate.add-exit-listener"
        (func $add-exit-listener (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "insula:isolate/control@0.1.0" "[method]isolate.add-monitor"
        (func $add-monitor (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "insula:isolate/control@0.1.0" "[method]isolate.add-error-listener"
        (func $add-error-listener (param i32 i32) (result i32)))
    (import "insula:isolate/control@0.1.0" "[method]isolate.link" (func $link (param i32) (result i32)))
    (import "insula:isolate/names@0.1.0" "register" (func $register (param i32 i32 i32 i32)))
    (import "insula:isolate/isolates@0.1.0" "spawn" (func $spawn (param i32 i32)))
    (import "insula:isolate/self@0.1.0" "first-message" (func $first-message (param i32)))
    (memory (export "memory") 1)
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8192))
    (data (i32.const 1024) "childport")
    (data (i32.const 3000) "\f6")
    ;; A request to spawn `child`, paused, with a message, listeners and a port for
    ;; its result.
    (data (i32.const 2572) "\00\04\00\00\05\00\00\00\01\00\00\00\b8\0b\00\00\01\00\00\00\40\01\00\00\02\00\00\00")
    (data (i32.const 2612) "\01\01\00\00\01")
    (data (i32.const 2624) "\01")
    (data (i32.const 2632) "\01")
    (func $own (result i32) (i32.load (i32.const 320)))
    (func $isolate (result i32) (i32.load (i32.const 356)))
    (func $ok (param $answer i32) (if (i32.load8_u (local.get $answer)) (then unreachable)))
    (func $is-sent (param $status i32) (if (local.get $status) (then unreachable)))
    (func (export "wake"))
    (func (export "insula:entry/child"))
    (func (export "insula:entry/main")
        ;; One port that keeps it alive and one where all comes. The ports that
        ;; go along are at 320: its own and the one in its first message.
        (call $open (i64.const 0) (i32.const 256))
        (call $listen (i32.load (i32.const 260)) (i32.const 1))
        (call $open (i64.const 1) (i32.const 256))
        (call $sender (i32.load (i32.const 260)) (i32.const 272))
        (i32.store (i32.const 320) (i32.load (i32.const 276)))
        (call $first-message (i32.const 288))
        (i32.store (i32.const 324) (i32.load (i32.const 8192)))
        (call $current (i32.const 352))
        (call $is-sent (call $add-exit-listener (call $isolate) (call $own)
            (i32.const 3000) (i32.const 1) (i32.const 320) (i32.const 2)))
        (call $is-sent (call $add-monitor (call $isolate) (call $own)
            (i32.const 3000) (i32.const 1) (i32.const 320) (i32.const 2)))
        (call $is-sent (call $add-error-listener (call $isolate) (call $own)))
        (call $is-sent (call $ping (call $isolate) (call $own)
            (i32.const 3000) (i32.const 1) (i32.const 320) (i32.const 2) (i32.const 1)))
        (call $register (i32.const 1024) (i32.const 5) (call $own) (i32.const 368)) (call $ok (i32.const 368))
        (call $register (i32.const 1029) (i32.const 4) (i32.load (i32.const 324)) (i32.const 368))
        (call $ok (i32.const 368))
        (i32.store (i32.const 2620) (call $own))
        (i32.store (i32.const 2628) (i32.load (i32.const 324)))
        (i32.store (i32.const 2636) (i32.load (i32.const 324)))
        (call $spawn (i32.const 2560) (i32.const 384)) (call $ok (i32.const 384))
        (drop (call $link (i32.load (i32.const 388))))
        (call $when-closed (call $own) (i64.const 0) (i32.const 400)) (call $ok (i32.const 400))
        (loop $again
            (br_if $again (i32.eqz (call $send (call $own) (i32.const 3000) (i32.const 1)
                (i32.const 320) (i32.const 2) (i32.const 1) (call $own)))))
        (call $send-when-ready (call $own) (i32.const 3000) (i32.const 1)
            (i32.const 320) (i32.const 2) (i32.const 1) (call $own) (i64.const 0) (i32.const 400))
        (call $ok (i32.const 400))))"#;

/// Megabytes that so many groups may leave behind. One isolate that is kept of
/// each would be several times as much.
const LEFT: u64 = 6;
const GROUPS: u64 = 5_000;

fn groups_that_ended_leave_nothing() -> Result<()> {
    // No `Host`: that keeps what it was told of each end.
    let runtime = Runtime::builder().max_isolates(50).start()?;
    let program = Program::from_bytes(&runtime, &wat::parse_str(TANGLE)?)?;
    let mut before = 0;
    for round in 0..GROUPS + 500 {
        if round == 500 {
            before = resident()?;
        }
        let (probe, held) = runtime.port();
        let limits = Limits::default().mailbox_messages(16);
        let options = SpawnOptions::new()
            .entry("main")
            .limits(limits)
            .message(&probe);
        let isolate = runtime.spawn(&program, options)?;
        drop(probe);
        let group = isolate.group().clone();
        let expected = if round % 2 == 0 {
            ExitReason::Ended
        } else {
            while runtime.figures().waits < 2 {
                std::thread::yield_now();
            }
            group.kill();
            ExitReason::Killed
        };
        let reason = isolate.join();
        ensure!(reason == expected, "{round}: {reason}");
        group.wait();
        // Whatever is kept of it keeps the port.
        let left = held.recv_timeout(HANG);
        ensure!(
            matches!(left, Err(RecvTimeoutError::Disconnected)),
            "{round}: {left:?}, {:?}",
            runtime.figures()
        );
    }
    let grown = resident()?.saturating_sub(before);
    println!("groups that ended: {grown} MiB");
    ensure!(grown <= LEFT, "{GROUPS} groups left {grown} MiB");
    Ok(())
}

/// One after the other, as all share a process.
#[test]
fn the_host_grows_by_nothing_that_is_on_no_budget() -> Result<()> {
    // First, as it has the sharpest eye.
    groups_that_ended_leave_nothing()?;

    // Each port's queue is long once. A turn ends when it had its share of
    // messages, so it takes many.
    let open = "(call $open (i64.const 0) (i32.const 128)) (call $sender (i32.load (i32.const 132)) (i32.const 144))";
    let fill = repeat("j", 40_000, &format!("(drop {})", send(148)));
    let queues = format!(
        "(global $ports (mut i32) (i32.const 0))
        (global $left (mut i32) (i32.const 0))
        (func $next (local $j i32)
            {open} {fill}
            (call $listen (i32.load (i32.const 132)) (i32.const 1))
            (global.set $left (i32.const 40000))
            (global.set $ports (i32.add (global.get $ports) (i32.const 1))))
        (func (export \"wake\")
            (loop $again
                (call $receive (i32.const 256))
                (if (i32.load8_u (i32.const 256))
                    (then
                        (global.set $left (i32.sub (global.get $left) (i32.const 1)))
                        (if (i32.eqz (global.get $left))
                            (then
                                (if (i32.eq (global.get $ports) (i32.const 60))
                                    (then (call $done))
                                    (else (call $next)))))
                        (br $again)))))"
    );
    measure("queues that were long once", "(call $next)", "", &queues)?;

    // A descriptor that is not there.
    let write = "(drop (call $fd_write (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0)))";
    grows_little("writes to nowhere", &repeat("i", 2_000_000, write), "")?;

    // Isolates that ended, and whose ports are still held.
    let spawn = "(call $spawn (i32.const 2048) (i32.const 128))
        (if (i32.load8_u (i32.const 128)) (then unreachable))";
    let ports = repeat("i", 5_000, "(call $open (i64.const 0) (i32.const 128))");
    grows_little("ports of the dead", &repeat("i", 600, spawn), &ports)?;

    // The notice that a port has no sender, made again and again.
    let notice = "(call $sender (i32.load (i32.const 132)) (i32.const 144)) (call $drop-sender (i32.load (i32.const 148)))";
    grows_little(
        "notices",
        &format!("{open} {}", repeat("i", 1_000_000, notice)),
        "",
    )?;

    // A line that never ends.
    let print = "(i32.store (i32.const 128) (i32.const 16384)) (i32.store (i32.const 132) (i32.const 65536))
        (drop (call $fd_write (i32.const 1) (i32.const 128) (i32.const 1) (i32.const 256)))";
    grows_little("a line that never ends", &repeat("i", 2_000, print), "")
}
