//! What wasm itself costs: the same guest in raw wasmtime, without Insula. There is
//! no mailbox, no scheduler, no limit and no check of what the guest says.

mod guest;

use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use insula::Limits;
use wasmtime::error::Context;
use wasmtime::{Config, Engine, Module, Result};

use self::guest::{Guest, Template};
use crate::measurement::Measurement;
use crate::rows::Row;
use crate::timing::{each, kernels, nanos, one_by_one, over_and_over};
use crate::{guests, not_measured};

/// As many as a runtime has room for by default.
const ISOLATES: u32 = 10_000;

pub fn measure(row: &Row, size: u64) -> anyhow::Result<Measurement> {
    if !ROWS.contains(&row.name) {
        return Err(not_measured("it is nothing that wasm does alone"));
    }
    let module = guests::module("bench")?;
    of_module(row, size, &module).map_err(|error| anyhow!("{error:#}"))
}

const ROWS: [&str; 5] = ["round-trip", "bytes", "spawn", "spawn-host", "compute"];

fn of_module(row: &Row, size: u64, module: &Path) -> Result<Measurement> {
    let template = |engine: Engine, entry: &str| {
        let module = Module::from_file(&engine, module)?;
        Template::new(&module, entry)
    };
    let same = insula::internals::engine(ISOLATES, &Limits::default())?;
    match row.name {
        "round-trip" if size <= 8 => round_trip(&template(same, "echo_number")?, &guest::number()?),
        "round-trip" | "bytes" => {
            let bytes = guest::bytes(usize::try_from(size)?)?;
            round_trip(&template(same, "echo_bytes")?, &bytes)
        }
        "spawn" => spawn(&template(same, "greet")?),
        "spawn-host" => spawn_by_thread(template(same, "greet")?),
        // No epochs: what checking them costs is the question.
        _ => run_kernels(&template(Engine::new(&Config::new())?, "compute")?),
    }
}

/// Two instances that send each other what they get. The host copies it from one memory
/// to a buffer and from there to the other.
fn round_trip(template: &Template, message: &[u8]) -> Result<Measurement> {
    let mut sides = [template.instantiate()?, template.instantiate()?];
    let mut buffer = message.to_vec();
    let step = if message.len() > 4096 { 1 } else { 100 };
    over_and_over(step, || {
        for side in &mut sides {
            side.wake(&mut buffer)?;
        }
        Ok(())
    })
}

/// Instantiates, runs the entry, which sends a message, and drops it all, one after
/// another: whoever spawns one after another waits for all of it.
fn spawn(template: &Template) -> Result<Measurement> {
    let mut to_message = Vec::new();
    let samples = one_by_one(|| {
        let start = Instant::now();
        let guest = template.instantiate()?;
        let sent = guest.sent_at().context("it has sent nothing")?;
        drop(guest);
        to_message.push(nanos(sent - start));
        wasmtime::error::Ok(start.elapsed())
    })?;
    let mut measurement = each(&samples);
    let without_drop = each(&to_message).value;
    measurement
        .extra
        .insert("without_drop".to_owned(), without_drop.into());
    Ok(measurement)
}

/// The same on another thread, which is asked through a channel and answers through
/// another.
fn spawn_by_thread(template: Template) -> Result<Measurement> {
    let (ask, asked) = mpsc::channel::<()>();
    let (answer, answers) = mpsc::channel();
    let worker = thread::spawn(move || -> Result<()> {
        for () in asked {
            let guest: Guest = template.instantiate()?;
            guest.sent_at().context("it has sent nothing")?;
            answer.send(())?;
            drop(guest);
        }
        Ok(())
    });
    let samples = one_by_one(|| {
        let start = Instant::now();
        ask.send(())?;
        answers.recv_timeout(Duration::from_secs(10))?;
        wasmtime::error::Ok(start.elapsed())
    })?;
    drop(ask);
    worker.join().expect("the worker does not panic")?;
    Ok(each(&samples))
}

fn run_kernels(template: &Template) -> Result<Measurement> {
    let guest = template.instantiate()?;
    Ok(kernels(&guest.report()?.samples))
}
