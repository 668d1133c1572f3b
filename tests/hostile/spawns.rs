//! Requests to spawn whose fields are right each and are too much.

use anyhow::Result;
use insula::Limits;

use super::control::{guest, repeat};
use insula_tests::hostile::{End, WAITING_CHILD, child, row, rows};

/// Limits of a child: each is known, once, a hundred times, or one is not.
#[test]
fn a_list_of_limits_is_short_and_of_isolates() -> Result<()> {
    rows(|_| {
        // A list of the same limit, in memory from 4096 on.
        let list = |name: &str, count: u32| {
            let fill = "(i32.store (i32.add (i32.const 4096) (i32.shl (local.get $n) (i32.const 4))) (i32.const 2048))
                (i32.store offset=4 (i32.add (i32.const 4096) (i32.shl (local.get $n) (i32.const 4))) (local.get $length))
                (i64.store offset=8 (i32.add (i32.const 4096) (i32.shl (local.get $n) (i32.const 4))) (i64.const -1))";
            let length = name.len();
            let fill = repeat(101, fill);
            let more = format!(
                "{} {WAITING_CHILD} (data (i32.const 2048) \"{name}\")",
                child().paused().limits(4096, count).data()
            );
            let before = format!("(local.set $length (i32.const {length})) {fill}");
            (before, more)
        };
        let spawned = |name: &str, count: u32, end: End| {
            let (before, more) = list(name, count);
            let code = format!("{before} (drop (call $child))");
            row(
                format!("{name}, {count} times"),
                guest("(local $length i32)", &code, &more),
                end,
            )
        };
        let refused = |name: &str| {
            let (before, more) = list(name, 1);
            let code = format!(
                "{before} (call $spawn (i32.const 768) (i32.const 64))
                (call $equal (i32.load8_u (i32.const 64)) (i32.const 1))
                (call $equal (i32.load8_u (i32.const 68)) (i32.const 4))"
            );
            row(
                format!("{name:?}"),
                guest("(local $length i32)", &code, &more),
                End::Ended,
            )
        };
        Ok(vec![
            spawned("memory", 1, End::Ended),
            spawned("memory", 100, End::Ended),
            spawned(
                "memory",
                101,
                End::broken(["101 entries", "100 are allowed"]),
            ),
            spawned(
                "memory",
                1_000_000,
                End::broken(["1000000 entries", "100 are allowed"]),
            ),
            refused("isolates"),
            refused("spawned"),
            refused("group_memory"),
            refused("group_mailbox_bytes"),
            refused("named_ports"),
            refused("preempted_turns"),
            refused("output_bytes"),
            refused("memori"),
            refused(""),
        ])
    })
}

/// Room for the notices of children is taken when they are spawned; no room, no
/// child.
#[test]
fn exit_listeners_of_children_are_on_the_budget() -> Result<()> {
    rows(|_| {
        let request = child().paused();
        let code = format!(
            "{} (loop $again
                (call $spawn (i32.const 768) (i32.const 64))
                (if (i32.eqz (i32.load8_u (i32.const 64))) (then
                    (local.set $n (i32.add (local.get $n) (i32.const 1)))
                    (br $again))))
            (call $equal (i32.load8_u (i32.const 68)) (i32.const 0))
            (call $proc_exit (local.get $n))",
            request.on_exit("(global.get $to)")
        );
        let more = request.data() + WAITING_CHILD;
        // Null is one byte. Each child costs this twice.
        let limits = Limits::default().group_mailbox_bytes(20 * 129 + 5);
        Ok(vec![
            row("ten", guest("", &code, &more), End::Exited(10)).limits(limits),
        ])
    })
}

/// A listener that is gone is a refusal.
#[test]
fn an_exit_listener_that_is_closed_is_refused() -> Result<()> {
    rows(|_| {
        let closed = |what: &str, port: &str| {
            let code = format!(
                "{port} (local.set $n)
                {}
                (call $spawn (i32.const 768) (i32.const 64))
                (call $equal (i32.load8_u (i32.const 64)) (i32.const 1))
                (call $equal (i32.load8_u (i32.const 68)) (i32.const 7))",
                child().on_exit("(local.get $n)")
            );
            row(
                what,
                guest("", &code, &(child().data() + WAITING_CHILD)),
                End::Ended,
            )
        };
        Ok(vec![
            closed(
                "a closed port",
                "(call $drop-receive-port (global.get $port)) (global.get $to)",
            ),
            closed(
                "a capability",
                "(call $send-port.capability (i32.const 64)) (call $made)",
            ),
            closed(
                "a control port",
                "(call $isolate.control-port (global.get $self) (i32.const 64)) (call $made)",
            ),
        ])
    })
}
