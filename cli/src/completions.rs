//! `insula completions`.

use std::process::ExitCode;

use anyhow::{Result, anyhow};
use clap::{Args, CommandFactory as _};
use clap_complete::{Shell, generate};

use crate::Cli;
use crate::report;

#[derive(Args)]
#[command(after_long_help = "\
Examples:
  insula completions bash > ~/.local/share/bash-completion/completions/insula
  insula completions zsh > ~/.zfunc/_insula
  insula completions fish > ~/.config/fish/completions/insula.fish")]
pub struct Completions {
    /// The shell that completes.
    shell: Shell,
}

impl Completions {
    pub fn run(self) -> Result<ExitCode> {
        let mut script = Vec::new();
        generate(self.shell, &mut Cli::command(), "insula", &mut script);
        let script = String::from_utf8(script);
        report::print(&script.map_err(|_| anyhow!("the script is not UTF-8"))?);
        Ok(ExitCode::SUCCESS)
    }
}
