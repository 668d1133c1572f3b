//! What a program may use.

use anyhow::{Context, Result};
use clap::Args;
use insula::Limits;

#[derive(Args)]
pub struct LimitFlags {
    /// Sets a limit, as in `--limit memory=16MiB` or `--limit turn_cpu=500`.
    #[arg(long, value_name = "NAME=VALUE")]
    limit: Vec<String>,
}

impl LimitFlags {
    /// These limits with what the flags say in place.
    pub fn set(&self, limits: Limits) -> Result<Limits> {
        self.limit.iter().try_fold(limits, |limits, limit| {
            set_limit(limits, limit).with_context(|| format!("--limit {limit}"))
        })
    }
}

fn set_limit(limits: Limits, limit: &str) -> Result<Limits> {
    let (name, value) = limit.split_once('=').context("it has to be NAME=VALUE")?;
    let value = parse_amount(value).with_context(|| format!("`{value}` is no amount"))?;
    let names = || Limits::names().collect::<Vec<_>>().join(", ");
    limits
        .set(name, value)
        .with_context(|| format!("there is no limit `{name}`; there is {}", names()))
}

/// A number, with KiB, MiB or GiB behind it where it counts bytes.
fn parse_amount(text: &str) -> Option<u64> {
    let (number, shift) = [("KiB", 10), ("MiB", 20), ("GiB", 30)]
        .into_iter()
        .find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, shift)))
        .unwrap_or((text, 0));
    let number: u64 = number.trim().parse().ok()?;
    number.checked_mul(1 << shift)
}
