//! What a program may reach of the world outside.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use insula::Capabilities;

#[derive(Args)]
pub struct CapabilityFlags {
    /// Lets the program spawn others from here: a file: URI or a path, of a
    /// folder or of one file.
    #[arg(long, value_name = "URI")]
    grant_uri: Vec<String>,
}

impl CapabilityFlags {
    /// These capabilities and what the flags give.
    pub fn give(&self, capabilities: Capabilities) -> Result<Capabilities> {
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
