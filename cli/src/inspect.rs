//! `insula inspect`: what a program is, and what it would be allowed.

mod asks;
mod module;
mod report;
mod settings;

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use insula::Runtime;

use crate::flags::{AllowedFlags, CacheFlags, ProgramFlags};
use crate::report::{WRONG_USE, print};
use report::Report;

#[derive(Args)]
#[command(after_long_help = "\
Examples:
  insula inspect plugin.wasm
  insula inspect plugin.wasm --policy plugin.toml --json | jq .limits
  insula inspect https://example.org/plugin.wasm --digest sha256:..")]
pub struct Inspect {
    #[command(flatten)]
    program: ProgramFlags,
    #[command(flatten)]
    allowed: AllowedFlags,
    #[command(flatten)]
    cache: CacheFlags,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

impl Inspect {
    pub fn run(self) -> Result<ExitCode> {
        let mut allowed = self.allowed.read()?;
        let fetching = &self.program.fetching;
        fetching.fetch_granted(&self.cache, &mut allowed)?;
        let found = self.program.find(&self.cache, &allowed)?;
        let runtime = Runtime::builder()
            .max_isolates(1)
            .limits(allowed.limits.clone())
            .start()?;
        let loaded = found.load(&runtime);
        let bytes = match found.module() {
            Ok(bytes) => bytes,
            Err(error) => return loaded.and(Err(error)),
        };
        let module = match module::read(&bytes, runtime.imports()) {
            Ok(module) => module,
            // The runtime says better what is wrong with what is no module at all.
            Err(error) => return loaded.and(Err(error)),
        };
        let report = Report::new(found.shown(), &bytes, &loaded, module, &allowed);
        if self.json {
            print(&(serde_json::to_string_pretty(&report)? + "\n"));
        } else {
            print(&report.to_string());
        }
        Ok(match loaded {
            Ok(_) => ExitCode::SUCCESS,
            Err(_) => ExitCode::from(WRONG_USE),
        })
    }
}
