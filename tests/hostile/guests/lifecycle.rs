//! Guests that spawn without end, at the wrong moment, or what is not there; and
//! guests that end, pause and link in ways that nobody meant.

use anyhow::{Result, ensure};
use insula::{ExitReason, Limit, LimitHit, Limits};
use insula_tests::Host;
use insula_tests::hostile::{
    End, MEMORY, Row, SHORT_CHILD, SPAWN, WAITING_CHILD, child, killed, main, row, spawn_request,
    until_refused,
};

use super::cpu::{HERE, SAY_HERE};
use crate::control::{guest, paused_child, repeat, waiting_child};

/// Spawns, and forgets what was spawned, for ever.
const SPAWN_FOR_EVER: &str = "(loop $again
    (global.set $free (i32.const 16384))
    (call $spawn (i32.const 768) (i32.const 64))
    (if (i32.eqz (i32.load8_u (i32.const 64))) (then
        (call $drop-isolate (i32.load (i32.const 68)))
        (call $drop-send-port (i32.load (i32.const 72)))))
    (br $again))";

/// The same guest again, as its own child.
fn itself() -> String {
    "(data (i32.const 1024) \"main\")".to_owned() + &spawn_request(768, 1024, 4).data()
}

/// Bombs.
fn bombs() -> Vec<Row> {
    let few = Limits::default().isolates(20);
    let in_all = |spawned| Limits::default().spawned(spawned);
    let also_in = |place: &str, code: &str| {
        format!(
            "{MEMORY} {} {place} (func (export \"insula:entry/main\") {code})",
            itself()
        )
    };
    let start = format!("(start $start) (func $start {SPAWN})");
    let initialize = format!("(func (export \"_initialize\") {SPAWN})");
    vec![
        row(
            "children that wait",
            until_refused("", SPAWN, &waiting_only(&child().data())),
            End::Exited(19),
        )
        .limits(few.clone()),
        row(
            "children that end at once",
            until_refused("", SPAWN, &(child().data() + SHORT_CHILD)),
            End::Exited(299),
        )
        .limits(in_all(300)),
        row(
            "children that are paused",
            until_refused("", SPAWN, &waiting_only(&child().paused().data())),
            End::Exited(19),
        )
        .limits(few.clone()),
        row(
            "a chain, each link of which ends",
            main(SPAWN) + &itself(),
            End::Ended,
        )
        .limits(in_all(300))
        .then(|host| all_ended(host, 300)),
        row(
            "a tree, each of which spawns two",
            main(&SPAWN.repeat(2)) + &itself(),
            End::Ended,
        )
        .limits(in_all(300))
        .then(|host| ensure_count(host, 300)),
        row("one in the start function", also_in(&start, ""), End::Ended)
            .limits(in_all(100))
            .then(|host| all_ended(host, 100)),
        row(
            "one in the start function, and one that traps",
            also_in(&start, "unreachable"),
            End::Trapped("unreachable"),
        )
        .limits(in_all(100))
        .then(|host| ensure_count(host, 100)),
        row(
            "one in the initialisation",
            also_in(&initialize, SPAWN),
            End::Ended,
        )
        .limits(in_all(100))
        .then(|host| ensure_count(host, 100)),
        killed(
            "a tree that spawns for ever",
            main(&format!("{SAY_HERE} {SPAWN_FOR_EVER}")) + &itself() + HERE,
        )
        .limits(few.clone().turn_cpu(3_600_000)),
        killed(
            "children that end as fast as they come",
            main(&format!("{SAY_HERE} {SPAWN_FOR_EVER}"))
                + "(data (i32.const 1024) \"child\")"
                + &child().data()
                + SHORT_CHILD
                + HERE,
        )
        .limits(few.spawned(u64::MAX).turn_cpu(3_600_000)),
    ]
}

/// [`WAITING_CHILD`] with a request.
fn waiting_only(request: &str) -> String {
    request.to_owned() + WAITING_CHILD
}

fn ensure_count(host: &Host, most: usize) -> Result<()> {
    let ended = host.exits().len();
    ensure!(ended == most, "{ended} isolates ended, not {most}");
    Ok(())
}

fn all_ended(host: &Host, most: usize) -> Result<()> {
    ensure_count(host, most)?;
    for (name, reason) in host.exits() {
        ensure!(reason == ExitReason::Ended, "{name} {reason}");
    }
    Ok(())
}

/// Requests for what is not there or not allowed.
fn requests() -> Vec<Row> {
    let refused = |name: &str, data: String, more: &str, kind: u32| {
        let code = format!(
            "{SPAWN} (call $equal (i32.load8_u (i32.const 64)) (i32.const 1))
            (call $equal (i32.load8_u (i32.const 68)) (i32.const {kind}))"
        );
        row(name, guest("", &code, &(data + more)), End::Ended)
    };
    let uri = |uri: &str| {
        let place = format!("(data (i32.const 2048) \"{uri}\")");
        spawn_request(768, 1024, 5)
            .uri(2048, uri.len() as u32)
            .data()
            + &place
    };
    const NO_SUCH_ENTRY: u32 = 1;
    const NOT_GRANTED: u32 = 2;
    const BAD_URI: u32 = 3;
    vec![
        refused("an entry that is not there", child().data(), "", NO_SUCH_ENTRY),
        refused(
            "an export that is no entry",
            child().data(),
            "(func (export \"child\"))",
            NO_SUCH_ENTRY,
        ),
        refused("the machine's password file", uri("file:///etc/passwd"), "", NOT_GRANTED),
        refused("a device that never ends", uri("file:///dev/zero"), "", NOT_GRANTED),
        refused("a path upwards", uri("../../../../etc/shadow"), "", BAD_URI),
        refused("a program on the network", uri("http://127.0.0.1/a.wasm"), "", BAD_URI),
        refused("a URI of nothing", uri(""), "", BAD_URI),
        row(
            "an entry's name of 64 KiB and a byte",
            main(SPAWN) + &spawn_request(768, 0, 65_537).data(),
            End::broken(["65537"]),
        ),
        row(
            "a child where there is room to make",
            format!(
                "(memory (export \"memory\") 2)
                (func (export \"cabi_realloc\") (param i32 i32 i32 i32) (result i32) {SPAWN} (i32.const 4096))
                (func (export \"insula:entry/main\") (call $name (i32.const 8))) {}",
                itself()
            ),
            End::broken(["cabi_realloc"]),
        ),
    ]
}

/// Ends and pauses.
fn ends() -> Vec<Row> {
    let of_self = |name: &str, code: &str, end: End| row(name, guest("", code, ""), end);
    let kill_self = |priority: u32| {
        format!(
            "(drop (call $isolate.kill (global.get $self) (i32.const {priority}) (i32.const 1)))"
        )
    };
    let again = "(loop $again (br $again))";
    let listens = "(call $receive-port.listen (global.get $port) (i32.const 1))";
    vec![
        of_self("kills itself and goes on", &format!("{} {again}", kill_self(0)), End::Killed),
        of_self("kills itself before its next event, and takes one", &format!("{} (call $receive (i32.const 64)) unreachable", kill_self(1)), End::Killed),
        of_self("leaves with a port that listens", &format!("{listens} (call $exit)"), End::Ended),
        of_self("waits for what cannot come", listens, End::Ended),
        of_self(
            "pauses itself for ever",
            &format!("{listens} (call $isolate.pause (global.get $self) (global.get $to) (i32.const 64))"),
            End::Ended,
        ),
        of_self(
            "waits for a timer in 584 years",
            &format!("{listens} (call $timer.start (i64.const -1) (i64.const 0) (i32.const 64)) (call $exit)"),
            End::Ended,
        ),
        of_self(
            "panics twice",
            "(call $fail (i32.const 0) (i32.const 5) (i32.const 0) (i32.const 0))
            (call $fail (i32.const 0) (i32.const 7) (i32.const 0) (i32.const 0)) unreachable",
            End::Panicked("panicked"),
        ),
        of_self(
            "panics with all of its memory as the text",
            "(memory.fill (i32.const 0) (i32.const 0x78) (i32.const 131072))
            (call $fail (i32.const 0) (i32.const 65536) (i32.const 0) (i32.const 65536)) unreachable",
            End::Panicked("panicked"),
        )
        .then(|host| {
            for (name, reason) in host.exits() {
                let text = reason.to_string();
                ensure!(text.len() < 20_000, "{name}: {} bytes of reason", text.len());
            }
            Ok(())
        }),
        of_self("links itself to itself", "(drop (call $isolate.link (global.get $self))) unreachable", End::Trapped("unreachable")),
        row(
            "linked to a child that it kills",
            guest(
                "",
                &format!(
                    "(local.set $n (call $child)) (drop (call $isolate.link (local.get $n)))
                    (drop (call $isolate.kill (local.get $n) (i32.const 0) (i32.const 0))) {again}"
                ),
                &waiting_child(),
            ),
            End::Linked("child#2"),
        )
        .and("child#2", End::Killed),
        row(
            "a child that kills its spawner",
            guest("", &format!("{TELLS_ITS_CONTROL_PORT} {SPAWN} {again}"), &kills_its_spawner()),
            End::Killed,
        )
        .and("child#2", End::Ended),
        row(
            "a listener to its own end, again and again",
            guest(
                "",
                &repeat(
                    100_000,
                    "(call $equal (i32.const 0) (call $isolate.add-monitor (global.get $self) (global.get $to)
                        (i32.const 0) (i32.const 100) (i32.const 0) (i32.const 0)))",
                ),
                "",
            ),
            End::Ended,
        )
        .limits(Limits::default().group_mailbox_bytes(50_000)),
        row(
            "paused children, each killed a hundred times",
            guest(
                "",
                &repeat(
                    50,
                    &format!(
                        "{SPAWN} {}
                        (call $drop-isolate (i32.load (i32.const 68)))",
                        "(drop (call $isolate.kill (i32.load (i32.const 68)) (i32.const 1) (i32.const 1)))".repeat(100)
                    ),
                ),
                &paused_child(),
            ),
            End::Ended,
        ),
        row(
            "errors that are not fatal, and one that is",
            guest("", "(drop (call $isolate.set-errors-fatal (global.get $self) (i32.const 0))) unreachable", ""),
            End::Trapped("unreachable"),
        ),
        row(
            "a child past its own limit",
            guest("", "(drop (call $child))", &loops_with_a_limit()),
            End::Ended,
        )
        .then(|host| {
            let reason = host.exit_of("child#2");
            let hit = LimitHit { limit: Limit::TurnCpu, value: 20 };
            let is_hit = matches!(&reason, Some(ExitReason::Limit { hit: met, .. }) if *met == hit);
            ensure!(is_hit, "the child {reason:?}");
            Ok(())
        }),
    ]
}

/// Puts its control port and its right to end where its child's first message
/// takes its ports from.
const TELLS_ITS_CONTROL_PORT: &str = "
    (call $isolate.control-port (global.get $self) (i32.const 64))
    (i32.store (i32.const 2048) (call $made))
    (call $isolate.terminate-capability (global.get $self) (i32.const 64))
    (i32.store (i32.const 2052) (i32.load (i32.const 72)))";

fn kills_its_spawner() -> String {
    child().ports(2048, 2).data()
        + "(func (export \"insula:entry/child\") (local $ports i32)
            (call $first-message (i32.const 128))
            (local.set $ports (i32.load (i32.const 140)))
            (call $isolate.from-parts (i32.load (local.get $ports)) (i32.const 0) (i32.const 0)
                (i32.const 1) (i32.load offset=4 (local.get $ports)) (i32.const 64))
            (call $equal (i32.const 1)
                (call $isolate.kill (call $made) (i32.const 0) (i32.const 0))))"
}

/// A child that loops, with 20 milliseconds for a turn.
fn loops_with_a_limit() -> String {
    spawn_request(768, 1024, 5).limits(4096, 1).data()
        + "(data (i32.const 4096) \"\\10\\10\\00\\00\\08\\00\\00\\00\\14\\00\\00\\00\\00\\00\\00\\00turn_cpu\")
        (func (export \"insula:entry/child\") (loop $again (br $again)))"
}

pub fn rows() -> Vec<Row> {
    [bombs(), requests(), ends()]
        .into_iter()
        .flatten()
        .collect()
}

#[test]
fn spawning_and_lifecycle() -> Result<()> {
    super::group("spawning and lifecycle")
}
