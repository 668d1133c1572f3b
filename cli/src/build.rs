//! `insula build`: a guest crate's module, and what is in it.

mod report;
mod sizes;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use crate::c_project;
use crate::guest_crate::{self, GuestCrate};
use report::Report;

#[derive(Args)]
#[command(after_long_help = "\
It is built in release mode for wasm32-wasip1. The names of functions stay in it, as an
isolate that fails is told with them.

Examples:
  insula build                                the crate in this folder
  insula build my-plugin -o plugin.wasm
  insula build --json | jq .bytes")]
pub struct Build {
    /// The guest crate's folder.
    #[arg(default_value = ".", value_name = "PATH")]
    path: PathBuf,
    /// Which of its programs, where it has several.
    #[arg(long, value_name = "NAME")]
    bin: Option<String>,
    /// Copies the module to this file.
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

impl Build {
    pub fn run(self) -> Result<ExitCode> {
        let built = match c_project::build(&self.path) {
            Some(module) => module?,
            None => guest_crate::build(GuestCrate {
                folder: &self.path,
                bin: self.bin.as_deref(),
            })?,
        };
        let bytes = fs::read(&built).with_context(|| built.display().to_string())?;
        let module = match self.output {
            Some(output) => {
                let written = fs::write(&output, &bytes);
                written.with_context(|| {
                    format!("--output {}: it cannot be written", output.display())
                })?;
                output
            }
            None => shortened(built),
        };
        let report = Report::new(&module, &bytes)?;
        if self.json {
            crate::report::print(&(serde_json::to_string_pretty(&report)? + "\n"));
        } else {
            crate::report::print(&report.to_string());
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// A path below the current folder from there.
fn shortened(path: PathBuf) -> PathBuf {
    let here = std::env::current_dir().ok();
    let below = here.and_then(|here| path.strip_prefix(here).ok().map(Path::to_owned));
    below.unwrap_or(path)
}
