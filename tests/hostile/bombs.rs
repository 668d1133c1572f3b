//! Guests that take more of everything until somebody stops them. Each counts
//! how often it got what it asked for and exits with that number.

use anyhow::{Result, ensure};
use insula::{ExitReason, Limit, Limits, SpawnOptions};
use insula_tests::hostile::{
    End, MEMORY, SHORT_CHILD, SPAWN, WAITING_CHILD, child, main, row, rows, send_until_full,
    spawn_request, table, until_refused,
};

#[test]
fn what_is_asked_for_without_end_is_refused_by_default() -> Result<()> {
    rows(|_| {
        let open = "(call $receive-port.open (i64.const 0) (i32.const 64))";
        let timer = "(call $timer.start (i64.const -1) (i64.const 0) (i32.const 64))";
        let due = "(call $timer.start (i64.const 0) (i64.const 0) (i32.const 64))";
        let sender = "(call $receive-port.sender (i32.load (i32.const 20)) (i32.const 64))";
        let duplicate = "(call $send-port.duplicate (i32.load (i32.const 36)) (i32.const 64))";
        let a_port = "(call $receive-port.open (i64.const 0) (i32.const 16))";
        let a_sender = "(call $receive-port.sender (i32.load (i32.const 20)) (i32.const 32))";
        Ok(vec![
            row("ports", until_refused("", open, ""), End::Exited(10_000)),
            row("timers", until_refused("", timer, ""), End::Exited(10_000)),
            row(
                "timers that are due",
                until_refused("", due, ""),
                End::Exited(10_000),
            ),
            row(
                "send ports",
                until_refused(a_port, sender, ""),
                End::Exited(9_999),
            ),
            row(
                "duplicates",
                until_refused(&format!("{a_port} {a_sender}"), duplicate, ""),
                End::Exited(9_998),
            ),
            row(
                "messages to itself",
                send_until_full(2, 0),
                End::Exited(100_000),
            ),
            row(
                "large messages to itself",
                send_until_full(32, 1 << 20),
                End::Exited(63),
            ),
            row("an entry that spawns itself", chain(), End::Ended)
                .limits(Limits::default().spawned(500)),
        ])
    })
}

/// Each isolate spawns the next and ends.
fn chain() -> String {
    format!(
        "{MEMORY} (data (i32.const 1024) \"main\")
        (func (export \"insula:entry/main\")
            (call $spawn (i32.const 768) (i32.const 64))) {}",
        spawn_request(768, 1024, 4).data()
    )
}

#[test]
fn isolates_are_limited_alive_and_in_all() -> Result<()> {
    rows(|_| {
        let limits = Limits::default();
        Ok(vec![
            row(
                "alive",
                until_refused("", SPAWN, &(child().data() + WAITING_CHILD)),
                End::Exited(19),
            )
            .limits(limits.clone().isolates(20)),
            row(
                "in all",
                until_refused("", SPAWN, &(child().data() + SHORT_CHILD)),
                End::Exited(199),
            )
            .limits(limits.spawned(200)),
        ])
    })
}

/// Memory that is refused is minus one, and the guest may go on.
#[test]
fn memory_and_tables_are_limited() -> Result<()> {
    rows(|_| {
        let grow = |what: &str, by: u32, add: &str| {
            format!(
                "{MEMORY} (table 1 funcref)
                (func (export \"insula:entry/main\") (local $n i32)
                    (loop $again
                        (if (i32.ne (i32.const -1) ({what} {add} (i32.const {by})))
                            (then
                                (local.set $n (i32.add (local.get $n) (i32.const 1)))
                                (br $again))))
                    (call $proc_exit (local.get $n)))"
            )
        };
        let minimum = |what: &str| format!("{what} (func (export \"insula:entry/main\"))");
        Ok(vec![
            row(
                "memory, page by page",
                grow("memory.grow", 1, ""),
                End::Exited(2046),
            ),
            row(
                "memory, at once",
                grow("memory.grow", 65_000, ""),
                End::Ended,
            ),
            row(
                "memory, more than there are addresses",
                grow("memory.grow", u32::MAX, ""),
                End::Ended,
            ),
            row(
                "table, one by one",
                grow("table.grow", 1, "(ref.null func)"),
                End::Exited(19_999),
            ),
            row(
                "table, at once",
                grow("table.grow", u32::MAX, "(ref.null func)"),
                End::Ended,
            ),
            row(
                "memory from the start",
                minimum("(memory (export \"memory\") 2049)"),
                End::Limit(Limit::Memory),
            ),
            row(
                "all of memory from the start",
                minimum("(memory (export \"memory\") 65536)"),
                End::Limit(Limit::Memory),
            ),
            row(
                "as much as is allowed from the start",
                minimum("(memory (export \"memory\") 2048)"),
                End::Ended,
            ),
            row(
                "table from the start",
                minimum("(memory (export \"memory\") 1) (table 20001 funcref)"),
                End::Limit(Limit::TableElements),
            ),
            row(
                "memory of the group from the start",
                minimum("(memory (export \"memory\") 2)"),
                End::Limit(Limit::GroupMemory),
            )
            .limits(Limits::default().group_memory(65_536)),
        ])
    })
}

/// Ports that do not fit the table of who receives them are left away and
/// counted, the reply port first of all.
#[test]
fn ports_that_do_not_fit_are_counted() -> Result<()> {
    rows(|_| {
        let is = |at: u32, value: u32| {
            format!(
                "(if (i32.ne (i32.load (i32.const {at})) (i32.const {value})) (then unreachable))"
            )
        };
        let ports = "
            (call $receive-port.open (i64.const 0) (i32.const 0))
            (call $receive-port.sender (i32.load (i32.const 4)) (i32.const 16))
            (i32.store (i32.const 512) (i32.load (i32.const 20)))
            (i32.store (i32.const 516) (i32.load (i32.const 20)))
            (i32.store (i32.const 520) (i32.load (i32.const 20)))";
        let received = |limit: u64, listed: u32, reply: u32, lost: u32| {
            let code = format!(
                "{ports}
                (call $receive-port.listen (i32.load (i32.const 4)) (i32.const 1))
                (drop (call $send-port.send (i32.load (i32.const 20)) (i32.const 0) (i32.const 0)
                    (i32.const 512) (i32.const 3) (i32.const 1) (i32.load (i32.const 20))))
                (call $receive (i32.const 64))
                (if (i32.ne (i32.load8_u (i32.const 104)) (i32.const {reply})) (then unreachable))
                {} {} {} (call $exit)",
                is(64 + 36, listed),
                is(64 + 48, lost),
                is(64, 1)
            );
            let wat = main(&code);
            row(
                format!("received with room for {}", limit - 2),
                wat,
                End::Ended,
            )
            .limits(Limits::default().handles(limit))
        };
        Ok(vec![
            received(2, 0, 0, 4),
            received(4, 2, 0, 2),
            received(5, 3, 0, 1),
            received(6, 3, 1, 0),
        ])
    })
}

/// The first message of an isolate with a full table.
#[test]
fn a_first_message_may_bring_more_than_fits() -> Result<()> {
    table(|table| {
        let (first, ports): (Vec<_>, Vec<_>) = (0..5).map(|_| table.host.runtime.port()).unzip();
        let wat = main(
            "(call $first-message (i32.const 64))
            (if (i32.ne (i32.load (i32.const 80)) (i32.const 3)) (then unreachable))
            (if (i32.ne (i32.load (i32.const 84)) (i32.const 2)) (then unreachable))",
        );
        let options = SpawnOptions::new()
            .message(&first)
            .limits(Limits::default().handles(3));
        let reason = table.run(&wat, options)?;
        ensure!(reason.is_ended(), "{reason}");
        drop(ports);
        Ok(())
    })
}

/// Loops for ever in many isolates: they are preempted, the bystander is not.
#[test]
fn a_bomb_of_endless_loops_is_held_back() -> Result<()> {
    table(|table| {
        let wat = until_refused(
            "",
            SPAWN,
            &(child().data() + "(func (export \"insula:entry/child\") (loop $again (br $again)))"),
        )
        .replace(
            "(call $proc_exit (local.get $n))",
            "(loop $for_ever (br $for_ever))",
        );
        let program = table.host.wat(&table.module(&wat))?;
        let limits = Limits::default()
            .isolates(30)
            .preempted_turns(4)
            .turn_cpu(3_600_000);
        let isolate = table
            .host
            .runtime
            .spawn(&program, SpawnOptions::new().limits(limits))?;
        let group = isolate.group().clone();
        table.doing("waiting until turns are preempted");
        let mut most = 0;
        while most < 4 {
            table.ping()?;
            most = most.max(table.host.runtime.figures().preempted);
        }
        for _ in 0..200 {
            table.ping()?;
            most = most.max(table.host.runtime.figures().preempted);
        }
        // Those that were let in before the last one counted.
        let permits = std::thread::available_parallelism()?.get();
        ensure!(
            most < 4 + permits + 1,
            "{most} turns of the group were preempted"
        );
        table.doing("killing the loops");
        group.kill();
        ensure!(isolate.join() == ExitReason::Killed);
        group.wait();
        Ok(())
    })
}
