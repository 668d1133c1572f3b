//! Isolates that are linked in every way: to themselves, in circles, in chains.

use anyhow::{Result, ensure};
use insula::{ExitReason, SpawnOptions};
use insula_tests::{Host, in_time};

use super::control::{guest, paused_child, repeat, waiting_child};
use insula_tests::hostile::{End, Table, child, row, rows, table};

#[test]
fn a_link_to_oneself_is_none() -> Result<()> {
    rows(|_| {
        let link = "(call $equal (call $isolate.link (global.get $self)) (i32.const 1))";
        let many = repeat(10_000, link);
        Ok(vec![
            row("and ends", guest("", &many, ""), End::Ended),
            row(
                "and traps",
                guest("", &format!("{link} unreachable"), ""),
                End::Trapped("unreachable"),
            ),
            row(
                "and takes it away",
                guest(
                    "",
                    &format!("{link} (call $isolate.unlink (global.get $self))"),
                    "",
                ),
                End::Ended,
            ),
        ])
    })
}

/// Who links himself to what has failed already fails at once.
#[test]
fn a_link_to_the_dead_takes_effect_at_once() -> Result<()> {
    rows(|_| {
        let more = child().data()
            + "(func (export \"insula:entry/child\") unreachable)
            (func (export \"wake\")
                (drop (call $isolate.link (global.get $child)))
                (call $proc_exit (i32.const 9)))
            (global $child (mut i32) (i32.const 0))";
        // Told by its monitor, it links itself.
        let code = "(global.set $child (call $child))
            (call $receive-port.listen (global.get $port) (i32.const 1))
            (drop (call $isolate.add-monitor (global.get $child) (global.get $to)
                (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))";
        Ok(vec![row(
            "linked late",
            guest("", code, &more),
            End::Linked("child#2"),
        )])
    })
}

/// A ring of isolates, each linked to the next, of which one fails.
#[test]
fn a_circle_ends_once() -> Result<()> {
    rows(|_| {
        // The child links itself to its parent, and fails when it is linked to
        // twice.
        let more = child().message(0, 0).data()
            + "(func (export \"insula:entry/child\")
                (call $first-message (i32.const 64))
                (local.set 0 (i32.load (i32.const 76)))
                (call $isolate.from-parts (i32.load (local.get 0)) (i32.const 0) (i32.const 0)
                    (i32.const 1) (i32.load offset=4 (local.get 0)) (i32.const 64))
                (call $equal (call $isolate.link (call $made)) (i32.const 1))
                unreachable)
            (func (export \"wake\"))";
        let more = more.replace("entry/child\")", "entry/child\") (local i32)");
        let code = "(call $isolate.control-port (global.get $self) (i32.const 64))
            (i32.store (i32.const 512) (call $made))
            (call $isolate.terminate-capability (global.get $self) (i32.const 64))
            (i32.store (i32.const 516) (i32.load (i32.const 72)))
            (i32.store (i32.const 800) (i32.const 512)) (i32.store (i32.const 804) (i32.const 2))
            (drop (call $isolate.link (call $child)))
            (drop (call $isolate.link (call $child)))
            (drop (call $isolate.link (call $child)))
            (call $receive-port.listen (global.get $port) (i32.const 1))";
        Ok(vec![row(
            "three times two",
            guest("", code, &more),
            End::Linked("child#"),
        )])
    })
}

/// Links that were many and are gone, or whose other ends are.
#[test]
fn links_leave_nothing() -> Result<()> {
    rows(|_| {
        let each = |link: &str, child: String| {
            let code = repeat(
                500,
                &format!(
                    "(loop $full
                        (global.set $free (i32.const 16384))
                        (call $spawn (i32.const 768) (i32.const 64))
                        (br_if $full (i32.load8_u (i32.const 64))))
                    {link}
                    (drop (call $isolate.kill (i32.load (i32.const 68)) (i32.const 0) (i32.const 0)))
                    (call $drop-isolate (i32.load (i32.const 68)))
                    (call $drop-send-port (i32.load (i32.const 72)))"
                ),
            );
            let limits = insula::Limits::default().isolates(20);
            row("linked and killed", guest("", &code, &child), End::Ended).limits(limits)
        };
        let link = "(drop (call $isolate.link (i32.load (i32.const 68))))";
        let unlink = "(call $isolate.unlink (i32.load (i32.const 68)))";
        let killed = each(link, waiting_child());
        Ok(vec![
            insula_tests::hostile::Row {
                // Of several that were killed, other workers end any one first.
                end: End::Linked("child#"),
                ..killed
            }
            .and("child#2", End::Killed),
            each(&format!("{link} {unlink}"), waiting_child()),
            each(&format!("{link} {link} {unlink}"), paused_child()),
        ])
    })
}

/// A chain of a thousand falls, from its last to its first.
#[test]
fn a_chain_of_a_thousand_falls() -> Result<()> {
    // Each spawns the next and is linked to it; for the last one there is no
    // place.
    let next = "(call $spawn (i32.const 768) (i32.const 64))
        (if (i32.load8_u (i32.const 64)) (then unreachable))
        (call $begin)
        (drop (call $isolate.link (i32.load (i32.const 68))))
        (call $receive-port.listen (global.get $port) (i32.const 1))";
    let next = next.replace(
        "(call $begin)",
        "(i32.store (i32.const 512) (i32.load (i32.const 68)))
        (call $open)
        (i32.store (i32.const 68) (i32.load (i32.const 512)))",
    );
    let more = format!(
        "{} (func (export \"insula:entry/child\") {next}) (func (export \"wake\"))",
        child().data()
    );
    let wat = guest("", &next, &more);
    let host = Host::with(|builder| builder.max_isolates(1_100))?;
    let program = host.wat(&insula_tests::hostile::module(&host, &wat))?;
    let isolate = host.runtime.spawn(&program, SpawnOptions::new())?;
    let group = isolate.group().clone();
    let reason = in_time(move || {
        let reason = isolate.join();
        group.wait();
        reason
    });
    let ExitReason::Linked { isolate, reason } = &reason else {
        anyhow::bail!("it {reason}")
    };
    ensure!(isolate == "child#1000", "{isolate}");
    ensure!(matches!(**reason, ExitReason::Trapped { .. }), "{reason}");
    ensure!(host.runtime.figures().isolates == 0);
    Ok(())
}

/// A guest of another group is told of an end, for which its group stays.
#[test]
fn a_group_stays_while_it_is_to_be_told_by_another() -> Result<()> {
    table(|table| {
        let (to, ready) = table.host.runtime.port();
        let waiting = waiting(table)?;
        let code = "(call $first-message (i32.const 64))
            (local.set $n (i32.load (i32.const 76)))
            (call $isolate.from-parts (i32.load (local.get $n)) (i32.const 0) (i32.const 0)
                (i32.const 0) (i32.const 0) (i32.const 64))
            (call $receive-port.listen (global.get $port) (i32.const 1))
            (drop (call $isolate.add-exit-listener (call $made) (global.get $to)
                (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
            (global.set $host (i32.load offset=4 (local.get $n)))
            (call $say)";
        let wake = "(global $host (mut i32) (i32.const 0))
            (func $say (drop (call $send-port.send (global.get $host) (i32.const 0) (i32.const 0)
                (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))))
            (func (export \"wake\") (call $say) (call $exit))";
        let program = table.host.wat(&table.module(&guest("", code, wake)))?;
        let parts = (waiting.control_port(), to);
        let listener = table
            .host
            .runtime
            .spawn(&program, SpawnOptions::new().message(&parts))?;
        // Nothing of the host's keeps its group.
        drop((listener, parts));
        drop(ready.recv()?);
        // Time to be over, for a group that is.
        for _ in 0..50 {
            table.ping()?;
        }
        waiting.kill();
        let told = ready.recv();
        ensure!(told.is_ok(), "its group was over before: {told:?}");
        drop(waiting.join());
        Ok(())
    })
}

/// Being told of the end of each other is no reason for a group to stay.
#[test]
fn a_group_whose_isolates_wait_for_each_other_is_over() -> Result<()> {
    table(|table| {
        let isolate = waiting(table)?;
        isolate.add_exit_listener(isolate.port(), &1)?;
        isolate.add_monitor(isolate.port(), &1)?;
        isolate.add_error_listener(isolate.port())?;
        let group = isolate.group().clone();
        let reason = in_time(move || {
            let reason = isolate.join();
            group.wait();
            reason
        });
        ensure!(reason.is_ended(), "{reason}");
        Ok(())
    })
}

fn waiting(table: &Table) -> Result<insula::Isolate> {
    let wat = guest(
        "",
        "(call $first-port (i64.const 0) (i32.const 64))
        (call $receive-port.listen (i32.load (i32.const 68)) (i32.const 1))",
        "(func (export \"wake\") (call $receive (i32.const 128)))",
    );
    let program = table.host.wat(&table.module(&wat))?;
    Ok(table.host.runtime.spawn(&program, SpawnOptions::new())?)
}
