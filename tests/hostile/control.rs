//! Guests that control others, or themselves, in ways that nobody meant.

use anyhow::{Result, ensure};
use insula::{ExitReason, Limits, Priority, SpawnOptions};

use insula_tests::hostile::{
    End, MEMORY, SPAWN, WAITING_CHILD, child, row, rows, spawn_request, table, until_refused,
};

/// What the guests in here have: `$self`, `$port`, which does not listen, and
/// `$to`, which sends there. `$equal` traps, and `$child` spawns one by the
/// request at 768; its answer stays at 64. `$made` and `$flag` are the handle and
/// the bool in an answer that is no refusal.
pub const HANDLES: &str = r#"
    (data (i32.const 1024) "child")
    (global $self (mut i32) (i32.const 0))
    (global $port (mut i32) (i32.const 0))
    (global $to (mut i32) (i32.const 0))
    (func $equal (param i32 i32) (if (i32.ne (local.get 0) (local.get 1)) (then unreachable)))
    (func $made (result i32)
        (call $equal (i32.load8_u (i32.const 64)) (i32.const 0))
        (i32.load (i32.const 68)))
    (func $flag (result i32)
        (call $equal (i32.load8_u (i32.const 64)) (i32.const 0))
        (i32.load8_u (i32.const 68)))
    (func $child (result i32)
        (call $spawn (i32.const 768) (i32.const 64))
        (call $made))
    (func $open
        (call $receive-port.open (i64.const 0) (i32.const 64))
        (global.set $port (call $made))
        (call $receive-port.sender (global.get $port) (i32.const 64))
        (global.set $to (call $made)))
    (func $begin
        (call $isolate.current (i32.const 64))
        (global.set $self (call $made))
        (call $open))
"#;

/// A guest that does `code` with what it has.
pub fn guest(locals: &str, code: &str, more: &str) -> String {
    format!(
        "{MEMORY} {HANDLES} {more}
        (func (export \"insula:entry/main\") (local $n i32) {locals} (call $begin) {code})"
    )
}

/// Does `code` so many times, counted by `$n`.
pub fn repeat(times: u32, code: &str) -> String {
    format!(
        "(loop $again
            {code}
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $n) (i32.const {times}))))"
    )
}

/// Does `code`, which gives a status, until it is not *sent*, and exits with how
/// often it was; traps where it was another status than this one at last. Needs
/// `$status`.
pub fn until_status(status: u32, code: &str) -> String {
    format!(
        "(loop $again
            (if (i32.eqz (local.tee $status {code}))
                (then
                    (local.set $n (i32.add (local.get $n) (i32.const 1)))
                    (br $again))))
        (call $equal (local.get $status) (i32.const {status}))
        (call $proc_exit (local.get $n))"
    )
}

pub fn paused_child() -> String {
    child().paused().data() + WAITING_CHILD
}

pub fn waiting_child() -> String {
    child().data() + WAITING_CHILD
}

/// A child that never comes back.
fn looping_child() -> String {
    child().data() + "(func (export \"insula:entry/child\") (loop $for_ever (br $for_ever)))"
}

/// Capabilities give rights over their own isolate, each one right.
#[test]
fn a_capability_of_another_isolate_gives_no_right() -> Result<()> {
    rows(|_| {
        let parts = |what: &str, pause: &str, terminate: &str| {
            let take = |part: &str, of: &str| {
                format!(
                    "(call $isolate.{part} (local.get ${of}) (i32.const 64)) (drop (call $made))"
                )
            };
            let code = format!(
                "(local.set $one (call $child)) (local.set $two (call $child))
                {} (local.set $name (i32.load (i32.const 68)))
                {} (local.set $pause (i32.load (i32.const 72)))
                {} (local.set $terminate (i32.load (i32.const 72)))
                (call $isolate.from-parts (local.get $name) (i32.const 1) (local.get ${pause})
                    (i32.const 1) (local.get ${terminate}) (i32.const 64))
                (local.set $two (call $made))
                (call $equal (call $isolate.kill (local.get $two) (i32.const 0) (i32.const 1)) (i32.const 0))
                (call $equal (call $isolate.kill (local.get $two) (i32.const 1) (i32.const 0)) (i32.const 0))
                (call $equal (call $isolate.set-errors-fatal (local.get $two) (i32.const 0)) (i32.const 0))
                (call $equal (call $isolate.link (local.get $two)) (i32.const 0))
                (call $equal (call $isolate.tie (local.get $two)) (i32.const 0))
                (call $equal (call $isolate.resume (local.get $two) (global.get $to)) (i32.const 0))
                (call $isolate.pause (local.get $two) (global.get $to) (i32.const 64))
                (call $equal (call $flag) (i32.const 0))
                (call $isolate.pause-capability (local.get $two) (i32.const 64))
                (call $equal (call $flag) (i32.const 0))
                (call $isolate.terminate-capability (local.get $two) (i32.const 64))
                (call $equal (call $flag) (i32.const 0))",
                take("control-port", "two"),
                take("pause-capability", "one"),
                take("terminate-capability", "one"),
            );
            let locals = "(local $one i32) (local $two i32) (local $name i32)
                (local $pause i32) (local $terminate i32)";
            row(what, guest(locals, &code, &paused_child()), End::Ended)
        };
        Ok(vec![
            parts("of another isolate", "pause", "terminate"),
            parts("swapped", "terminate", "pause"),
            parts("the control port", "name", "name"),
        ])
    })
}

/// What is no control port makes no isolate of it.
#[test]
fn nothing_else_is_a_control_port() -> Result<()> {
    rows(|_| {
        let refused = |what: &str, port: &str| {
            let code = format!(
                "{port} (local.set $n)
                (call $isolate.from-parts (local.get $n) (i32.const 0) (i32.const 0)
                    (i32.const 0) (i32.const 0) (i32.const 64))
                (call $equal (i32.load8_u (i32.const 64)) (i32.const 1))
                (call $equal (i32.load8_u (i32.const 68)) (i32.const 5))"
            );
            row(what, guest("", &code, ""), End::Ended)
        };
        let part = |part: &str| {
            format!(
                "(call $isolate.{part} (global.get $self) (i32.const 64)) (i32.load (i32.const 72))"
            )
        };
        Ok(vec![
            refused("a send port", "(global.get $to)"),
            refused(
                "a capability",
                "(call $send-port.capability (i32.const 64)) (call $made)",
            ),
            refused("the right to pause", &part("pause-capability")),
            refused("the right to end", &part("terminate-capability")),
        ])
    })
}

/// Pauses are counted by capability, and there is an end to them.
#[test]
fn pauses_are_limited() -> Result<()> {
    rows(|_| {
        let pause = "(call $send-port.capability (i32.const 96))
            (call $isolate.pause (global.get $child) (i32.load (i32.const 100)) (i32.const 64))
            (call $drop-send-port (i32.load (i32.const 100)))";
        let before = format!("{SPAWN} (global.set $child (i32.load (i32.const 68)))");
        let more = paused_child() + "(global $child (mut i32) (i32.const 0))";
        // Paused once from the start.
        Ok(vec![row(
            "ten thousand capabilities",
            until_refused(&before, pause, &more),
            End::Exited(9_999),
        )])
    })
}

/// Who is paused for ever is no reason for its group to stay.
#[test]
fn a_group_of_paused_isolates_is_over() -> Result<()> {
    rows(|_| {
        let pause = "(call $isolate.pause (global.get $self) (global.get $to) (i32.const 64))
            (call $equal (call $flag) (i32.const 1))";
        let send = "(call $receive-port.listen (global.get $port) (i32.const 1))
            (drop (call $send-port.send (global.get $to) (i32.const 0) (i32.const 0)
                (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))";
        let woken = "(func (export \"wake\") unreachable)";
        let nothing = "(call $receive (i32.const 128))
            (call $equal (i32.load8_u (i32.const 128)) (i32.const 0))";
        Ok(vec![
            row(
                "itself, with a message",
                guest("", &format!("{send} {pause} {nothing}"), woken),
                End::Ended,
            ),
            row(
                "itself, asked to end before its next event",
                guest(
                    "",
                    &format!(
                        "{send} {pause} (drop (call $isolate.kill (global.get $self) (i32.const 1) (i32.const 1)))"
                    ),
                    woken,
                ),
                End::Ended,
            ),
            row(
                "children, spawned paused and forgotten",
                until_refused(
                    "",
                    &format!(
                        "{SPAWN} (if (i32.eqz (i32.load8_u (i32.const 64))) (then
                            (call $drop-isolate (i32.load (i32.const 68)))
                            (call $drop-send-port (i32.load (i32.const 72)))))"
                    ),
                    &paused_child(),
                ),
                End::Exited(19),
            )
            .limits(Limits::default().isolates(20)),
        ])
    })
}

/// However often it is asked, there is one end.
#[test]
fn asking_to_end_takes_no_room() -> Result<()> {
    rows(|_| {
        let kill = "(drop (call $isolate.kill (global.get $child) (i32.const 1)
            (i32.and (local.get $n) (i32.const 1))))";
        let more = paused_child() + "(global $child (mut i32) (i32.const 0))";
        let flood = "(loop $flood (br_if $flood (i32.eqz
            (call $isolate.ping (global.get $child) (global.get $to) (i32.const 0) (i32.const 0)
                (i32.const 0) (i32.const 0) (i32.const 1)))))";
        let begin = "(global.set $child (call $child))";
        let times = |before: &str| {
            let code = format!("{begin} {before} {}", repeat(1_000_000, kill));
            guest("", &code, &more)
        };
        Ok(vec![
            row("a million times", times(""), End::Ended),
            row("a million times behind pings", times(flood), End::Ended),
        ])
    })
}

#[test]
fn isolates_that_are_spawned_and_killed_at_once_leave_nothing() -> Result<()> {
    rows(|_| {
        let race = |what: &str, kill: &str, child: String| {
            let code = repeat(
                1_000,
                &format!(
                    "(loop $full
                        (global.set $free (i32.const 16384))
                        (call $spawn (i32.const 768) (i32.const 64))
                        (br_if $full (i32.load8_u (i32.const 64))))
                    (drop (call $isolate.kill (i32.load (i32.const 68)) {kill}))
                    (call $drop-isolate (i32.load (i32.const 68)))
                    (call $drop-send-port (i32.load (i32.const 72)))"
                ),
            );
            row(what, guest("", &code, &child), End::Ended)
                .limits(Limits::default().isolates(20).turn_cpu(3_600_000))
        };
        let (now, before_next, tree) = (
            "(i32.const 0) (i32.const 0)",
            "(i32.const 1) (i32.const 0)",
            "(i32.const 0) (i32.const 1)",
        );
        Ok(vec![
            race("waiting", now, waiting_child()),
            race(
                "waiting, before the next event",
                before_next,
                waiting_child(),
            ),
            race("waiting, as trees", tree, waiting_child()),
            race("looping", now, looping_child()),
            race("paused", now, paused_child()),
        ])
    })
}

/// A guest whose children spawn as fast as they can, and those too.
fn forest() -> String {
    let spawn_for_ever = "(loop $again
        (global.set $free (i32.const 16384))
        (call $spawn (i32.const 768) (i32.const 64))
        (if (i32.eqz (i32.load8_u (i32.const 64))) (then
            (call $drop-isolate (i32.load (i32.const 68)))
            (call $drop-send-port (i32.load (i32.const 72)))))
        (br $again))";
    format!(
        "{MEMORY} {} (data (i32.const 1024) \"main\")
        (func (export \"insula:entry/main\") {spawn_for_ever})",
        spawn_request(768, 1024, 4).data()
    )
}

/// None escapes, also none that is spawned meanwhile.
#[test]
fn a_tree_that_grows_is_killed_whole() -> Result<()> {
    table(|table| {
        for priority in [Priority::Immediate, Priority::BeforeNextEvent].repeat(5) {
            let program = table.host.wat(&table.module(&forest()))?;
            // What escapes never ends.
            let limits = Limits::default().isolates(12).turn_cpu(3_600_000);
            let root = table
                .host
                .runtime
                .spawn(&program, SpawnOptions::new().limits(limits))?;
            drop(program);
            table.doing("waiting until the tree has grown");
            while root.group().alive() < 12 {
                table.ping()?;
            }
            table.doing("killing the tree");
            // Its turn never comes to an end: that asks for nothing yet.
            root.kill_tree_with(priority)?;
            root.kill_tree()?;
            let group = root.group().clone();
            let reason = root.join();
            ensure!(reason == ExitReason::Killed, "{reason}");
            group.wait();
            table.check()?;
        }
        Ok(())
    })
}

/// Room for answers is taken when they are asked for.
#[test]
fn pings_of_a_paused_isolate_are_on_the_budget() -> Result<()> {
    rows(|_| {
        let ping = |bytes: u32| {
            let code = format!(
                "(call $isolate.ping (global.get $child) (global.get $to) (i32.const 0)
                    (i32.const {bytes}) (i32.const 0) (i32.const 0) (i32.const 1))"
            );
            format!(
                "(global.set $child (call $child)) {}",
                until_status(1, &code)
            )
        };
        let guest = |bytes: u32| {
            let more = paused_child() + "(global $child (mut i32) (i32.const 0))";
            guest("(local $status i32)", &ping(bytes), &more)
        };
        let tight = |bytes: u64| Limits::default().group_mailbox_bytes(bytes);
        Ok(vec![
            // Half of a mailbox's messages are there for what comes later, and a
            // quarter of its bytes.
            row("small", guest(0), End::Exited(50_000)),
            row("large", guest(65_408), End::Exited(256)),
            // Once at its receiver, once at who keeps it.
            row("small, little room", guest(0), End::Exited(10)).limits(tight(20 * 128)),
            row("large, little room", guest(65_408), End::Exited(10)).limits(tight(20 * 65_536)),
        ])
    })
}
