//! The profiles: what an idle isolate takes of the process in each, and that no address
//! leads out of a memory in either. Each test has a process of its own, as what is
//! counted belongs to the process.

use anyhow::{Context, Result, bail, ensure};
use insula::{ExitReason, Limits, Profile, Runtime, SpawnError, SpawnOptions, StartError};
use insula_tests::process::{Process, proportional};
use insula_tests::{Folder, Host, alone, guest, in_time};

mod memory;

/// What a guest with one page of memory may use here.
const MEMORY: u64 = 4 << 20;

/// A runtime of this profile with room for so many.
fn host(profile: Profile, isolates: u64, limits: Limits) -> Result<Host> {
    let isolates = u32::try_from(isolates)?;
    Host::with(|builder| {
        builder
            .profile(profile)
            .max_isolates(isolates)
            .limits(limits)
    })
}

/// Limits that so many isolates of one group do not meet.
fn roomy(isolates: u64) -> Limits {
    Limits::default()
        .isolates(isolates + 2)
        // One spawns all of them, in one turn, and has an answer from each.
        .turn_cpu(Limits::NONE)
        .turn_wall(Limits::NONE)
        .mailbox_messages(isolates + 100)
        .handles(isolates + 100)
        .group_memory(Limits::NONE)
        .group_table_elements(Limits::NONE)
        .host_memory(Limits::NONE)
}

/// What one of many idle isolates takes.
struct Each {
    mappings: f64,
    /// Bytes of memory, where pages that isolates share count once.
    resident: f64,
}

/// Isolates made with the SDK, which have answered once and wait for messages.
fn idle(profile: Profile, isolates: u64) -> Result<Each> {
    let host = host(profile, isolates + 20, roomy(isolates))?;
    let program = host.program(&guest("idle").to_string_lossy())?;
    let spawn = |count: u64| -> Result<_> {
        let main = host
            .runtime
            .spawn(&program, SpawnOptions::new().message(&count))?;
        // It answers once all of the others have.
        let port = main.port().clone();
        let answer = in_time(move || port.call::<_, ()>(&()));
        answer.with_context(|| format!("{:?}", main.exit_reason()))?;
        Ok(main)
    };
    // What only the first of all takes is in no difference.
    let _first = spawn(10)?;
    let (before, memory) = (Process::now()?, proportional()?);
    let _main = spawn(isolates)?;
    let growth = Process::now()?.growth(&before);
    let memory = proportional()?.saturating_sub(memory);
    ensure!(host.runtime.figures().isolates as u64 == isolates + 12);
    let each = Each {
        mappings: growth.mappings as f64 / isolates as f64,
        resident: memory as f64 / isolates as f64,
    };
    println!(
        "{isolates} idle isolates, {profile}: {:.2} mappings and {:.1} KiB each (Rss, where \
         shared pages count for each: {:.1} KiB)",
        each.mappings,
        each.resident / 1024.0,
        growth.resident as f64 / isolates as f64 / 1024.0
    );
    Ok(each)
}

/// The process's own threads, stacks and heaps grow meanwhile.
const HOSTS: f64 = 0.1;

#[test]
fn an_idle_isolate_takes_two_mappings_where_it_is_dense() -> Result<()> {
    alone(|| {
        let each = idle(Profile::Dense, 2_000)?;
        ensure!(each.mappings <= 2.0 + HOSTS, "{}", each.mappings);
        ensure!(each.resident <= MOST_RESIDENT, "{}", each.resident);
        Ok(())
    })
}

#[test]
fn an_idle_isolate_takes_four_mappings_where_it_is_fast() -> Result<()> {
    alone(|| {
        let each = idle(Profile::Fast, 2_000)?;
        ensure!(each.mappings <= 4.0 + HOSTS, "{}", each.mappings);
        Ok(())
    })
}

/// Bytes of memory that an idle isolate of the SDK's takes where it is dense.
const MOST_RESIDENT: f64 = 34.0 * 1024.0;

/// To be run by hand: `INSULA_ISOLATES=100000 cargo test --release --workspace --test
/// dense -- --ignored --nocapture many`, after `sysctl -w vm.max_map_count=..` for more
/// than 29,000.
#[test]
#[ignore = "it takes gigabytes"]
fn many_idle_isolates() -> Result<()> {
    let isolates = std::env::var("INSULA_ISOLATES").unwrap_or_else(|_| "25000".to_owned());
    idle(Profile::Dense, isolates.parse()?).map(drop)
}

/// Where addresses are reserved for a limit, none may be above it.
#[test]
fn a_dense_runtime_refuses_what_it_has_no_addresses_for() -> Result<()> {
    let host = host(Profile::Dense, 4, Limits::default().memory(MEMORY))?;
    let program =
        host.wat(r#"(module (memory (export "memory") 1) (func (export "insula:entry/main")))"#)?;
    let spawn = |memory| {
        let limits = Limits::default().memory(memory);
        host.run(&program, SpawnOptions::new().limits(limits))
    };
    ensure!(spawn(MEMORY)? == ExitReason::Ended && spawn(1 << 16)? == ExitReason::Ended);
    for memory in [MEMORY + 1, Limits::NONE] {
        let refused = spawn(memory).err().context("it was spawned")?;
        ensure!(
            refused.downcast_ref() == Some(&SpawnError::DenseMemory(MEMORY)),
            "{refused}"
        );
    }
    for (profile, isolates, words) in [
        (Profile::Fast, 40_000, "`Profile::Dense` has room for more"),
        (Profile::Dense, 2_000_000, "lower `Limits::memory`"),
    ] {
        let started = Runtime::builder()
            .profile(profile)
            .max_isolates(isolates)
            .start();
        match started {
            Err(error @ StartError::Engine { .. }) => {
                ensure!(error.to_string().contains(words), "{error}");
            }
            other => bail!("{other:?}"),
        }
    }
    Ok(())
}

/// Code leaves out the checks that its own engine's memories do without.
#[test]
fn no_code_is_taken_from_another_profile() -> Result<()> {
    let folder = Folder::new("profiles")?;
    let wasm = wat::parse_str(
        r#"(module (memory (export "memory") 1) (func (export "insula:entry/main")))"#,
    )?;
    let dense = |memory| (Profile::Dense, Limits::default().memory(memory));
    let fast = (Profile::Fast, Limits::default());
    let smaller = (Profile::Fast, Limits::default().memory(1 << 20));
    let mut programs = Vec::new();
    for ((profile, limits), cached) in [
        (fast.clone(), false),
        (dense(MEMORY), false),
        (dense(2 * MEMORY), false),
        (fast, true),
        (smaller, true),
        (dense(MEMORY), true),
    ] {
        let cache = folder.path("cache");
        let builder = |builder: insula::RuntimeBuilder| {
            builder
                .profile(profile)
                .max_isolates(4)
                .limits(limits.clone())
                .cache(cache)
        };
        let host = Host::with(builder)?;
        let program = insula::Program::from_bytes(&host.runtime, &wasm)?;
        ensure!(program.is_from_cache() == cached, "{profile} {limits:?}");
        ensure!(host.run(&program, SpawnOptions::new())? == ExitReason::Ended);
        programs.push((host, program));
    }
    let (first, _) = &programs[0];
    for (_, program) in &programs[1..] {
        let refused = first.run(program, SpawnOptions::new()).err();
        let refused = refused.context("it was spawned")?;
        ensure!(
            matches!(
                refused.downcast_ref(),
                Some(SpawnError::OtherRuntime { .. })
            ),
            "{refused}"
        );
    }
    Ok(())
}
