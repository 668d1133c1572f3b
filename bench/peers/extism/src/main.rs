//! What Extism takes for each row: `insula-peer-extism PLUGIN ROW SIZE` measures once
//! and prints a line of JSON.
//!
//! A plugin that is made from a compiled one is Extism's isolated instance, and a call
//! of a function it exports is how a host talks to it.

mod measure;

use std::time::Duration;

use anyhow::{Context, bail};
use extism::{CompiledPlugin, Manifest, Plugin, PluginBuilder, Wasm};
use extism_convert::Msgpack;
use serde::{Deserialize, Serialize};

use measure::{batches, distribution, mappings, resident, singles, singles_for, time};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, plugin, row, rest @ ..] = arguments.as_slice() else {
        bail!("what to measure?");
    };
    let size = rest.first().map_or(Ok(0), |size| size.parse())?;
    let plugin = Manifest::new([Wasm::file(plugin)]);
    let compiled = PluginBuilder::new(plugin).with_cache_disabled().compile()?;
    match row.as_str() {
        "round-trip" if size == 8 => round_trip(&compiled),
        "round-trip" => round_trip_bytes(&compiled, size),
        "spawn" => spawn(&compiled),
        "spawn-cold" => spawn_cold(&compiled),
        "spawn-rate" => spawn_rate(&compiled, size),
        "bytes" => bytes(&compiled, size),
        "nested" => nested(&compiled, size),
        "idle-memory" => idle(&compiled, size, "bytes", resident),
        "mappings" => idle(&compiled, size, "mappings", mappings),
        "beside-loops" => beside_loops(&compiled, size),
        row => bail!("no row is called {row}"),
    }
}

/// A new plugin, and its first call answered: before that it is not instantiated.
fn fresh(compiled: &CompiledPlugin) -> anyhow::Result<Plugin> {
    let mut plugin = Plugin::new_from_compiled(compiled)?;
    add(&mut plugin)?;
    Ok(plugin)
}

fn add(plugin: &mut Plugin) -> anyhow::Result<()> {
    let sum: u64 = plugin.call("add", 1u64)?;
    anyhow::ensure!(sum == 2);
    Ok(())
}

fn round_trip(compiled: &CompiledPlugin) -> anyhow::Result<()> {
    let mut plugin = fresh(compiled)?;
    batches(100, 1_000, |times| {
        (0..times).try_for_each(|_| add(&mut plugin))
    })
}

fn round_trip_bytes(compiled: &CompiledPlugin, size: u64) -> anyhow::Result<()> {
    let mut plugin = fresh(compiled)?;
    let message = vec![b'x'; size as usize];
    batches(100, 1_000, |times| {
        (0..times).try_for_each(|_| echo(&mut plugin, &message))
    })
}

/// The answer is borrowed from the plugin, so nothing is copied that need not be.
fn echo(plugin: &mut Plugin, message: &[u8]) -> anyhow::Result<()> {
    let back: &[u8] = plugin.call("echo", message)?;
    anyhow::ensure!(back.len() == message.len());
    Ok(())
}

/// Dropping the plugin is not timed, as nobody waits for it.
fn spawn(compiled: &CompiledPlugin) -> anyhow::Result<()> {
    let mut last = None;
    for _ in 0..200 {
        last = Some(fresh(compiled)?);
    }
    let mut times = Vec::new();
    for _ in 0..5_000 {
        drop(last.take());
        times.push(time(|| {
            last = Some(fresh(compiled)?);
            Ok(())
        })?);
    }
    distribution(times)
}

/// None is dropped, so no memory is used a second time.
fn spawn_cold(compiled: &CompiledPlugin) -> anyhow::Result<()> {
    let mut plugins = Vec::new();
    singles(2_000, || {
        plugins.push(fresh(compiled)?);
        Ok(())
    })
}

fn spawn_rate(compiled: &CompiledPlugin, size: u64) -> anyhow::Result<()> {
    batches((5_000 / size).max(3), size, |size| {
        let plugins: Result<Vec<_>, _> = (0..size).map(|_| fresh(compiled)).collect();
        plugins.map(drop)
    })
}

fn bytes(compiled: &CompiledPlugin, size: u64) -> anyhow::Result<()> {
    let mut plugin = fresh(compiled)?;
    let message = vec![b'x'; size as usize];
    (0..5).try_for_each(|_| echo(&mut plugin, &message))?;
    singles((200_000_000 / size).clamp(10, 2_000), || {
        echo(&mut plugin, &message)
    })
}

#[derive(Serialize, Deserialize)]
struct Item {
    id: u64,
    name: String,
    tags: Vec<String>,
    pos: Position,
}

#[derive(Serialize, Deserialize)]
struct Position {
    x: f64,
    y: f64,
}

/// MessagePack is the fastest of the encodings that Extism brings for such data.
fn nested(compiled: &CompiledPlugin, size: u64) -> anyhow::Result<()> {
    let mut plugin = fresh(compiled)?;
    let item = |id| Item {
        id,
        name: format!("item number {id}"),
        tags: ["red", "large", "fragile"].map(String::from).to_vec(),
        pos: Position {
            x: id as f64 * 0.5,
            y: id as f64 * 0.25,
        },
    };
    let mut items = Some((1..=size).map(item).collect::<Vec<_>>());
    let mut trip = || {
        let message = Msgpack(items.take().context("came back")?);
        let Msgpack(back) = plugin.call("echo_items", message)?;
        items = Some(back);
        Ok(())
    };
    (0..5).try_for_each(|_| trip())?;
    singles(50, trip)
}

fn idle(
    compiled: &CompiledPlugin,
    size: u64,
    unit: &str,
    look: fn() -> anyhow::Result<f64>,
) -> anyhow::Result<()> {
    let mut plugins: Vec<_> = (0..10).map(|_| fresh(compiled)).collect::<Result<_, _>>()?;
    let before = look()?;
    for _ in 0..size {
        plugins.push(fresh(compiled)?);
    }
    let value = (look()? - before) / size as f64;
    println!(r#"{{"unit":"{unit}","value":{value:.1},"n":{size}}}"#);
    Ok(())
}

/// Each loop has a thread: Extism leaves it to its host, and so to the system, who runs.
fn beside_loops(compiled: &CompiledPlugin, size: u64) -> anyhow::Result<()> {
    let mut plugin = fresh(compiled)?;
    for _ in 0..size {
        let mut looping = fresh(compiled)?;
        std::thread::spawn(move || looping.call::<(), ()>("endless", ()));
    }
    std::thread::sleep(Duration::from_millis(200));
    singles_for(Duration::from_secs(5), || add(&mut plugin))?;
    // The loops never end.
    std::process::exit(0);
}
