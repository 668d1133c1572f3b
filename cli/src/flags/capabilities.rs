//! What a program may reach of the world outside.

use std::env::VarError;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use insula::{Capabilities, ClockAccess, DirGrant, Random, Stdin};
use insula_policy::PinnedProgram;

use crate::fetch;

/// What the help calls these.
const REACH: &str = "What it may reach";

#[derive(Args)]
pub struct CapabilityFlags {
    /// Lets the program see a folder of the host's.
    ///
    /// It calls it GUEST (HOST unless given), and may change what is in it unless `::ro`
    /// is behind it.
    #[arg(help_heading = REACH, long, value_name = "HOST[::GUEST][::ro]")]
    dir: Vec<DirGrant>,
    /// Sets a variable in the program's environment; without a value, as it is here.
    #[arg(help_heading = REACH, long, value_name = "NAME[=VALUE]")]
    env: Vec<String>,
    /// Lets the program's first isolate read from standard input.
    #[arg(help_heading = REACH, long)]
    stdin: bool,
    /// Lets the program spawn others from here.
    ///
    /// A file: URI or a path, of a folder or of one file; or an https: URI with the
    /// program's digest behind it, as in https://HOST/PATH#sha256:.., which is fetched
    /// before the program runs.
    #[arg(help_heading = REACH, long, value_name = "URI")]
    grant_uri: Vec<String>,
    /// What guests' clocks show: off, coarse, real, frozen or virtual.
    ///
    /// Coarse ones show whole milliseconds and are the default, frozen ones stand still
    /// within a turn, virtual ones go on when nothing else is left to do.
    #[arg(help_heading = REACH, long)]
    clock: Option<ClockAccess>,
    /// What guests' random numbers are: off, real (the default), or of a seed.
    ///
    /// For a seed, a number, they are the same at each run.
    #[arg(help_heading = REACH, long, value_name = "RANDOM")]
    random: Option<Random>,
    /// The program's arguments.
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<String>,
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
        for dir in &self.dir {
            capabilities = capabilities.dir(&dir.host, &dir.guest, dir.access);
        }
        for variable in &self.env {
            let (name, value) = read_variable(variable)?;
            capabilities = capabilities.env(name, value);
        }
        for argument in &self.arguments {
            capabilities = capabilities.arg(argument);
        }
        let local = self.grant_uri.iter();
        for uri in local.filter(|uri| !fetch::is_remote(uri)) {
            capabilities = capabilities.programs(as_uri(uri)?);
        }
        if self.stdin {
            capabilities = capabilities.stdin(Stdin::Inherit);
        }
        Ok(capabilities)
    }
}

impl CapabilityFlags {
    /// What is to be granted and is not here.
    pub fn remote(&self) -> Result<Vec<PinnedProgram>> {
        let remote = self.grant_uri.iter();
        let remote = remote.filter(|uri| fetch::is_remote(uri));
        remote
            .map(|given| given.parse().context("--grant-uri"))
            .collect()
    }
}

fn read_variable(given: &str) -> Result<(&str, String)> {
    if let Some((name, value)) = given.split_once('=') {
        return Ok((name, value.to_owned()));
    }
    match std::env::var(given) {
        Ok(own) => Ok((given, own)),
        Err(VarError::NotPresent) => {
            bail!("--env {given}: it is not set here, so give it a value: --env {given}=VALUE")
        }
        Err(VarError::NotUnicode(_)) => {
            bail!("--env {given}: its value here is no UTF-8, so give it one: --env {given}=VALUE")
        }
    }
}

/// A path as a URI; a URI as it is.
fn as_uri(given: &str) -> Result<String> {
    if given.starts_with("file:") {
        return Ok(given.to_owned());
    }
    let path: PathBuf = Path::new(given)
        .canonicalize()
        .with_context(|| format!("--grant-uri {given}: give a file or folder that is there"))?;
    insula::file_uri(&path)
        .with_context(|| format!("--grant-uri {given}: it cannot be said as a URI"))
}
