//! `insula doctor`: proves each limit on the machine it runs on, and says what the
//! machine allows.

mod advice;
mod capacity;
mod machine;
mod proofs;
mod prove;
mod report;
mod scratch;

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;

use crate::flags::ProfileFlag;
use crate::progress::Progress;
use crate::report::{FAILED, print};
use machine::Machine;
use report::Report;

#[derive(Args)]
pub struct Doctor {
    #[command(flatten)]
    profile: ProfileFlag,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub fn run(self) -> Result<ExitCode> {
        let machine = Machine::look();
        let profile = self.profile.profile();
        let progress = Progress::of("trying every limit");
        let cost = capacity::measure(profile)?;
        let report = Report::new(prove::all(profile), machine, profile, cost);
        drop(progress);
        if self.json {
            print(&(serde_json::to_string_pretty(&report)? + "\n"));
        } else {
            print(&report.to_string());
        }
        Ok(match report.is_well() {
            true => ExitCode::SUCCESS,
            false => ExitCode::from(FAILED),
        })
    }
}
