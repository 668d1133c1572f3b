//! What the worst functions that are admitted cost to compile, in time and memory,
//! beside ordinary code of as many bytes: what the bounds in `runtime/src/program`
//! rest on. It decides nothing, so it runs only when asked for:
//!
//! `cargo test --test hostile compile_cost -- --ignored --nocapture`

use std::time::{Duration, Instant};

use anyhow::Result;
use insula::{Limits, Program, Runtime};
use insula_tests::{Folder, guests};

use super::bytes::{module, number};

/// The largest body that is admitted.
const BODY: usize = 512 << 10;

/// The most work that one body may be.
const WORK: usize = 8 << 20;

/// The most blocks and branches of one body.
const FORKS: usize = 16_384;

/// The most loops of one body, and inside of each other.
const LOOPS: usize = 2_048;
const DEPTH: usize = 64;

#[test]
#[ignore = "it measures, and takes minutes"]
fn compile_cost() -> Result<()> {
    let runtime = Runtime::builder()
        .max_isolates(1)
        .limits(Limits::default().compile_time(Limits::NONE))
        .start()?;
    let ordinary = ordinary();
    let (base, _) = cost(&runtime, &ordinary)?;
    println!(
        "{:<44} {:>9} {:>8} {:>7} {:>9}",
        "", "bytes", "ms", "ratio", "peak MiB"
    );
    for (what, locals, body) in bodies() {
        let module = module(&[(locals, body)]);
        let (time, peak) = match cost(&runtime, &module) {
            Ok(cost) => cost,
            Err(error) => {
                println!("{what:<44} {:>9} {error}", module.len());
                continue;
            }
        };
        let share = module.len() as f64 / ordinary.len() as f64;
        let ratio = time.as_secs_f64() / (base.as_secs_f64() * share);
        let (ms, mib) = (time.as_millis(), peak >> 20);
        println!(
            "{what:<44} {:>9} {ms:>8} {ratio:>7.1} {mib:>9}",
            module.len()
        );
    }
    Ok(())
}

/// Ends a loop with a way back to its beginning.
const BACK: [u8; 5] = [0x20, 0, 0x0d, 0, 0x0b];

/// So many loops inside of each other, around this.
fn nest(depth: usize, inner: Vec<u8>, end: &[u8]) -> Vec<u8> {
    [[0x03, 0x40].repeat(depth), inner, end.repeat(depth)].concat()
}

/// Ordinary code: many functions that load, compute, branch and store.
fn ordinary() -> Vec<u8> {
    // local.get 0, i32.load, local.get 1, i32.add, local.tee 2, if, local.get 2,
    // local.set 1, end, local.get 0, local.get 1, i32.store
    let part = [
        0x20, 0, 0x28, 2, 0, 0x20, 1, 0x6a, 0x22, 2, 0x04, 0x40, 0x20, 2, 0x21, 1, 0x0b, 0x20, 0,
        0x20, 1, 0x36, 2, 0,
    ];
    let body = part.repeat(20);
    let functions = vec![(3, body); BODY / (part.len() * 20)];
    module(&functions)
}

/// Bodies that cost more than they look like, with their locals.
fn bodies() -> Vec<(&'static str, usize, Vec<u8>)> {
    let get = |local: usize| [&[0x20][..], &number(local)].concat();
    let set = |local: usize| [&[0x21][..], &number(local)].concat();
    let gets = |count: usize| -> Vec<u8> {
        (0..count)
            .flat_map(|local| [get(local), vec![0x1a]].concat())
            .collect()
    };
    let sets = |count: usize| -> Vec<u8> {
        (0..count)
            .flat_map(|local| [vec![0x41, 8, 0x28, 2, 0], set(local)].concat())
            .collect()
    };
    let sums = |count: usize| -> Vec<u8> {
        let mut sum = get(0);
        for local in 1..count {
            sum.extend(get(local));
            sum.push(0x6a);
        }
        [&[0x41, 8][..], &sum, &[0x36, 2, 0]].concat()
    };
    let wide = |locals: usize| WORK / locals * 9 / 10 - 64;
    // Straight lines.
    let mut all = vec![(
        "a line of additions",
        2,
        [
            &[0x20, 0][..],
            &[0x20, 1, 0x6a].repeat(BODY / 3 - 2),
            &[0x1a],
        ]
        .concat(),
    )];
    all.push((
        "a line of loads and stores",
        2,
        [0x20, 0, 0x20, 1, 0x28, 2, 0, 0x36, 2, 0].repeat(BODY / 10 - 1),
    ));
    all.push(("calls of itself", 2, [0x10, 0].repeat(BODY / 2 - 8)));
    all.push((
        "divisions",
        2,
        [0x20, 0, 0x20, 1, 0x6d, 0x21, 0].repeat(BODY / 7 - 2),
    ));
    all.push(("forks", 2, [0x20, 0, 0x04, 0x40, 0x0b].repeat(FORKS)));
    all.push((
        "loops one after another",
        2,
        [0x03, 0x40, 0x20, 0, 0x0d, 0, 0x0b].repeat(LOOPS),
    ));
    let depth = FORKS;
    all.push((
        "blocks in blocks",
        2,
        [[0x02, 0x40].repeat(depth), vec![0x0b; depth]].concat(),
    ));
    all.push((
        "loops in loops",
        2,
        nest(DEPTH, Vec::new(), &[0x0b]).repeat(LOOPS / DEPTH),
    ));
    all.push((
        "loops in loops, with ways back",
        2,
        nest(DEPTH, Vec::new(), &BACK).repeat(LOOPS / DEPTH),
    ));

    // Tables of targets.
    let targets = FORKS - 1;
    let mut table = [0x02, 0x40].repeat(targets);
    table.extend([0x20, 0, 0x0e]);
    table.extend(number(targets - 1));
    table.extend((0..targets).flat_map(number));
    table.extend(vec![0x0b; targets]);
    all.push(("a table of as many blocks", 2, table));
    let mut tables = [0x02, 0x40].repeat(1_000);
    for _ in 0..230 {
        tables.extend([0x02, 0x40, 0x20, 0, 0x0e]);
        tables.extend(number(1_000));
        tables.extend((0..=1_000).flat_map(number));
        tables.push(0x0b);
    }
    tables.extend(vec![0x0b; 1_000]);
    all.push(("tables of 1,000 blocks", 2, tables));

    // Many values alive at once.
    let many = 40_000;
    let mut live = [0x20, 0, 0x28, 2, 0].repeat(many);
    live.extend([0x6a].repeat(many - 1));
    live.push(0x1a);
    all.push(("40,000 values at once", 2, live));
    let mut live = [0x20, 0, 0x28, 2, 0].repeat(many);
    live.extend([0x10, 0].repeat(100_000));
    live.extend([0x6a].repeat(many - 1));
    live.push(0x1a);
    all.push(("40,000 values across 100,000 calls", 2, live));

    // Locals times forks.
    for (what, locals) in [
        ("10,000 locals across forks", 10_000),
        ("1,000 locals across forks", 1_000),
        ("200 locals across forks", 200),
    ] {
        let forks = wide(locals).min(FORKS).min((BODY - locals * 14) / 5 - 2);
        let fork = [0x20, 0, 0x04, 0x40, 0x0b];
        all.push((
            what,
            locals,
            [sets(locals), fork.repeat(forks), sums(locals)].concat(),
        ));
    }
    for (what, locals, depth) in [
        ("10,000 locals in 16 loops in loops", 10_000, 16),
        ("1,000 locals in 64 loops in loops", 1_000, 64),
        ("200 locals in 64 loops in loops", 200, 64),
    ] {
        let used = [gets(locals), sums(locals)].concat();
        let nests = WORK / 10 * 8 / (locals * (2 + depth / 4)) / depth;
        let room = BODY / (used.len() + 7 * depth);
        let nested = nest(depth, used, &BACK).repeat(nests.min(room).min(LOOPS / depth));
        all.push((what, locals, nested));
    }
    for (what, locals, depth) in [
        ("1,000 locals set in 64 loops in loops", 1_000, 64),
        ("200 locals set in 64 loops in loops", 200, 64),
    ] {
        let used = [sets(locals), sums(locals)].concat();
        let nests = WORK / 10 * 8 / (locals * (2 + depth / 4)) / depth;
        let room = BODY / (used.len() + 7 * depth);
        let nested = nest(depth, used, &BACK).repeat(nests.min(room).min(LOOPS / depth));
        all.push((what, locals, nested));
    }
    // Each fork sets other locals, so that each place where they meet keeps both.
    let locals = 1_000;
    let mut meet = sets(locals);
    let mut forks = 0;
    while meet.len() < BODY - 8 * locals && forks < wide(locals).min(FORKS) {
        meet.extend([0x20, 0, 0x04, 0x40, 0x41, 1]);
        meet.extend(set(forks % locals));
        meet.push(0x0b);
        forks += 1;
    }
    meet.extend(sums(locals));
    all.push(("1,000 locals that differ across forks", locals, meet));
    all
}

/// The time that compiling takes, and by how much memory grows meanwhile.
fn cost(runtime: &Runtime, module: &[u8]) -> Result<(Duration, u64)> {
    let (before, start) = (resident(true), cpu_time());
    Program::from_bytes(runtime, module)?;
    let time = cpu_time().saturating_sub(start);
    Ok((time, resident(false).saturating_sub(before)))
}

/// What the process has used of the CPU, so that others do not count.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    // `utime` and `stime`, in hundredths of a second.
    let ticks = fields
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

/// The most bytes that were resident since it was last reset; 0 where the system
/// does not say.
fn resident(reset: bool) -> u64 {
    if reset {
        let _ = std::fs::write("/proc/self/clear_refs", "5");
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.unwrap_or(0) << 10
}

/// What a program costs that is in the cache, beside one that is compiled.
///
/// `cargo test --test hostile cache_cost -- --ignored --nocapture`
#[test]
#[ignore = "it measures"]
fn cache_cost() -> Result<()> {
    const TIMES: usize = 21;
    let folder = Folder::new("cache-cost")?;
    let start = |cached| {
        let builder = Runtime::builder().max_isolates(1);
        let builder = match cached {
            true => builder.cache(folder.path("cache")),
            false => builder,
        };
        builder.start()
    };
    let (with, without) = (start(true)?, start(false)?);
    for guest in [guests::HELLO, guests::URI, guests::SUPERVISED] {
        Program::from_file(&with, guest)?;
        let median = |runtime| -> Result<Duration> {
            let mut times = Vec::new();
            for _ in 0..TIMES {
                let start = Instant::now();
                Program::from_file(runtime, guest)?;
                times.push(start.elapsed());
            }
            times.sort();
            Ok(times[TIMES / 2])
        };
        let (load, compile) = (median(&with)?, median(&without)?);
        let ratio = compile.as_secs_f64() / load.as_secs_f64();
        println!("{guest}: {load:?} and {compile:?}, {ratio:.0} times as long");
    }
    Ok(())
}
