//! `insula man`.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Args, CommandFactory as _};

use crate::Cli;
use crate::report;

#[derive(Args)]
#[command(after_long_help = "\
Examples:
  insula man | man -l -
  insula man --dir ~/.local/share/man/man1")]
pub struct Man {
    /// Writes the pages of all commands into this folder.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

impl Man {
    pub fn run(self) -> Result<ExitCode> {
        match self.dir {
            Some(dir) => {
                let written = || -> Result<()> {
                    fs::create_dir_all(&dir)?;
                    Ok(clap_mangen::generate_to(Cli::command(), &dir)?)
                };
                let of = || {
                    format!(
                        "--dir {}: the pages could not be written there",
                        dir.display()
                    )
                };
                written().with_context(of)?;
            }
            None => {
                let mut page = Vec::new();
                clap_mangen::Man::new(Cli::command()).render(&mut page)?;
                report::print(&String::from_utf8(page)?);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
