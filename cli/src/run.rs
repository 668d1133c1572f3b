//! `insula run`.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use insula::{Runtime, Stdio, Value};

use crate::flags::{AllowedFlags, ProgramFlags};
use crate::report;

#[derive(Args)]
pub struct Run {
    #[command(flatten)]
    program: ProgramFlags,
    /// The entry to run [default: `main`, or `_start`, or the only one].
    entry: Option<String>,
    /// The entry's first message, as JSON.
    #[arg(long, value_name = "JSON")]
    message: Option<String>,
    #[command(flatten)]
    allowed: AllowedFlags,
    /// Prints lines without the name of their isolate in front.
    #[arg(long)]
    no_prefix: bool,
}

impl Run {
    pub fn run(self) -> Result<ExitCode> {
        let message = self.message.as_deref().map(parse_message).transpose()?;
        let allowed = self.allowed.read()?;
        let file = self.program.find()?;
        let runtime = Runtime::builder()
            .output(Stdio::new().prefix(!self.no_prefix))
            .on_exit(report::exit)
            .limits(allowed.limits.clone())
            .start()?;
        let program = file.load(&runtime)?;

        let mut options = allowed.spawn_options(&runtime);
        if let Some(entry) = self.entry {
            options = options.entry(entry);
        }
        if let Some(message) = &message {
            options = options.message(message);
        }
        let isolate = runtime.spawn(&program, options)?;
        let group = isolate.group().clone();
        let reason = isolate.join();
        group.wait();
        Ok(report::status(&reason))
    }
}

fn parse_message(json: &str) -> Result<Value> {
    let json: serde_json::Value = serde_json::from_str(json).context(
        "--message is no valid JSON (a string needs its own quotes: --message '\"text\"')",
    )?;
    Ok(Value::from(json))
}
