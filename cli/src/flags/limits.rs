//! What a program may use.

use anyhow::{Context, Result, bail};
use clap::Args;
use insula::{Limit, Limits, Unit};
use insula_policy::{parse_amount, parse_setting, write_amount};

use crate::likely;

#[derive(Args)]
pub struct LimitFlags {
    /// Sets a limit, as in `--limit memory=16MiB` or `--limit turn_cpu=500ms`; `none`
    /// turns it off.
    #[arg(long, value_name = "NAME=VALUE", help_heading = "What it may use", long_help = long_help())]
    limit: Vec<String>,
    /// Sets a limit by the name that `wasmtime run` has for it.
    ///
    /// `max-memory-size` is `memory`, `max-table-elements` is `table_elements`,
    /// `max-wasm-stack` is `wasm_stack`, and `timeout` is `life`.
    #[arg(
        short = 'W',
        long = "wasm",
        value_name = "NAME=VALUE",
        help_heading = "What it may use"
    )]
    wasm: Vec<String>,
}

/// What `wasmtime run -W` calls a limit that means the same.
const WASM: [(&str, Limit); 4] = [
    ("max-memory-size", Limit::Memory),
    ("max-table-elements", Limit::TableElements),
    ("max-wasm-stack", Limit::WasmStack),
    ("timeout", Limit::Life),
];

/// With every limit there is.
fn long_help() -> String {
    let defaults = Limits::default();
    let limits = Limit::ALL.iter().map(|limit| {
        let value = write_amount(*limit, defaults.get(*limit));
        let name = limit.option();
        format!("  {name:<20} {:<8} {}", value, limit.what())
    });
    let limits: Vec<_> = limits.collect();
    format!(
        "Sets a limit, as in `--limit memory=16MiB` or `--limit turn_cpu=500ms`; `none` turns \
         it off. There is, with its default, the most\n{}",
        limits.join("\n")
    )
}

impl LimitFlags {
    /// As they were given, for another command that takes them.
    pub fn words(&self) -> Vec<String> {
        let own = self.limit.iter().map(|given| ["--limit", given]);
        let wasm = self.wasm.iter().map(|given| ["-W", given]);
        wasm.chain(own).flatten().map(str::to_owned).collect()
    }

    /// The limits that the flags set, in their order.
    pub fn read(&self) -> Result<Vec<(Limit, u64)>> {
        let own = self.limit.iter();
        let own = own.map(|limit| parse_setting(limit).with_context(|| format!("--limit {limit}")));
        let wasm = self.wasm.iter();
        let wasm = wasm.map(|given| wasm_setting(given).with_context(|| format!("-W {given}")));
        wasm.chain(own).collect()
    }
}

fn wasm_setting(given: &str) -> Result<(Limit, u64)> {
    let (name, value) = given.split_once('=').context("it has to be NAME=VALUE")?;
    if name == "fuel" {
        bail!(
            "turns are limited by time and not by instructions: `--limit turn_cpu=500ms` for each, \
             `--limit cpu=..` for all of an isolate's"
        );
    }
    let names = WASM.map(|(name, _)| name);
    let limit = WASM.iter().find(|(known, _)| *known == name);
    let (_, limit) = limit.with_context(|| {
        let meant = likely::meant(name, &names);
        let names = names.join(", ");
        format!(
            "no limit is called so here{meant}; there is {names}, and every limit with `--limit`"
        )
    })?;
    // A time without a unit is one of seconds there.
    let is_time = limit.unit() == Unit::Milliseconds;
    let value = match is_time && value.bytes().all(|byte| byte.is_ascii_digit()) {
        true => format!("{value}s"),
        false => value.to_owned(),
    };
    Ok((*limit, parse_amount(*limit, &value)?))
}
