//! Guests that try to make the host's own memory grow by what is on no budget.
//! In a process of its own: it measures the process's memory.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use insula::{ExitReason, Limits, SpawnOptions};
use insula_tests::{HANG, Host};

/// What the host may grow by meanwhile, in megabytes: several times less than
/// what each of these guests made it grow by when it could.
const MOST: u64 = 100;

/// Megabytes of the process that are in memory.
fn resident() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    Ok(kilobytes.context("no VmRSS")?.parse::<u64>()? >> 10)
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

/// One after the other, as all share a process.
#[test]
fn the_host_grows_by_nothing_that_is_on_no_budget() -> Result<()> {
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
