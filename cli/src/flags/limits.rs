//! What a program may use.

use anyhow::{Context, Result};
use clap::Args;
use insula::Limit;
use insula_policy::parse_setting;

#[derive(Args)]
pub struct LimitFlags {
    /// Sets a limit, as in `--limit memory=16MiB` or `--limit turn_cpu=500ms`; `none`
    /// turns it off.
    #[arg(long, value_name = "NAME=VALUE")]
    limit: Vec<String>,
}

impl LimitFlags {
    /// The limits that the flags set, in their order.
    pub fn read(&self) -> Result<Vec<(Limit, u64)>> {
        let settings = self.limit.iter();
        settings
            .map(|limit| parse_setting(limit).with_context(|| format!("--limit {limit}")))
            .collect()
    }
}
