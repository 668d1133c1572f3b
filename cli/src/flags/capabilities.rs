//! What a program may reach of the world outside.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use insula::{Capabilities, ClockAccess, Random};

#[derive(Args)]
pub struct CapabilityFlags {
    /// Lets the program spawn others from here: a file: URI or a path, of a
    /// folder or of one file.
    #[arg(long, value_name = "URI")]
    grant_uri: Vec<String>,
    /// What guests' clocks show: off, coarse (whole milliseconds, the default),
    /// real, frozen (within a turn), or virtual (on when nothing else is left to do).
    #[arg(long)]
    clock: Option<ClockAccess>,
    /// What guests' random numbers are: off, real (the default), or the same at
    /// each run for a seed, a number.
    #[arg(long, value_name = "RANDOM")]
    random: Option<Random>,
}

impl CapabilityFlags {
    /// These capabilities and what the flags give.
    pub fn give(&self, mut capabilities: Capabilities) -> Result<Capabilities> {
        if let Some(clock) = self.clock {
            capabilities = capabilities.clock(clock);
        }
        if let Some(random) = self.random {
            capabilities = capabilities.random(random);
        }
        self.grant_uri
            .iter()
            .try_fold(capabilities, |capabilities, uri| {
                Ok(capabilities.programs(as_uri(uri)?))
            })
    }
}

/// A path as a URI; a URI as it is.
fn as_uri(given: &str) -> Result<String> {
    if given.starts_with("file:") {
        return Ok(given.to_owned());
    }
    let path: PathBuf = Path::new(given)
        .canonicalize()
        .with_context(|| format!("--grant-uri {given}"))?;
    insula::file_uri(&path)
        .with_context(|| format!("--grant-uri {given}: it cannot be said as a URI"))
}
