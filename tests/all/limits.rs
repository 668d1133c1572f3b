//! Every limit: its default, what is said when it is met, and that raising it
//! helps. A limit that is not in the table fails the first test.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use insula::{
    ExitReason, Limit, LimitHit, Limits, Runtime, Scope, SpawnError, SpawnOptions, StartError,
    Stream,
};
use insula_tests::Host;

use insula_tests::hostile::{
    End, MEMORY, SHORT_CHILD, SPAWN, WAITING_CHILD, child, main, row, rows, server, table,
};

/// Every limit with its default as in the design.
const DEFAULTS: [(Limit, &str, u64); 28] = [
    (Limit::Memory, "memory", 134_217_728),
    (Limit::GroupMemory, "group_memory", 536_870_912),
    (Limit::TableElements, "table_elements", 20_000),
    (Limit::GroupTableElements, "group_table_elements", 200_000),
    (Limit::TurnCpu, "turn_cpu", 10_000),
    (Limit::Cpu, "cpu", Limits::NONE),
    (Limit::GroupCpu, "group_cpu", Limits::NONE),
    (Limit::TurnWall, "turn_wall", 60_000),
    (Limit::Life, "life", Limits::NONE),
    (Limit::MailboxMessages, "mailbox_messages", 100_000),
    (Limit::MailboxBytes, "mailbox_bytes", 67_108_864),
    (Limit::GroupMailboxBytes, "group_mailbox_bytes", 268_435_456),
    (Limit::MessageBytes, "message_bytes", 33_554_432),
    (Limit::Handles, "handles", 10_000),
    (Limit::Timers, "timers", 10_000),
    (Limit::NamedPorts, "named_ports", 1_000),
    (Limit::Isolates, "isolates", 1_000),
    (Limit::Spawned, "spawned", 1_000_000),
    (Limit::Programs, "programs", 100),
    (Limit::PreemptedTurns, "preempted_turns", 256),
    (Limit::HostMemory, "host_memory", 67_108_864),
    (Limit::OpenFiles, "open_files", 256),
    (Limit::OutputBytes, "output_bytes", 16_777_216),
    (Limit::OutputLines, "output_lines", 1_000_000),
    (Limit::WasmStack, "wasm_stack", 262_144),
    (Limit::ProgramBytes, "program_bytes", 67_108_864),
    (Limit::ProgramFunctions, "program_functions", 100_000),
    (Limit::CompileTime, "compile_time", 60_000),
];

#[test]
fn defaults_are_those_of_the_design() {
    let limits = Limits::default();
    for (limit, option, default) in DEFAULTS {
        assert_eq!(limit.option(), option);
        assert_eq!(limits.get(limit), default, "{option}");
    }
    let listed: BTreeMap<_, _> = DEFAULTS
        .iter()
        .map(|(limit, option, _)| (*option, limit))
        .collect();
    let names: Vec<_> = Limits::names().collect();
    assert_eq!(listed.len(), names.len(), "{names:?}");
    assert!(
        names.iter().all(|name| listed.contains_key(name)),
        "{names:?}"
    );
}

#[test]
fn every_limit_can_be_set_by_its_name() {
    for (limit, option, default) in DEFAULTS {
        let set = Limits::default()
            .set(option, 77)
            .expect("there is such a limit");
        for (other, _, other_default) in DEFAULTS {
            let expected = if other == limit { 77 } else { other_default };
            assert_eq!(set.get(other), expected, "{option} was set");
        }
        assert_eq!(set.set(option, default), Some(Limits::default()));
    }
    assert_eq!(Limits::default().set("memori", 1), None);
    assert_eq!(Limits::default().set("", 1), None);
}

#[test]
fn what_is_said_names_limit_value_and_option() {
    for (limit, option, _) in DEFAULTS {
        let said = LimitHit { limit, value: 4711 }.to_string();
        assert!(said.contains("4711"), "{said}");
        assert!(said.contains(&format!("`Limits::{option}`")), "{said}");
        let of_runtime = limit.scope() == Scope::Runtime;
        assert_eq!(
            said.contains("`RuntimeBuilder::limits`"),
            of_runtime,
            "{said}"
        );
        // What is limited is said in words too, and differs from all others.
        let what = said.split("4711").nth(1).unwrap_or_default();
        assert!(
            what.split('(')
                .next()
                .is_some_and(|words| words.trim().len() > 15),
            "{said}"
        );
        let same = DEFAULTS.iter().filter(|(other, ..)| {
            LimitHit {
                limit: *other,
                value: 4711,
            }
            .to_string()
                == said
        });
        assert_eq!(same.count(), 1, "{said}");
    }
}

/// A guest that does `code` once; where the answer at 64 is a refusal it prints
/// that and exits with 1.
fn refused_once(before: &str, code: &str, more: &str) -> String {
    main(&format!(
        "{before} {code}
        (if (i32.load8_u (i32.const 64))
            (then
                (if (i32.load8_u (i32.const 68)) (then unreachable))
                (drop (call $fd_write (i32.const 1) (i32.const 72) (i32.const 1) (i32.const 0)))
                (call $proc_exit (i32.const 1))))
        (call $exit)"
    )) + "(data (i32.const 1024) \"child\")"
        + more
}

/// Limits that are an answer: the refusal says which, and one more is enough.
#[test]
fn what_is_refused_says_why_and_raising_helps() -> Result<()> {
    table(|table| {
        let open = "(call $receive-port.open (i64.const 0) (i32.const 64))";
        let sender = "(call $receive-port.sender (i32.load (i32.const 68)) (i32.const 64))";
        let timer = "(call $timer.start (i64.const -1) (i64.const 0) (i32.const 64))";
        let register = |name: u32| {
            format!(
                "(call $register (i32.const {name}) (i32.const 1) (global.get $sender) (i32.const 64))"
            )
        };
        let keep = "(global.set $sender (i32.load (i32.const 68)))";
        let name = format!("{keep} {}", register(1024));
        let other_name = &register(1025);
        let short = child().data() + SHORT_CHILD;
        let waiting = child().data() + WAITING_CHILD;
        let message = child().message(2048, 1000).data() + SHORT_CHILD;
        for (what, limit, too_little, wat) in [
            ("port", Limit::Handles, 0, refused_once("", open, "")),
            (
                "send port",
                Limit::Handles,
                1,
                refused_once(open, sender, ""),
            ),
            (
                "timer's handle",
                Limit::Handles,
                1,
                refused_once(open, timer, ""),
            ),
            (
                "child's two handles",
                Limit::Handles,
                2,
                refused_once(open, SPAWN, &short),
            ),
            ("timer", Limit::Timers, 1, refused_once(timer, timer, "")),
            (
                "child alive",
                Limit::Isolates,
                2,
                refused_once(SPAWN, SPAWN, &waiting),
            ),
            (
                "child ever",
                Limit::Spawned,
                2,
                refused_once(SPAWN, SPAWN, &short),
            ),
            (
                "named port",
                Limit::NamedPorts,
                1,
                refused_once(
                    &format!("{open} {sender} {name}"),
                    other_name,
                    "(global $sender (mut i32) (i32.const 0))",
                ),
            ),
            (
                "first message",
                Limit::MessageBytes,
                999,
                refused_once("", SPAWN, &message),
            ),
            (
                "waiting message",
                Limit::GroupMailboxBytes,
                1127,
                refused_once("", SPAWN, &message),
            ),
        ] {
            table.doing(what);
            let set = |value| {
                Limits::default()
                    .set(limit.option(), value)
                    .expect("a limit")
            };
            let said = table.host.texts(Stream::Stdout).len();
            let reason = table.run(&wat, SpawnOptions::new().limits(set(too_little)))?;
            ensure!(reason == ExitReason::Exited(1), "{what}: {reason}");
            let said = table.host.texts(Stream::Stdout).split_off(said);
            let hit = LimitHit {
                limit,
                value: too_little,
            };
            ensure!(
                said == [hit.to_string()],
                "{what}: {said:?}, expected {hit}"
            );
            let reason = table.run(&wat, SpawnOptions::new().limits(set(too_little + 1)))?;
            ensure!(reason.is_ended(), "{what}, raised: {reason}");
            table.check()?;
        }
        Ok(())
    })
}

/// What the host keeps: refused where it can be, and one byte more is enough.
#[test]
fn what_the_host_keeps_for_a_group_is_limited() -> Result<()> {
    table(|table| {
        let open = "(call $receive-port.open (i64.const 0) (i32.const 64))";
        let sender = "(call $receive-port.sender (i32.load (i32.const 68)) (i32.const 64))";
        let keep = "(global.set $sender (i32.load (i32.const 68)))";
        let of_port = |code: &str| format!("{open} {sender} {keep} {code}");
        let current =
            "(call $isolate.current (i32.const 64)) (global.set $sender (i32.load (i32.const 68)))";
        let of_itself = |code: &str| format!("{current} {code}");
        let more = "(global $sender (mut i32) (i32.const 0))";
        let with_child = child().data() + SHORT_CHILD + more;
        for (what, code, more) in [
            ("a port", open.to_owned(), more),
            ("nine handles", open.repeat(9), more),
            (
                "a timer",
                "(call $timer.start (i64.const 0) (i64.const 0) (i32.const 64))".to_owned(),
                more,
            ),
            (
                "a wait",
                of_port("(call $send-port.when-closed (global.get $sender) (i64.const 0) (i32.const 64))"),
                more,
            ),
            (
                "a message in line",
                of_port(
                    "(call $send-port.send-when-ready (global.get $sender) (i32.const 0) (i32.const 0)
                        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 64))",
                ),
                more,
            ),
            (
                "a name",
                of_port("(call $register (i32.const 1024) (i32.const 5) (global.get $sender) (i32.const 64))"),
                more,
            ),
            (
                "a capability",
                "(call $send-port.capability (i32.const 64))".to_owned(),
                more,
            ),
            (
                "a control port",
                of_itself("(call $isolate.control-port (global.get $sender) (i32.const 64))"),
                more,
            ),
            ("a child", SPAWN.to_owned(), &with_child),
        ] {
            table.doing(what);
            let wat = refused_once("", &code, more);
            let program = table.host.wat(&table.module(&wat))?;
            let run = |most: u64| -> Result<_> {
                let limits = Limits::default().host_memory(most);
                let options = SpawnOptions::new().limits(limits);
                let isolate = table.host.runtime.spawn(&program, options)?;
                let group = isolate.group().clone();
                let reason = isolate.join();
                group.wait();
                let used = group.usage().get(Limit::HostMemory);
                Ok((reason, used.context("a limit of groups")?))
            };
            let (reason, used) = run(64 << 20)?;
            ensure!(reason.is_ended(), "{what}: {reason}");
            let (reason, again) = run(used.peak)?;
            ensure!(reason.is_ended(), "{what}, as much as it takes: {reason}");
            ensure!(again.peak == used.peak, "{what}: {again:?}, {used:?}");

            let said = table.host.texts(Stream::Stdout).len();
            let (reason, short) = run(used.peak - 1)?;
            let hit = host_memory_hit(used.peak - 1);
            ensure!(reason == ExitReason::Exited(1), "{what}: {reason}");
            let said = table.host.texts(Stream::Stdout).split_off(said);
            ensure!(said == [hit.to_string()], "{what}: {said:?}");
            ensure!(short.refused == 1, "{what}: {short:?}");
            // It holds a descriptor: the image of its memory.
            drop(program);
            table.check()?;
        }
        Ok(())
    })
}

/// Where a function has no way to refuse, its caller ends. And a spawn by the host
/// is an error.
#[test]
fn what_the_host_keeps_ends_who_cannot_be_refused() -> Result<()> {
    table(|table| {
        let link = "(drop (call $isolate.link (i32.load (i32.const 68))))";
        let wat = main(&format!("{SPAWN} {link}"))
            + &child().paused().data()
            + "(data (i32.const 1024) \"child\")"
            + SHORT_CHILD;
        let program = table.host.wat(&table.module(&wat))?;
        let mut ends = Vec::new();
        // Somewhere between no isolate at all and a link there is only no link.
        for most in (0..80_000).step_by(100) {
            let limits = Limits::default().host_memory(most);
            let options = SpawnOptions::new().limits(limits.clone());
            let hit = host_memory_hit(most);
            match table.host.runtime.spawn(&program, options) {
                Err(SpawnError::Limit(found)) => {
                    ensure!(found == hit, "{found}");
                    ends.push("not spawned");
                }
                Err(other) => bail!("{other}"),
                Ok(isolate) => {
                    let group = isolate.group().clone();
                    match isolate.join() {
                        ExitReason::Limit { hit: found, .. } if found == hit => ends.push("limit"),
                        ExitReason::Ended => ends.push("linked"),
                        // Without a child there is none to link.
                        ExitReason::ContractBroken { .. } => ends.push("no child"),
                        other => bail!("{other}"),
                    }
                    group.wait();
                }
            }
        }
        ends.dedup();
        ensure!(
            ends == ["not spawned", "no child", "limit", "linked"],
            "{ends:?}"
        );
        Ok(())
    })
}

fn host_memory_hit(value: u64) -> LimitHit {
    LimitHit {
        limit: Limit::HostMemory,
        value,
    }
}

/// Limits that end an isolate.
#[test]
fn what_ends_an_isolate_says_why_and_raising_helps() -> Result<()> {
    rows(|_| {
        let count = main(
            "(local $n i32) (loop $again
                (local.set $n (i32.add (local.get $n) (i32.const 1)))
                (br_if $again (i32.lt_u (local.get $n) (i32.const 200000000))))",
        );
        let pages = "(memory (export \"memory\") 2) (func (export \"insula:entry/main\"))";
        let table = main("") + "(table 10 funcref)";
        let mut rows = Vec::new();
        for (limit, too_little, enough, wat) in [
            (Limit::Memory, 131_071, 131_072, pages),
            (Limit::GroupMemory, 131_071, 131_072, pages),
            (Limit::TableElements, 9, 10, &table),
            (Limit::GroupTableElements, 9, 10, &table),
            (Limit::TurnCpu, 1, 3_600_000, &count),
        ] {
            for (value, end) in [(too_little, End::Limit(limit)), (enough, End::Ended)] {
                let limits = Limits::default()
                    .set(limit.option(), value)
                    .expect("a limit");
                let name = format!("{} of {value}", limit.option());
                rows.push(row(name, wat, end).limits(limits));
            }
        }
        Ok(rows)
    })
}

/// What every isolate of the group takes is taken from the same budget.
#[test]
fn a_group_shares_its_memory() -> Result<()> {
    table(|table| {
        for (budget, end) in [
            (4 * 65_536 - 1, End::Limit(Limit::GroupMemory)),
            (4 * 65_536, End::Ended),
        ] {
            // The parent waits, so that the child is there beside it.
            let wat = server(SPAWN, "(call $receive (i32.const 128))")
                + &child().data()
                + "(data (i32.const 1024) \"child\") (func (export \"insula:entry/child\"))";
            let limits = Limits::default().group_memory(budget);
            let parent = table.run(&wat, SpawnOptions::new().limits(limits.clone()))?;
            ensure!(parent.is_ended(), "the parent {parent}");
            let Some(child) = table.host.exit_of("child#2") else {
                bail!("there was no child")
            };
            ensure!(
                end.is(&child, &limits),
                "the child of {budget}: {child}, expected {end:?}"
            );
            table.host.forget();
        }
        Ok(())
    })
}

/// Loops that are let go on: with room for more of them, more are preempted.
#[test]
fn preempted_turns_are_limited() -> Result<()> {
    table(|table| {
        let permits = std::thread::available_parallelism()?.get();
        let loops = permits + 12;
        let spawns = SPAWN.repeat(loops);
        let wat = main(&spawns)
            + &child().data()
            + "(data (i32.const 1024) \"child\")
            (func (export \"insula:entry/child\") (loop $again (br $again)))";
        for (limit, many) in [(1, false), (256, true)] {
            let program = table.host.wat(&table.module(&wat))?;
            let limits = Limits::default().preempted_turns(limit).turn_cpu(3_600_000);
            let isolate = table
                .host
                .runtime
                .spawn(&program, SpawnOptions::new().limits(limits))?;
            let group = isolate.group().clone();
            let preempted = || table.host.runtime.figures().preempted;
            table.doing(&format!("waiting for preempted turns, {limit} allowed"));
            // The bystander's pings are what asks for the loops' permits.
            let wanted = if many { permits + 4 } else { 1 };
            while preempted() < wanted {
                table.ping()?;
            }
            for _ in 0..300 {
                table.ping()?;
                ensure!(
                    many || preempted() <= 1 + permits,
                    "{} are preempted",
                    preempted()
                );
            }
            group.kill();
            drop(isolate);
            group.wait();
            drop(program);
            table.check()?;
        }
        Ok(())
    })
}

/// Output that is dropped is told once, and with the option; or it ends who prints
/// it.
#[test]
fn output_is_limited() -> Result<()> {
    table(|table| {
        let print =
            "(drop (call $fd_write (i32.const 1) (i32.const 64) (i32.const 1) (i32.const 0)))";
        let short =
            "(drop (call $fd_write (i32.const 1) (i32.const 96) (i32.const 1) (i32.const 0)))";
        let wat = format!(
            "{MEMORY} (data (i32.const 64) \"\\48\\00\\00\\00\\0a\\00\\00\\00123456789\\n\")
            (data (i32.const 96) \"\\50\\00\\00\\00\\02\\00\\00\\00\")
            (func (export \"insula:entry/main\") {print} {print} {short})"
        );
        let all = ["123456789", "123456789", "9"];
        for (limit, value, lines) in [
            (Limit::OutputBytes, 22, 3),
            // What would fit comes too late.
            (Limit::OutputBytes, 19, 1),
            (Limit::OutputBytes, 9, 0),
            (Limit::OutputLines, 3, 3),
            (Limit::OutputLines, 2, 2),
            (Limit::OutputLines, 0, 0),
        ] {
            for fatal in [false, true] {
                let before = (
                    table.host.texts(Stream::Stdout).len(),
                    table.host.texts(Stream::Stderr).len(),
                );
                let limits = Limits::default().set(limit.option(), value);
                let limits = limits.expect("a limit");
                let options = SpawnOptions::new().limits(limits).output_fatal(fatal);
                let reason = table.run(&wat, options)?;
                let hit = LimitHit { limit, value };
                let printed = table.host.texts(Stream::Stdout).split_off(before.0);
                let said = table.host.texts(Stream::Stderr).split_off(before.1);
                ensure!(printed == all[..lines], "{hit}: {printed:?}");
                let is_over = lines < all.len();
                match &reason {
                    ExitReason::Ended => ensure!(!(is_over && fatal), "{hit}"),
                    ExitReason::Limit { hit: met, .. } => {
                        ensure!(is_over && fatal && *met == hit, "{reason}, expected {hit}");
                    }
                    other => bail!("{other}"),
                }
                let notices = usize::from(is_over && !fatal);
                ensure!(said.len() == notices, "{hit}: {said:?}");
                ensure!(
                    said.iter().all(|said| said.contains(&hit.to_string())),
                    "{said:?}, expected {hit}"
                );
            }
        }
        Ok(())
    })
}

/// Calls itself so many times, in frames of some tens of bytes.
fn deep(calls: u32) -> String {
    format!(
        "(module (memory (export \"memory\") 1)
        (func (export \"insula:entry/main\") (drop (call $deep (i32.const {calls}))))
        (func $deep (param i32) (result i32)
            (if (result i32) (local.get 0)
                (then (i32.add (local.get 0) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
                (else (i32.const 0)))))"
    )
}

/// The stack is of the runtime: its engine and its threads have one size for all.
#[test]
fn the_stack_is_limited_for_the_whole_runtime() -> Result<()> {
    for (stack, calls, ends) in [
        (Limits::LEAST_STACK, 3, true),
        (Limits::LEAST_STACK, 1_000, false),
        (256 << 10, 1_000, true),
        (256 << 10, 1_000_000, false),
        (Limits::MOST_STACK, 1_000_000, true),
    ] {
        let limits = Limits::default().wasm_stack(stack);
        let host = Host::with(|builder| builder.max_isolates(4).limits(limits.clone()))?;
        let program = host.wat(&deep(calls))?;
        let reason = host.run(&program, SpawnOptions::new())?;
        let end = match ends {
            true => End::Ended,
            false => End::Limit(Limit::WasmStack),
        };
        ensure!(end.is(&reason, &limits), "{calls} in {stack}: {reason}");
        // Not for one group: that is said at once.
        let other = SpawnOptions::new().limits(limits.wasm_stack(stack + 1));
        let refused = host.runtime.spawn(&program, other);
        ensure!(
            matches!(&refused, Err(SpawnError::RuntimeLimit(hit)) if hit.value == stack),
            "{refused:?}"
        );
    }
    for stack in [0, Limits::LEAST_STACK - 1, Limits::MOST_STACK + 1, u64::MAX] {
        let limits = Limits::default().wasm_stack(stack);
        let refused = Runtime::builder().max_isolates(4).limits(limits).start();
        let refused = refused.err();
        ensure!(
            matches!(refused, Some(StartError::WasmStack(found)) if found == stack),
            "{refused:?}"
        );
    }
    Ok(())
}
