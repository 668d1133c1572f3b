//! What a program may use and reach, from a policy file and from flags.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use insula::{Capabilities, Limit, Limits, Runtime, SpawnOptions};
use insula_policy::{PinnedProgram, Policy};
use serde::Serialize;

use super::{CapabilityFlags, LimitFlags};

#[derive(Args)]
pub struct AllowedFlags {
    /// What the program may use and reach, from a policy file.
    ///
    /// Other flags go before what it says, or add to it. `insula schema` prints the JSON
    /// Schema of such files.
    #[arg(long, value_name = "FILE", help_heading = "What it may use")]
    policy: Option<PathBuf>,
    #[command(flatten)]
    limits: LimitFlags,
    #[command(flatten)]
    capabilities: CapabilityFlags,
}

/// What a program may use and reach, and who said so.
pub struct Allowed {
    pub policy: Policy,
    pub limits: Limits,
    pub capabilities: Capabilities,
    /// Programs that may be spawned once they are fetched.
    pub remote: Vec<PinnedProgram>,
    by_flag: Vec<Limit>,
}

/// Where a setting comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Default,
    Policy,
    Flag,
}

impl Source {
    pub fn name(self) -> &'static str {
        match self {
            Source::Default => "default",
            Source::Policy => "policy",
            Source::Flag => "flag",
        }
    }
}

impl AllowedFlags {
    pub fn read(&self) -> Result<Allowed> {
        self.read_over(Limits::default())
    }

    /// With other limits than the default ones where neither says anything.
    pub fn read_over(&self, limits: Limits) -> Result<Allowed> {
        let policy = match &self.policy {
            Some(file) => Policy::from_file(file)?,
            None => Policy::default(),
        };
        let settings = self.limits.read()?;
        let limits = settings
            .iter()
            .fold(policy.limits(limits), |limits, (limit, value)| {
                limits.with(*limit, *value)
            });
        let capabilities = policy.capabilities(Capabilities::default());
        Ok(Allowed {
            capabilities: self.capabilities.give(capabilities)?,
            remote: policy
                .pinned_programs()
                .cloned()
                .chain(self.capabilities.remote()?)
                .collect(),
            limits,
            by_flag: settings.into_iter().map(|(limit, _)| limit).collect(),
            policy,
        })
    }
}

impl Allowed {
    /// How to spawn the program in a runtime that was made with these limits.
    pub fn spawn_options<'a>(&self, runtime: &Runtime) -> SpawnOptions<'a> {
        self.policy
            .spawn_options(runtime)
            .limits(self.limits.clone())
            .capabilities(self.capabilities.clone())
    }

    /// Who said what a limit is.
    pub fn source(&self, limit: Limit) -> Source {
        if self.by_flag.contains(&limit) {
            Source::Flag
        } else if self.policy.limit(limit).is_some() {
            Source::Policy
        } else {
            Source::Default
        }
    }
}
