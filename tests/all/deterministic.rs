//! A run is the same for a seed, byte for byte: what is printed by whom, how each
//! isolate ends, and the events, in their order.

use std::hint::black_box;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::{Result, ensure};
use insula::{Capabilities, Line, Program, Random, Runtime, SpawnOptions};
use insula_tests::{Folder, in_time};

use crate::guests;

/// Runs whose programs are compiled once.
struct Runs(Folder);

impl Runs {
    fn new(name: &str) -> Result<Self> {
        Ok(Runs(Folder::new(name)?))
    }

    fn chance(&self, seed: u64) -> Result<String> {
        self.trace(seed, guests::CHANCE, SpawnOptions::new)
    }

    fn trace(
        &self,
        seed: u64,
        module: &str,
        options: impl FnOnce() -> SpawnOptions<'static> + Send + 'static,
    ) -> Result<String> {
        trace(&self.0.path("cache"), seed, module, options)
    }
}

/// All that a run tells.
fn trace(
    cache: &Path,
    seed: u64,
    module: &str,
    options: impl FnOnce() -> SpawnOptions<'static> + Send + 'static,
) -> Result<String> {
    let told = Arc::new(Mutex::new(String::new()));
    let tell = |told: &Mutex<String>, what: String| {
        *told.lock().expect("no panic") += &(what + "\n");
    };
    let (for_lines, for_exits) = (told.clone(), told.clone());
    let runtime = Runtime::builder()
        .max_isolates(200)
        .output(move |line: &Line<'_>| {
            let line = format!("{} {:?}: {}", line.isolate, line.stream, line.text);
            tell(&for_lines, line);
        })
        .on_exit(move |name, reason| tell(&for_exits, format!("{name} {reason:?}")))
        .cache(cache)
        .deterministic(seed)
        .start()?;
    let events = runtime.events();
    let program = Program::from_file(&runtime, module)?;
    in_time(move || runtime.run_group(&program, options()))?;
    for event in events {
        tell(&told, format!("{event:?}"));
    }
    let told = told.lock().expect("no panic").clone();
    Ok(told)
}

/// Says where two traces part, in place of all that they tell.
fn same(first: &str, second: &str) -> Result<()> {
    let mut lines = first.lines().zip(second.lines()).enumerate();
    if let Some((line, (one, other))) = lines.find(|(_, (one, other))| one != other) {
        anyhow::bail!("they part in line {line}:\n{one}\n{other}");
    }
    ensure!(first == second, "one ends before the other");
    Ok(())
}

const SEEDS: std::ops::Range<u64> = 0..4;

#[test]
fn a_seed_gives_the_same_trace_each_time() -> Result<()> {
    let runs = Runs::new("deterministic-same")?;
    let mut all = String::new();
    for seed in SEEDS {
        let first = runs.chance(seed)?;
        for _ in 0..10 {
            same(&first, &runs.chance(seed)?)?;
        }
        all += &first;
    }
    // All that could have gone another way was there to do so.
    for word in [
        "hears of",
        "kills",
        "Killed",
        "Panicked",
        "is born",
        "SendPort",
        "has taken step 19",
    ] {
        ensure!(all.contains(word), "nothing says {word:?}:\n{all}");
    }
    Ok(())
}

#[test]
fn other_seeds_give_other_traces() -> Result<()> {
    let runs = Runs::new("deterministic-others")?;
    let traces = SEEDS.map(|seed| runs.chance(seed));
    let traces = traces.collect::<Result<Vec<_>>>()?;
    for (place, one) in traces.iter().enumerate() {
        ensure!(!traces[..place].contains(one), "seed {place} is no other");
    }
    Ok(())
}

/// Also where the guest is told the same random numbers: it is the order in which
/// isolates run that differs.
#[test]
fn other_seeds_give_other_orders() -> Result<()> {
    let runs = Runs::new("deterministic-orders")?;
    let options =
        || SpawnOptions::new().capabilities(Capabilities::default().random(Random::Seeded(1)));
    let first = runs.trace(0, guests::CHANCE, options)?;
    same(&first, &runs.trace(0, guests::CHANCE, options)?)?;
    for seed in 1..10 {
        if runs.trace(seed, guests::CHANCE, options)? != first {
            return Ok(());
        }
    }
    anyhow::bail!("ten seeds give one order");
}

#[test]
fn a_busy_machine_changes_nothing() -> Result<()> {
    let runs = Runs::new("deterministic-busy")?;
    let first = runs.chance(7)?;
    let busy = Arc::new(AtomicBool::new(true));
    let threads = [(); 2].map(|()| {
        let busy = busy.clone();
        thread::spawn(move || {
            while busy.load(Ordering::Relaxed) {
                black_box(0);
            }
        })
    });
    let again: Result<Vec<_>> = (0..10).map(|_| runs.chance(7)).collect();
    busy.store(false, Ordering::Relaxed);
    for thread in threads {
        thread.join().expect("no panic");
    }
    for again in again? {
        same(&first, &again)?;
    }
    Ok(())
}

/// What a host does beside it is in other runs than this one's.
#[test]
fn other_runtimes_of_the_process_change_nothing() -> Result<()> {
    let runs = Arc::new(Runs::new("deterministic-beside")?);
    let first = runs.chance(3)?;
    let others = [(); 2].map(|()| {
        let runs = runs.clone();
        thread::spawn(move || runs.chance(4))
    });
    let again = runs.chance(3);
    for other in others {
        other.join().expect("no panic")?;
    }
    same(&first, &again?)
}

#[test]
fn programs_from_uris_are_loaded_in_the_same_place_each_time() -> Result<()> {
    let runs = Runs::new("deterministic-uris")?;
    let module = runs.0.copy(guests::URI, "programs/uri.wasm")?;
    runs.0.copy(guests::SHOUT, "programs/shout.wasm")?;
    let granted = runs.0.uri("programs");
    let module = module.to_string_lossy().into_owned();
    let run = || {
        let granted = granted.clone();
        runs.trace(5, &module, move || SpawnOptions::new().grant_uri(granted))
    };
    let first = run()?;
    ensure!(first.contains("HELLO FROM ANOTHER PROGRAM"), "{first}");
    for _ in 0..4 {
        same(&first, &run()?)?;
    }
    Ok(())
}
