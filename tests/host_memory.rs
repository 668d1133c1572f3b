//! Guests that make the host hold as much memory for them as they can. In a process
//! of its own, one test only: it counts what the whole process allocates.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use insula::{Limit, Limits, Line, SpawnOptions};
use insula_tests::hostile::{BYSTANDER, MEMORY, SHORT_CHILD, SPAWN, child, module};
use insula_tests::{HANG, Host};

struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);

// SAFETY: the system's allocator does the work; this only counts.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        NOW.fetch_add(layout.size(), Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// What the host may keep for a guest here.
const MOST: u64 = 8 << 20;

/// What the test and the runtime allocate meanwhile for themselves: lists of what
/// was told, queues, a compiled module.
const SLACK: u64 = 1 << 20;

/// A guest that does `code` until the answer at 64 is a refusal, tells the host, and
/// waits. `$n` counts.
fn until_refused(before: &str, code: &str, more: &str) -> String {
    format!(
        r#"{MEMORY} {more}
        (global $own (mut i32) (i32.const 0))
        (global $port (mut i32) (i32.const 0))
        (data (i32.const 1024) "child")
        (func (export "insula:entry/main") (local $n i32)
            (call $first-message (i32.const 512))
            (i32.store (i32.const 600) (i32.load (i32.load (i32.const 524))))
            (call $first-port (i64.const 0) (i32.const 0))
            (global.set $port (i32.load (i32.const 4)))
            (call $receive-port.listen (global.get $port) (i32.const 1))
            (call $receive-port.sender (global.get $port) (i32.const 16))
            (global.set $own (i32.load (i32.const 20)))
            {before}
            (loop $again
                (local.set $n (i32.add (local.get $n) (i32.const 1)))
                {code}
                (br_if $again (i32.eqz (i32.load8_u (i32.const 64)))))
            ;; Its kind is `limit`; its text lies as a piece of output does.
            (if (i32.load8_u (i32.const 68)) (then unreachable))
            (drop (call $fd_write (i32.const 1) (i32.const 72) (i32.const 1) (i32.const 0)))
            (if (call $send-port.send (i32.load (i32.const 600)) (i32.const 0) (i32.const 0)
                    (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))
                (then unreachable)))"#
    )
}

/// Every kind of thing that the host keeps.
fn kinds() -> Vec<(&'static str, String)> {
    let wake = r#"(func (export "wake"))"#;
    let current = "(call $isolate.current (i32.const 32))";
    let capability = "(call $send-port.capability (i32.const 64))";
    let kind = |code: &str| until_refused("", code, wake);
    let with_itself = |code: &str| until_refused(current, code, wake);
    let closed = "(call $receive-port.open (i64.const 0) (i32.const 64))
        (if (i32.eqz (i32.load8_u (i32.const 64))) (then
            (i32.store (i32.const 128) (i32.load (i32.const 68)))
            (call $receive-port.sender (i32.load (i32.const 128)) (i32.const 64))
            (call $drop-receive-port (i32.load (i32.const 128)))))";
    let name = "(memory.fill (i32.const 2048) (i32.const 97) (i32.const 500))
        (i32.store (i32.const 2048) (i32.add (i32.and (local.get $n) (i32.const 15))
            (i32.add (i32.shl (i32.and (i32.shr_u (local.get $n) (i32.const 4)) (i32.const 15)) (i32.const 8))
            (i32.add (i32.shl (i32.and (i32.shr_u (local.get $n) (i32.const 8)) (i32.const 15)) (i32.const 16))
                (i32.shl (i32.and (i32.shr_u (local.get $n) (i32.const 12)) (i32.const 15)) (i32.const 24))))))
        (call $register (i32.const 2048) (i32.const 500) (global.get $own) (i32.const 64))";
    let pause = format!(
        "{capability} (if (i32.eqz (i32.load8_u (i32.const 64))) (then
            (i32.store (i32.const 128) (i32.load (i32.const 68)))
            (call $isolate.pause (i32.load (i32.const 36)) (i32.load (i32.const 128)) (i32.const 64))
            (call $drop-send-port (i32.load (i32.const 128)))))"
    );
    let listen = format!(
        "{capability} (if (i32.eqz (i32.load8_u (i32.const 64))) (then
            (drop (call $isolate.add-error-listener (i32.load (i32.const 36)) (i32.load (i32.const 68))))
            (call $drop-send-port (i32.load (i32.const 68)))))"
    );
    let spawn = |waiting: bool| {
        let entry = if waiting {
            // Sixty KiB of a line that does not end.
            r#"(func (export "insula:entry/child")
                (call $first-port (i64.const 0) (i32.const 0))
                (call $receive-port.listen (i32.load (i32.const 4)) (i32.const 1))
                (i32.store (i32.const 128) (i32.const 16384)) (i32.store (i32.const 132) (i32.const 61440))
                (drop (call $fd_write (i32.const 1) (i32.const 128) (i32.const 1) (i32.const 0))))"#
        } else {
            SHORT_CHILD
        };
        until_refused("", SPAWN, &(child().data() + entry + wake))
    };
    vec![
        (
            "ports",
            kind("(call $receive-port.open (i64.const 0) (i32.const 64))"),
        ),
        ("send ports of closed ports", kind(closed)),
        (
            "duplicates",
            kind("(call $send-port.duplicate (global.get $own) (i32.const 64))"),
        ),
        ("capabilities", kind(capability)),
        (
            "control ports",
            with_itself("(call $isolate.control-port (i32.load (i32.const 36)) (i32.const 64))"),
        ),
        ("pauses", with_itself(&pause)),
        ("listeners for errors", with_itself(&listen)),
        (
            "timers",
            kind("(call $timer.start (i64.const -1) (i64.const 0) (i32.const 64))"),
        ),
        (
            "timers that are due",
            kind("(call $timer.start (i64.const 0) (i64.const 0) (i32.const 64))"),
        ),
        (
            "waits",
            kind("(call $send-port.when-closed (global.get $own) (i64.const 0) (i32.const 64))"),
        ),
        ("names", kind(name)),
        ("isolates that ended", spawn(false)),
        ("isolates with half a line", spawn(true)),
    ]
}

fn live() -> u64 {
    NOW.load(Relaxed) as u64
}

/// Waits until the process holds no more than that.
fn falls_to(most: u64) -> bool {
    let deadline = Instant::now() + HANG;
    while live() > most {
        if Instant::now() > deadline {
            return false;
        }
        thread::sleep(Duration::from_millis(1));
    }
    true
}

#[test]
fn the_host_holds_no_more_than_a_group_may_have() -> Result<()> {
    // Few at once run, as also what runs takes memory.
    let limits = Limits::default()
        .host_memory(MOST)
        .handles(1_000_000)
        .timers(1_000_000)
        .named_ports(1_000_000)
        .turn_cpu(3_600_000)
        .turn_wall(3_600_000);
    // What is printed is not kept.
    let host = Host::with(|builder| builder.max_isolates(1000).output(|_: &Line<'_>| ()))?;
    for (what, wat) in kinds() {
        let program = host.wat(&module(&host, &wat))?;
        let (to, port) = host.runtime.port();
        let options = SpawnOptions::new()
            .entry("main")
            .limits(limits.clone())
            .message(&to);
        let before = live();
        let isolate = host.runtime.spawn(&program, options)?;
        let group = isolate.group().clone();
        drop(to);
        let told = port.recv_timeout(HANG);
        ensure!(told.is_ok(), "{what}: {:?}", isolate.exit_reason());
        let grown = live().saturating_sub(before);
        let used = || {
            let used = group.usage().get(Limit::HostMemory);
            used.context("a limit of groups")
        };
        let counted = used()?;
        println!("{what}: {grown} bytes, counted as {}", counted.used);
        ensure!(
            grown <= MOST + SLACK,
            "{what}: the host holds {grown} bytes"
        );
        ensure!(
            // A table of handles that cannot be made twice as large may leave half.
            counted.peak <= MOST && counted.peak >= MOST / 2 && counted.refused > 0,
            "{what}: {counted:?}"
        );
        isolate.kill();
        isolate.join();
        group.kill();
        group.wait();
        let left = used()?;
        // Who holds the group may hold its last isolate for a moment too.
        let deadline = Instant::now() + HANG;
        while used()?.used > 0 && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
        ensure!(used()?.used == 0, "{what}: {left:?} is left");
        ensure!(
            falls_to(before + SLACK),
            "{what}: {} bytes are left",
            live() - before
        );
    }
    nothing_stays_of_what_turns_took(&host)
}

/// Isolates that rest hold no room for the messages that their last turn took at once.
fn nothing_stays_of_what_turns_took(host: &Host) -> Result<()> {
    // Of a queue that is empty again.
    const EACH: u64 = 2 << 10;
    let program = host.wat(&module(host, BYSTANDER))?;
    let spawn = |_| host.runtime.spawn(&program, SpawnOptions::new());
    let isolates = (0..100).map(spawn).collect::<Result<Vec<_>, _>>()?;
    let take = |messages: u64| -> Result<()> {
        for isolate in &isolates {
            let pause = isolate.control().pause()?;
            for number in 0..messages {
                isolate.port().send(&number)?;
            }
            isolate.control().resume(&pause)?;
        }
        let deadline = Instant::now() + HANG;
        while host.runtime.figures().messages > 0 {
            ensure!(Instant::now() < deadline, "messages are left");
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    };
    take(1)?;
    let before = live();
    take(40)?;
    let most = before + isolates.len() as u64 * EACH;
    ensure!(falls_to(most), "{} bytes are kept", live() - before);
    Ok(())
}
