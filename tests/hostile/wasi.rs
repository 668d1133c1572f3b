//! WASI: the functions that the host has in place of wasmtime's, and all others
//! with whatever numbers.

use anyhow::{Result, ensure};
use insula::{ExitReason, Limits, SpawnOptions, Stream};

use insula_tests::hostile::{
    End, MEMORY, MEMORY_END, Row, main, row, rows, short_name, spawn_request, table,
};

/// `fd_write` of the pieces listed at `pieces`.
fn write(pieces: u32, count: u32, written: u32) -> String {
    format!(
        "(drop (call $fd_write (i32.const 1) (i32.const {pieces}) (i32.const {count}) (i32.const {written})))"
    )
}

/// A piece of output described at 64.
fn piece(start: u32, length: u32) -> String {
    format!(
        "(i32.store (i32.const 64) (i32.const {start})) (i32.store (i32.const 68) (i32.const {length})) {}",
        write(64, 1, 0)
    )
}

#[test]
fn fd_write_checks_every_pointer() -> Result<()> {
    rows(|_| {
        let outside = || End::broken(["a piece of output", "outside"]);
        let result = || End::broken(["a place for a result", "outside"]);
        let bad = |what: &str, code: String, end| row(what, main(&code), end);
        Ok(vec![
            bad("list over the end", write(MEMORY_END - 4, 1, 0), outside()),
            bad("list far out", write(0x8000_0000, 1, 0), outside()),
            bad("list wrapped", write(u32::MAX - 3, 1, 0), outside()),
            bad(
                "second of the list wrapped",
                write(u32::MAX - 7, 2, 0),
                outside(),
            ),
            bad(
                "count wraps to one",
                write(MEMORY_END - 8, 0x2000_0001, 0),
                outside(),
            ),
            bad(
                "largest count",
                write(MEMORY_END - 8, u32::MAX, 0),
                outside(),
            ),
            bad(
                "result over the end",
                write(64, 0, MEMORY_END - 3),
                result(),
            ),
            bad("result wrapped", write(64, 0, u32::MAX), result()),
            bad(
                "result at the end",
                write(64, 0, MEMORY_END - 4),
                End::Ended,
            ),
            bad("piece over the end", piece(MEMORY_END - 3, 4), outside()),
            bad("piece behind the end", piece(MEMORY_END + 1, 0), outside()),
            bad("piece wrapped", piece(u32::MAX, 2), outside()),
            bad("piece of 4 GiB", piece(16, u32::MAX), outside()),
            bad("piece at the end", piece(MEMORY_END, 0), End::Ended),
            bad("no pieces", write(64, 0, 0), End::Ended),
        ])
    })
}

fn poll(subscriptions: u32, events: u32, count: u32, answer: u32) -> String {
    format!(
        "(drop (call $poll_oneoff (i32.const {subscriptions}) (i32.const {events}) (i32.const {count}) (i32.const {answer})))"
    )
}

#[test]
fn poll_oneoff_checks_every_pointer() -> Result<()> {
    rows(|_| {
        let bad = |what: &str, code: String, words| row(what, main(&code), End::broken(words));
        let fine = |what: &str, code: String| row(what, main(&code), End::Ended);
        let refused = |count: u32| {
            let call = poll(64, 4096, count, 0).replace("(drop ", "(if (i32.ne (i32.const 28) ")
                + "(then unreachable))";
            // (if (i32.ne 28 (call ..)) (then unreachable))
            row(format!("{count:#x} subscriptions"), main(&call), End::Ended)
        };
        Ok(vec![
            bad(
                "subscriptions over the end",
                poll(MEMORY_END - 47, 64, 1, 0),
                ["subscriptions", "outside"],
            ),
            bad(
                "subscriptions wrapped",
                poll(u32::MAX - 7, 64, 1, 0),
                ["subscriptions", "outside"],
            ),
            bad(
                "many subscriptions over the end",
                poll(64, 64, 4096, 0),
                ["subscriptions", "outside"],
            ),
            bad(
                "events over the end",
                poll(64, MEMORY_END - 31, 1, 0),
                ["events", "outside"],
            ),
            bad(
                "events wrapped",
                poll(64, u32::MAX, 1, 0),
                ["events", "outside"],
            ),
            bad(
                "result over the end",
                poll(64, 256, 1, MEMORY_END - 3),
                ["result", "outside"],
            ),
            bad(
                "result wrapped",
                poll(64, 256, 1, u32::MAX),
                ["result", "outside"],
            ),
            fine(
                "all at the end",
                poll(MEMORY_END - 48, MEMORY_END - 32, 1, MEMORY_END - 4),
            ),
            fine("events over the subscriptions", poll(64, 64, 16, 64)),
            // Sizes that wrap: 48 * count is 0, 16 or 32 in 32 bits.
            refused(0),
            refused(0x0555_5556),
            refused(0x1000_0000),
            refused(0x8000_0000),
            refused(4097),
            refused(u32::MAX),
        ])
    })
}

/// A sleep of a year, relative and absolute, on every clock there is. It is a wait
/// and not computing, so only a kill ends it.
#[test]
fn a_long_sleep_ends_with_a_kill() -> Result<()> {
    table(|table| {
        for clock in [0u32, 1] {
            for absolute in [0, 1] {
                table.doing(&format!("sleeping on clock {clock}"));
                let wat = main(&format!(
                    "(i32.store (i32.const 80) (i32.const {clock})) (i64.store (i32.const 88) (i64.const -1))
                     (i32.store16 (i32.const 104) (i32.const {absolute})) {}",
                    poll(64, 256, 1, 0)
                ));
                let program = table.host.wat(&table.module(&wat))?;
                let isolate = table.host.runtime.spawn(&program, SpawnOptions::new())?;
                table.ping()?;
                isolate.kill();
                let reason = isolate.join();
                ensure!(reason == ExitReason::Killed, "clock {clock}: {reason}");
            }
        }
        Ok(())
    })
}

#[test]
fn proc_exit_takes_any_code() -> Result<()> {
    rows(|_| {
        let exit = |code: i32, end| {
            row(
                format!("{code}"),
                main(&format!("(call $proc_exit (i32.const {code}))")),
                end,
            )
        };
        let others = [
            1,
            2,
            125,
            126,
            127,
            128,
            134,
            255,
            256,
            512,
            i32::MAX,
            i32::MIN,
            -1,
        ];
        let mut rows = vec![exit(0, End::Ended)];
        rows.extend(others.map(|code| exit(code, End::Exited(code))));
        Ok(rows)
    })
}

/// More than one call may ask for is refused, and not by luck of where memory ends.
#[test]
fn random_bytes_are_bounded() -> Result<()> {
    rows(|_| {
        let random = |start: u32, length: u32| {
            format!("(call $random_get (i32.const {start}) (i32.const {length}))")
        };
        let given = |start, length| {
            main(&format!(
                "(if {} (then unreachable))",
                random(start, length)
            ))
        };
        let refused = |length| {
            let call = random(64, length);
            main(&format!(
                "(if (i32.ne (i32.const 28) {call}) (then unreachable))"
            ))
        };
        let outside = || End::broken(["random bytes", "outside"]);
        Ok(vec![
            row("none", given(MEMORY_END, 0), End::Ended),
            row("a few", given(64, 32), End::Ended),
            row("64 KiB", given(64, 65536), End::Ended),
            row("over the end", given(MEMORY_END - 31, 32), outside()),
            row("wrapped", given(u32::MAX, 2), outside()),
            row("1 MiB", given(64, 1 << 20), outside()),
            row("more than 1 MiB", refused((1 << 20) + 1), End::Ended),
            row("64 MiB", refused(64 << 20), End::Ended),
            row("4 GiB", refused(u32::MAX), End::Ended),
        ])
    })
}

/// Every function of WASI with numbers that are wrong as pointers, lengths and
/// descriptors alike. What the guest is told or how it ends is WASI's business;
/// that the host did not fail is ours.
#[test]
fn no_function_takes_the_host_down() -> Result<()> {
    table(|table| {
        let values = [
            0,
            1,
            2,
            3,
            MEMORY_END - 1,
            MEMORY_END,
            0x7fff_ffff,
            0x8000_0000,
            0xffff_fff8,
            u32::MAX,
        ];
        let mut rows = 0;
        for import in table.host.runtime.imports() {
            if import.module != "wasi_snapshot_preview1" || import.ty.params().len() == 0 {
                continue;
            }
            for one in values {
                for other in [one, 64] {
                    table.doing(&format!("{} with {one:#x} and {other:#x}", import.name));
                    let params: String = import
                        .ty
                        .params()
                        .enumerate()
                        .map(|(place, ty)| {
                            let value = if place % 2 == 0 { one } else { other };
                            format!("({ty}.const {value}) ")
                        })
                        .collect();
                    let call = format!("(call ${} {params})", short_name(import));
                    let results = import.ty.results().len();
                    let call = if results == 0 {
                        call
                    } else {
                        format!("(drop {call})")
                    };
                    let reason = table.run(&main(&call), SpawnOptions::new())?;
                    ensure!(
                        matches!(
                            reason,
                            ExitReason::Ended
                                | ExitReason::Exited(_)
                                | ExitReason::Trapped { .. }
                                | ExitReason::ContractBroken { .. }
                        ),
                        "{} with {one:#x} and {other:#x}: {reason}",
                        import.name
                    );
                    rows += 1;
                }
            }
            table.check()?;
        }
        ensure!(rows > 500, "{rows} rows only");
        println!("{rows} rows");
        Ok(())
    })
}

/// Output over the limit is dropped, with one notice for the whole group.
#[test]
fn a_flood_of_output_is_dropped_with_one_notice() -> Result<()> {
    table(|table| {
        let flood = format!(
            "{MEMORY} (data (i32.const 1024) \"0123456789abcde\\n\") (data (i32.const 1100) \"child\")
            (func $flood (local $n i32)
                (i32.store (i32.const 64) (i32.const 1024))
                (i32.store (i32.const 68) (i32.const 16))
                (loop $again
                    {}
                    (local.set $n (i32.add (local.get $n) (i32.const 1)))
                    (br_if $again (i32.lt_u (local.get $n) (i32.const 1000)))))
            (func (export \"insula:entry/child\") (call $flood))
            (func (export \"insula:entry/main\")
                (call $spawn (i32.const 2048) (i32.const 128))
                (call $flood)) {}",
            write(64, 1, 0),
            spawn_request(2048, 1100, 5).data()
        );
        let limits = Limits::default().output_bytes(10_000);
        let reason = table.run(&flood, SpawnOptions::new().limits(limits))?;
        ensure!(reason.is_ended(), "{reason}");
        let printed: usize = table
            .host
            .texts(Stream::Stdout)
            .iter()
            .map(|line| line.len() + 1)
            .sum();
        ensure!(printed <= 10_000, "{printed} bytes were printed");
        ensure!(printed > 5_000, "{printed} bytes only were printed");
        let notices = table.host.texts(Stream::Stderr);
        ensure!(notices.len() == 1, "{notices:?}");
        let words = ["10000", "Limits::output_bytes", "dropped"];
        ensure!(
            words.iter().all(|word| notices[0].contains(word)),
            "{notices:?}"
        );
        Ok(())
    })
}

/// One call that asks for the same megabytes a thousand times is cut short, as
/// WASI allows: no call of a guest's takes long without a look at the clock.
#[test]
fn a_write_of_gigabytes_is_cut_short() -> Result<()> {
    rows(|_| {
        let wat = format!(
            "(memory (export \"memory\") 256)
            (func (export \"insula:entry/main\") (local $n i32)
                (loop $again
                    (i32.store (i32.add (i32.const 64) (i32.mul (local.get $n) (i32.const 8))) (i32.const 65536))
                    (i32.store (i32.add (i32.const 68) (i32.mul (local.get $n) (i32.const 8))) (i32.const 0xf00000))
                    (local.set $n (i32.add (local.get $n) (i32.const 1)))
                    (br_if $again (i32.lt_u (local.get $n) (i32.const 1024))))
                {}
                ;; At least one byte, and fewer than 64 MiB of the 15 GiB.
                (if (i32.or (i32.eqz (i32.load (i32.const 0))) (i32.gt_u (i32.load (i32.const 0)) (i32.const 0x4000000)))
                    (then unreachable)))",
            write(64, 1024, 0)
        );
        Ok(vec![Row {
            limits: Limits::default().output_bytes(100),
            ..row("15 GiB", wat, End::Ended)
        }])
    })
}

/// A descriptor that was never opened is WASI's error and no trap.
#[test]
fn unknown_descriptors_are_an_error() -> Result<()> {
    rows(|_| {
        let call = |fd: u32| {
            main(&format!(
                "(if (i32.ne (i32.const 8) (call $fd_write (i32.const {fd}) (i32.const 64) (i32.const 0) (i32.const 0)))
                    (then unreachable))"
            ))
        };
        Ok([3, 4, 1000, u32::MAX]
            .map(|fd| row(format!("{fd}"), call(fd), End::Ended))
            .into())
    })
}

/// Nothing is granted: no argument but the program's name, no environment, no
/// folder, no input.
#[test]
fn nothing_is_there() -> Result<()> {
    rows(|_| {
        let expect = |errno: u32, call: &str| {
            main(&format!(
                "(if (i32.ne (i32.const {errno}) {call}) (then unreachable))"
            ))
        };
        let none = |call: &str| {
            main(&format!(
                "(if {call} (then unreachable)) (if (i32.load (i32.const 0)) (then unreachable))"
            ))
        };
        Ok(vec![
            row("no environment", none("(call $environ_sizes_get (i32.const 0) (i32.const 4))"), End::Ended),
            row("no folder", expect(8, "(call $fd_prestat_get (i32.const 3) (i32.const 0))"), End::Ended),
            row(
                "no file by a path",
                expect(
                    8,
                    "(call $path_open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 0)
                        (i64.const 1) (i64.const 1) (i32.const 0) (i32.const 0))",
                ),
                End::Ended,
            ),
            row(
                "no socket",
                expect(8, "(call $sock_accept (i32.const 3) (i32.const 0) (i32.const 0))"),
                End::Ended,
            ),
        ])
    })
}
