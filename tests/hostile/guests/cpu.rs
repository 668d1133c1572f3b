//! Guests that compute, or make the host compute, without end.

use anyhow::Result;
use insula::{Limit, Limits};
use insula_tests::hostile::{
    End, MEMORY, Row, SPAWN, child, killed, main, row, server, spawn_request,
};

/// Where a guest's line lies that says that it is where it wanted to be, and the
/// code that prints it.
pub const HERE: &str = r#"(data (i32.const 512) "\08\02\00\00\05\00\00\00here\n")"#;
pub const SAY_HERE: &str =
    "(drop (call $fd_write (i32.const 1) (i32.const 512) (i32.const 1) (i32.const 0)))";

/// Milliseconds that a turn of these guests may compute.
const TURN: u64 = 40;

/// Code that goes on for ever, each time in another way; with what it needs.
fn endless() -> Vec<(&'static str, String, &'static str)> {
    let again = |code: &str| format!("(loop $again {code} (br $again))");
    let table = "(table 64 funcref) (elem (i32.const 0) $nothing) (func $nothing)";
    vec![
        ("an empty loop", again(""), ""),
        (
            "calls of an empty function",
            again("(call $nothing)"),
            table,
        ),
        (
            "calls through a table",
            again("(call_indirect (i32.const 0))"),
            table,
        ),
        (
            "a state machine of jump tables",
            "(local $state i32)
            (loop $again
                (block $c (block $b (block $a
                    (br_table $a $b $c (i32.rem_u (local.get $state) (i32.const 3))))
                    (local.set $state (i32.add (local.get $state) (i32.const 7))) (br $again))
                    (local.set $state (i32.mul (local.get $state) (i32.const 5))) (br $again))
                (local.set $state (i32.xor (local.get $state) (i32.const 11))) (br $again))"
                .to_owned(),
            "",
        ),
        (
            "a pattern that backtracks without end",
            "(drop (call $match (i32.const 64)))".to_owned(),
            "(func $match (param $left i32) (result i32)
                (if (result i32) (i32.eqz (local.get $left))
                    (then (i32.const 0))
                    (else
                        (if (result i32) (call $match (i32.sub (local.get $left) (i32.const 1)))
                            (then (i32.const 1))
                            (else (call $match (i32.sub (local.get $left) (i32.const 1))))))))",
        ),
        (
            "divisions and square roots",
            "(local $x f64) (local.set $x (f64.const 2))".to_owned()
                + &again("(local.set $x (f64.sqrt (f64.div (f64.const 7) (local.get $x))))"),
            "",
        ),
        (
            "vectors",
            "(local $x v128)".to_owned()
                + &again("(local.set $x (i64x2.mul (local.get $x) (v128.const i64x2 3 5)))"),
            "",
        ),
        (
            "fills of 64 MiB",
            "(drop (memory.grow (i32.const 1024)))".to_owned()
                + &again("(memory.fill (i32.const 0) (i32.const 1) (i32.const 0x4000000))"),
            "",
        ),
        (
            "copies of 32 MiB over themselves",
            "(drop (memory.grow (i32.const 1024)))".to_owned()
                + &again("(memory.copy (i32.const 1) (i32.const 0) (i32.const 0x2000000))"),
            "",
        ),
        (
            "fills of a table",
            again("(table.fill (i32.const 0) (ref.null func) (i32.const 64))"),
            table,
        ),
        (
            "growth by nothing",
            again("(drop (memory.grow (i32.const 0)))"),
            "",
        ),
        (
            "growth that is refused",
            again("(drop (memory.grow (i32.const 65000)))"),
            "",
        ),
        (
            "looks for events",
            again("(call $receive (i32.const 64))"),
            "",
        ),
        (
            "looks at the clock",
            again("(drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 64)))"),
            "",
        ),
        (
            "random megabytes",
            "(drop (memory.grow (i32.const 16)))".to_owned()
                + &again("(drop (call $random_get (i32.const 64) (i32.const 0x100000)))"),
            "",
        ),
        ("yields", again("(drop (call $sched_yield))"), ""),
        (
            "waits that are over at once",
            again(
                "(drop (call $poll_oneoff (i32.const 4096) (i32.const 8192) (i32.const 1) (i32.const 64)))",
            ),
            "",
        ),
        (
            "waits for 4,096 descriptors",
            "(local $n i32) (drop (memory.grow (i32.const 8)))
            (loop $fill
                (i32.store8 offset=8 (i32.mul (local.get $n) (i32.const 48)) (i32.const 1))
                (local.set $n (i32.add (local.get $n) (i32.const 1)))
                (br_if $fill (i32.lt_u (local.get $n) (i32.const 4096))))"
                .to_owned()
                + &again(
                    "(drop (call $poll_oneoff (i32.const 0) (i32.const 0x40000) (i32.const 4096) (i32.const 0x70000)))",
                ),
            "",
        ),
        (
            "output of nothing",
            again(
                "(drop (call $fd_write (i32.const 1) (i32.const 64) (i32.const 0) (i32.const 0)))",
            ),
            "",
        ),
        (
            "timers made and dropped",
            again(
                "(call $timer.start (i64.const -1) (i64.const 0) (i32.const 64))
                (call $drop-timer (i32.load (i32.const 68)))",
            ),
            "",
        ),
        (
            "ports made and dropped",
            again(
                "(call $receive-port.open (i64.const 0) (i32.const 64))
                (call $drop-receive-port (i32.load (i32.const 68)))",
            ),
            "",
        ),
        (
            "names that are not registered",
            again("(call $lookup (i32.const 1024) (i32.const 60000) (i32.const 64))"),
            "",
        ),
        (
            "spawns of what is not there",
            again(&format!("(global.set $free (i32.const 16384)) {SPAWN}")),
            "",
        ),
    ]
}

pub fn rows() -> Vec<Row> {
    let limits = Limits::default().turn_cpu(TURN);
    let mut rows: Vec<_> = endless()
        .into_iter()
        .map(|(name, code, more)| {
            let request = if code.contains("$spawn") {
                child().data() + "(data (i32.const 1024) \"nobody\")"
            } else {
                String::new()
            };
            row(
                name,
                main(&code) + more + &request,
                End::Limit(Limit::TurnCpu),
            )
            .limits(limits.clone())
        })
        .collect();
    let endless = "(loop $again (br $again))";
    let idle = "(func (export \"insula:entry/main\"))";
    rows.extend(
        [
            row(
                "a start function without end",
                format!("{MEMORY} {idle} (func $start {endless}) (start $start)"),
                End::Limit(Limit::TurnCpu),
            ),
            row(
                "an initialisation without end",
                format!("{MEMORY} {idle} (func (export \"_initialize\") {endless})"),
                End::Limit(Limit::TurnCpu),
            ),
            row(
                "room for a message, found never",
                realloc_without_end(),
                End::Limit(Limit::TurnCpu),
            ),
        ]
        .map(|row| row.limits(limits.clone())),
    );
    rows.extend([
        row(
            "a message to itself at each wake",
            wakes_itself(),
            End::Limit(Limit::Cpu),
        )
        .limits(Limits::default().cpu(100)),
        killed(
            "a timer that is due at once at each wake",
            starts_a_timer_at_each_wake(0),
        ),
        row("thirty loops", thirty_loops(), End::Limit(Limit::GroupCpu))
            .limits(Limits::default().group_cpu(300)),
    ]);
    rows.extend(sleepers());
    rows
}

/// Guests that hold a thread, or their place, and compute nothing.
fn sleepers() -> Vec<Row> {
    let sleep = |nanoseconds: i64, absolute: u32| {
        format!(
            "(i32.store (i32.const 80) (i32.const 1)) (i64.store (i32.const 88) (i64.const {nanoseconds}))
            (i32.store16 (i32.const 104) (i32.const {absolute}))
            (drop (call $poll_oneoff (i32.const 64) (i32.const 256) (i32.const 1) (i32.const 0)))"
        )
    };
    let of_turn = Limits::default().turn_wall(100);
    vec![
        row(
            "a sleep of 584 years",
            main(&sleep(-1, 0)),
            End::Limit(Limit::TurnWall),
        ),
        row(
            "a sleep until the end of time",
            main(&sleep(-1, 1)),
            End::Limit(Limit::TurnWall),
        ),
        row(
            "short sleeps without end",
            main(&format!(
                "(loop $again {} (br $again))",
                sleep(1_000_000, 0)
            )),
            End::Limit(Limit::TurnWall),
        ),
        row(
            "a life of short waits",
            starts_a_timer_at_each_wake(1_000_000),
            End::Limit(Limit::Life),
        ),
    ]
    .into_iter()
    .map(|row| row.limits(of_turn.clone().life(300)))
    .collect()
}

/// A guest that sends itself a message and loops where it is to make room for it.
fn realloc_without_end() -> String {
    "(memory (export \"memory\") 2)
    (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32)
        (loop $again (br $again)) unreachable)
    (func (export \"wake\"))
    (func (export \"insula:entry/main\")
        (call $receive-port.open (i64.const 0) (i32.const 0))
        (call $receive-port.listen (i32.load (i32.const 4)) (i32.const 1))
        (call $receive-port.sender (i32.load (i32.const 4)) (i32.const 16))
        (drop (call $send-port.send (i32.load (i32.const 20)) (i32.const 0) (i32.const 9)
            (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
        (call $receive (i32.const 64)))"
        .to_owned()
}

fn wakes_itself() -> String {
    let send = "(drop (call $send-port.send (global.get $to) (i32.const 0) (i32.const 0)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))";
    server(
        &format!(
            "(call $receive-port.sender (global.get $port) (i32.const 16))
            (global.set $to (i32.load (i32.const 20))) {send} {SAY_HERE}"
        ),
        &format!("(global.set $free (i32.const 16384)) (call $receive (i32.const 64)) {send}"),
    ) + "(global $to (mut i32) (i32.const 0))"
        + HERE
}

fn starts_a_timer_at_each_wake(nanoseconds: u32) -> String {
    let start = format!(
        "(call $timer.start (i64.const {nanoseconds}) (i64.const 0) (i32.const 64))
        (global.set $timer (i32.load (i32.const 68)))"
    );
    server(
        &format!("{start} {SAY_HERE}"),
        &format!("(call $receive (i32.const 128)) (call $drop-timer (global.get $timer)) {start}"),
    ) + "(global $timer (mut i32) (i32.const 0))"
        + HERE
}

fn thirty_loops() -> String {
    let spawns = "(call $spawn (i32.const 768) (i32.const 64))".repeat(29);
    main(&format!("{spawns} {SAY_HERE} (loop $again (br $again))"))
        + HERE
        + &spawn_request(768, 1024, 5).data()
        + "(data (i32.const 1024) \"child\")
        (func (export \"insula:entry/child\") (loop $again (br $again)))"
}

#[test]
fn cpu() -> Result<()> {
    super::group("CPU and time")
}
