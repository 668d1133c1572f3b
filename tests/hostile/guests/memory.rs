//! Guests that take memory, reach outside of it, or look for what others left
//! in it.

use anyhow::{Result, ensure};
use insula::{ExitReason, Limit, Limits};
use insula_tests::Host;
use insula_tests::hostile::{
    End, MEMORY, Row, SPAWN, WAITING_CHILD, child, main, row, spawn_request,
};

const MIB: u64 = 1 << 20;

const GIVE_UP: &str = "unreachable";

/// Grows by `pages` until that is refused; `$n` counts.
fn grow(pages: u32) -> String {
    format!(
        "(loop $again
            (if (i32.ne (i32.const -1) (memory.grow (i32.const {pages})))
                (then
                    ;; The last byte of what is new.
                    (i32.store8 (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 1)) (i32.const 1))
                    (local.set $n (i32.add (local.get $n) (i32.const 1)))
                    (br $again))))"
    )
}

/// Taking more and more.
fn greedy() -> Vec<Row> {
    let small = Limits::default().memory(8 * MIB);
    let count = |code: &str| {
        main(&format!(
            "(local $n i32) {code} (call $proc_exit (local.get $n))"
        ))
    };
    let give_up = |code: &str| main(&format!("(local $n i32) {code} {GIVE_UP}"));
    let table = "(table 1 funcref)";
    let table_grow = |by: u32| format!("(drop (table.grow (ref.null func) (i32.const {by})))");
    let start = |code: &str| {
        format!(
            "{MEMORY} (func $start (local $n i32) {code}) (start $start)
            (func (export \"insula:entry/main\"))"
        )
    };
    vec![
        row("page by page", count(&grow(1)), End::Exited(126)).limits(small.clone()),
        row("MiB by MiB, then gives up", give_up(&grow(16)), End::Limit(Limit::Memory)).limits(small.clone()),
        row("4 GiB at once", give_up(&grow(65_535)), End::Limit(Limit::Memory)),
        row("more pages than there are", give_up(&grow(u32::MAX)), End::Limit(Limit::Memory)),
        row("in a start function", start(&format!("{} {GIVE_UP}", grow(1))), End::Limit(Limit::Memory))
            .limits(small.clone()),
        row(
            "all that is allowed, each page touched",
            main(
                "(local $at i32) (drop (memory.grow (i32.const 2046)))
                (loop $touch
                    (i32.store8 (local.get $at) (i32.const 1))
                    (local.set $at (i32.add (local.get $at) (i32.const 4096)))
                    (br_if $touch (i32.lt_u (local.get $at) (i32.const 0x8000000))))",
            ),
            End::Ended,
        ),
        row(
            "refused a hundred thousand times",
            main(
                "(local $n i32) (loop $again
                    (if (i32.ne (i32.const -1) (memory.grow (i32.const 60000))) (then unreachable))
                    (local.set $n (i32.add (local.get $n) (i32.const 1)))
                    (br_if $again (i32.lt_u (local.get $n) (i32.const 100000))))",
            ),
            End::Ended,
        ),
        row(
            "more from the start than is allowed",
            "(memory (export \"memory\") 200) (func (export \"insula:entry/main\"))",
            End::Limit(Limit::Memory),
        )
        .limits(small),
        row(
            "a table, element by element",
            format!(
                "{MEMORY} {table} (func (export \"insula:entry/main\") (local $n i32)
                    (loop $again
                        (if (i32.ne (i32.const -1) (table.grow (ref.null func) (i32.const 1)))
                            (then (local.set $n (i32.add (local.get $n) (i32.const 1))) (br $again))))
                    (call $proc_exit (local.get $n)))"
            ),
            End::Exited(999),
        )
        .limits(Limits::default().table_elements(1000)),
        row("a table of 4 billion", main(&format!("{} {GIVE_UP}", table_grow(0xffff_0000))) + table, End::Limit(Limit::TableElements)),
        row(
            "a table from the start",
            main("") + "(table 5000 funcref)",
            End::Limit(Limit::TableElements),
        )
        .limits(Limits::default().table_elements(4999)),
    ]
}

/// Taking what is the group's, or more than the spawner has.
fn of_groups() -> Vec<Row> {
    let spawns = |count: usize, code: &str| main(&format!("{} {code}", SPAWN.repeat(count)));
    let named = "(data (i32.const 1024) \"child\")";
    let greedy_child = format!(
        "(func (export \"insula:entry/child\") (local $n i32) {} {GIVE_UP})",
        grow(1)
    );
    let asks_for_more = spawn_request(768, 1024, 5).limits(2048, 1).data()
        + "(data (i32.const 2048) \"\\00\\10\\00\\00\\06\\00\\00\\00\\ff\\ff\\ff\\ff\\ff\\ff\\ff\\ff\")
        (data (i32.const 4096) \"memory\")";
    vec![
        row(
            "children that are more than the group's memory",
            spawns(10, "") + named + &child().data() + WAITING_CHILD,
            End::Ended,
        )
        .limits(Limits::default().group_memory(5 * 2 * 65_536))
        .then(|host| {
            let refused = limited(host, Limit::GroupMemory);
            ensure!(refused >= 5, "{refused} were refused memory");
            Ok(())
        }),
        row(
            "two children that take turns at the group's memory",
            spawns(2, "") + named + &child().data() + &greedy_child,
            End::Ended,
        )
        .limits(Limits::default().group_memory(4 * MIB))
        .then(|host| {
            let refused = limited(host, Limit::GroupMemory);
            ensure!(refused == 2, "{refused} were refused memory");
            Ok(())
        }),
        row(
            "a child that asks for more than its spawner has",
            spawns(1, "") + named + &asks_for_more + &greedy_child,
            End::Ended,
        )
        .limits(Limits::default().memory(MIB))
        .and("child#2", End::Limit(Limit::Memory)),
        row("what others left", looks_for_what_others_left(), End::Ended)
            .limits(Limits::default().spawned(40))
            .then(|host| {
                let exits = host.exits();
                ensure!(exits.len() == 40, "{} were there", exits.len());
                for (name, reason) in exits {
                    ensure!(reason.is_ended(), "{name} {reason}");
                }
                Ok(())
            }),
    ]
}

/// How many isolates met this limit.
fn limited(host: &Host, limit: Limit) -> usize {
    let exits = host.exits();
    let met = exits.iter().filter(
        |(_, reason)| matches!(reason, ExitReason::Limit { hit, .. } if hit.limit == limit),
    );
    met.count()
}

/// Each isolate traps where its memory or its table is not as new, fills both
/// and spawns the next: it gets a place that one before it had.
fn looks_for_what_others_left() -> String {
    "(memory (export \"memory\") 16)
    (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) (i32.const 2048))
    (table 1000 funcref)
    (elem declare func $nothing)
    (func $nothing)
    (data (i32.const 1024) \"main\")
    (func (export \"insula:entry/main\") (local $at i32)
        (drop (memory.grow (i32.const 16)))
        (local.set $at (i32.const 4096))
        (loop $next
            (if (i64.ne (i64.const 0) (i64.load (local.get $at))) (then unreachable))
            (i64.store (local.get $at) (i64.const -1))
            (local.set $at (i32.add (local.get $at) (i32.const 8)))
            (br_if $next (i32.lt_u (local.get $at) (i32.const 0x200000))))
        (local.set $at (i32.const 0))
        (loop $next
            (if (i32.eqz (ref.is_null (table.get (local.get $at)))) (then unreachable))
            (table.set (local.get $at) (ref.func $nothing))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $at) (i32.const 1000))))
        (call $spawn (i32.const 768) (i32.const 64)))"
        .to_owned()
        + &spawn_request(768, 1024, 4).data()
}

/// Reaching outside of memory, of a table, of the stack.
fn outside() -> Vec<Row> {
    let out = || End::Trapped("out of bounds");
    let traps = |name: &str, code: &str, more: &str, end: End| row(name, main(code) + more, end);
    let table = "(table 4 funcref) (elem (i32.const 0) $takes) (func $takes (param i64))";
    let data = "(data $piece \"0123456789\")";
    vec![
        traps(
            "the last address",
            "(drop (i32.load8_u (i32.const -1)))",
            "",
            out(),
        ),
        traps(
            "beyond 4 GiB",
            "(drop (i64.load offset=0xffffffff (i32.const -1)))",
            "",
            out(),
        ),
        traps(
            "a vector over the end",
            "(drop (v128.load (i32.const 131057)))",
            "",
            out(),
        ),
        traps(
            "a store over the end",
            "(i64.store (i32.const 131065) (i64.const 1))",
            "",
            out(),
        ),
        traps(
            "a copy of 4 GiB",
            "(memory.copy (i32.const 0) (i32.const 1) (i32.const -1))",
            "",
            out(),
        ),
        traps(
            "a fill over the end",
            "(memory.fill (i32.const 131072) (i32.const 1) (i32.const 1))",
            "",
            out(),
        ),
        traps(
            "a piece of data over its end",
            "(memory.init $piece (i32.const 64) (i32.const 5) (i32.const 6))",
            data,
            out(),
        ),
        traps(
            "a piece of data that was dropped",
            "(data.drop $piece) (memory.init $piece (i32.const 64) (i32.const 0) (i32.const 1))",
            data,
            out(),
        ),
        traps(
            "an element over the end",
            "(drop (table.get (i32.const 4)))",
            table,
            out(),
        ),
        traps(
            "a call over the end",
            "(call_indirect (i32.const 4))",
            table,
            out(),
        ),
        traps(
            "a call of nothing",
            "(call_indirect (i32.const 1))",
            table,
            End::Trapped("uninitialized"),
        ),
        traps(
            "a call of another type",
            "(call_indirect (i32.const 0))",
            table,
            End::Trapped("type mismatch"),
        ),
        traps(
            "a stack of vectors",
            "(call $deep (v128.const i64x2 1 2))",
            "(func $deep (param v128) (local v128)
                (call $deep (i64x2.add (local.get 0) (local.get 1)))
                (call $deep (local.get 1)))",
            End::Limit(Limit::WasmStack),
        ),
        traps(
            "a function with 9,000 locals that calls itself",
            "(call $deep)",
            &format!(
                "(func $deep {} (local.set 8999 (i64.const 1)) (call $deep) (drop (local.get 8999)))",
                "(local i64)".repeat(9_000)
            ),
            End::Limit(Limit::WasmStack),
        ),
    ]
}

pub fn rows() -> Vec<Row> {
    [greedy(), of_groups(), outside()]
        .into_iter()
        .flatten()
        .collect()
}

#[test]
fn memory() -> Result<()> {
    super::group("memory")
}
