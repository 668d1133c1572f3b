//! Nothing of an isolate is left for the next one in its place: with room for one
//! alone, the next one reads all that the last one could write.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use insula::{ExitReason, Program, SpawnOptions};
use insula_tests::hostile::module;
use insula_tests::{HANG, Host, in_time};

use crate::busy;

/// Pages at the beginning, grown by, and in all.
const PAGES: [u32; 3] = [32, 96, 128];

/// Fills its memory and its table, the grown part too, and then does `end`. While
/// it lives it says so in no way; it writes on for ever where `end` says nothing.
fn writer(host: &Host, end: &str) -> Result<Program> {
    let [begin, more, all] = PAGES;
    host.wat(&module(
        host,
        &format!(
            r#"(memory (export "memory") {begin})
            (table $t 100 funcref)
            (elem declare func $write)
            (func $write
                (drop (memory.grow (i32.const {more})))
                (drop (table.grow $t (ref.func $write) (i32.const 900)))
                (table.fill $t (i32.const 0) (ref.func $write) (i32.const 1000))
                (memory.fill (i32.const 0) (i32.const 0xa5) (i32.const {bytes}))
                {end}
                (loop $again
                    (memory.fill (i32.const 0) (i32.const 0x5a) (i32.const {bytes}))
                    (br $again)))
            (func (export "insula:entry/main") (call $write))
            {READ}"#,
            bytes = all << 16,
            READ = reader(),
        ),
    ))
}

/// An entry that reads all that an isolate can have: it exits with 1 where anything
/// is there.
fn reader() -> String {
    let [_, more, all] = PAGES;
    format!(
        r#"(func (export "insula:entry/read") (local $at i32)
            (drop (memory.grow (i32.const {more})))
            (drop (table.grow $t (ref.null func) (i32.const 900)))
            (loop $next
                (if (i64.ne (i64.load (local.get $at)) (i64.const 0))
                    (then (call $proc_exit (i32.const 1))))
                (local.set $at (i32.add (local.get $at) (i32.const 8)))
                (br_if $next (i32.lt_u (local.get $at) (i32.const {bytes}))))
            (local.set $at (i32.const 0))
            (loop $next
                (if (i32.eqz (ref.is_null (table.get $t (local.get $at))))
                    (then (call $proc_exit (i32.const 2))))
                (local.set $at (i32.add (local.get $at) (i32.const 1)))
                (br_if $next (i32.lt_u (local.get $at) (i32.const 1000))))
            (call $proc_exit (i32.const 7)))"#,
        bytes = all << 16,
    )
}

#[test]
fn the_next_isolate_finds_nothing_of_the_last_one() -> Result<()> {
    let host = Host::with(|builder| builder.max_isolates(1))?;
    let end = [
        ("killed", ""),
        ("trapped", "unreachable"),
        ("exited", "(call $proc_exit (i32.const 3))"),
        ("ended", "return"),
    ];
    // Its own program's reader, whose memory may be the same image, and another's.
    let other = writer(&host, "nop")?;
    for (how, code) in end {
        let program = writer(&host, code)?;
        for reader in [&program, &other] {
            let options = SpawnOptions::new().limits(busy::for_ever());
            let isolate = host.runtime.spawn(&program, options)?;
            if code.is_empty() {
                let deadline = Instant::now() + HANG;
                while isolate.cpu_time() < Duration::from_millis(50) {
                    ensure!(Instant::now() < deadline, "it does not write");
                }
                isolate.kill();
            }
            let reason = in_time(move || isolate.join());
            let is_so = match how {
                "killed" => reason == ExitReason::Killed,
                "trapped" => matches!(reason, ExitReason::Trapped { .. }),
                "exited" => reason == ExitReason::Exited(3),
                _ => reason.is_ended(),
            };
            ensure!(is_so, "{how}: {reason}");
            let read = host.run(reader, SpawnOptions::new().entry("read"))?;
            ensure!(read == ExitReason::Exited(7), "after it {how}: {read}");
        }
    }
    Ok(())
}
