//! What a program may use.

use anyhow::{Context, Result};
use clap::Args;
use insula::{Limit, Limits};
use insula_policy::{parse_setting, write_amount};

#[derive(Args)]
pub struct LimitFlags {
    /// Sets a limit, as in `--limit memory=16MiB` or `--limit turn_cpu=500ms`; `none`
    /// turns it off.
    #[arg(long, value_name = "NAME=VALUE", help_heading = "What it may use", long_help = long_help())]
    limit: Vec<String>,
}

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
    /// As they were given.
    pub fn given(&self) -> &[String] {
        &self.limit
    }

    /// The limits that the flags set, in their order.
    pub fn read(&self) -> Result<Vec<(Limit, u64)>> {
        let settings = self.limit.iter();
        settings
            .map(|limit| parse_setting(limit).with_context(|| format!("--limit {limit}")))
            .collect()
    }
}
