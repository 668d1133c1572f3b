//! How programs are fetched.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use insula::{Limit, Limits};
use insula_policy::{Digest, PinnedProgram, parse_amount};

use super::found::FILE_BYTES;
use super::{Allowed, CacheFlags};
use crate::fetch::Fetch;

#[derive(Args)]
pub struct FetchFlags {
    /// Trusts the certificates in this PEM file too, when a program is fetched.
    ///
    /// Beside those whom the system trusts, or SSL_CERT_FILE.
    #[arg(long, value_name = "FILE", help_heading = "Where it comes from")]
    ca_file: Option<PathBuf>,
    /// How long nothing may come when a program is fetched.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "30s",
        value_parser = time,
        help_heading = "Where it comes from"
    )]
    fetch_timeout: Duration,
}

fn time(given: &str) -> Result<Duration> {
    // As limits of time are written.
    let milliseconds = parse_amount(Limit::Life, given)?;
    if milliseconds == 0 || milliseconds == Limits::NONE {
        bail!("it has to be some time, as in 30s");
    }
    Ok(Duration::from_millis(milliseconds))
}

impl FetchFlags {
    /// The bytes at an `https:` URI, which have this digest.
    pub fn fetch(
        &self,
        uri: &str,
        digest: Option<Digest>,
        cache: &CacheFlags,
        allowed: &Allowed,
    ) -> Result<Vec<u8>> {
        let fetch = Fetch {
            uri,
            digest,
            cache: cache.folder(),
            ca_file: self.ca_file.as_deref(),
            patience: self.fetch_timeout,
            most: allowed.limits.get(Limit::ProgramBytes).min(FILE_BYTES),
        };
        fetch.bytes()
    }

    /// Fetches what the program may spawn from `https:` URIs: before it runs, so that
    /// nothing in it decides what is asked for.
    pub fn fetch_granted(&self, cache: &CacheFlags, allowed: &mut Allowed) -> Result<()> {
        for PinnedProgram { uri, digest } in std::mem::take(&mut allowed.remote) {
            let module = self.fetch(&uri, Some(digest), cache, allowed);
            let module = module.context("what may be spawned is fetched first")?;
            let capabilities = std::mem::take(&mut allowed.capabilities);
            allowed.capabilities = capabilities.program(uri, module);
        }
        Ok(())
    }
}
