//! `insula run`.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;
use insula::{Runtime, Stdio, Value};

use crate::flags::{AllowedFlags, CacheFlags, ProfileFlag, ProgramFlags};
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
    /// Makes the run the same each time for a seed, a number: one turn at a time, in
    /// an order that the seed decides, on virtual clocks and with its random numbers.
    #[arg(long, value_name = "SEED", conflicts_with_all = ["clock", "random"])]
    deterministic: Option<u64>,
    #[command(flatten)]
    profile: ProfileFlag,
    #[command(flatten)]
    cache: CacheFlags,
    /// Prints lines without the name of their isolate in front.
    #[arg(long)]
    no_prefix: bool,
}

impl Run {
    pub fn run(self) -> Result<ExitCode> {
        let message = self.message.as_deref().map(parse_message).transpose()?;
        let allowed = self.allowed.read()?;
        let file = self.program.find()?;
        let mut runtime = self
            .cache
            .set(Runtime::builder())
            .profile(self.profile.profile())
            .output(Stdio::new().prefix(!self.no_prefix))
            .on_exit(report::exit)
            .limits(allowed.limits.clone());
        if let Some(seed) = self.deterministic {
            runtime = runtime.deterministic(seed);
        }
        let runtime = runtime.start()?;
        let program = file.load(&runtime)?;

        let mut options = allowed.spawn_options(&runtime);
        if let Some(entry) = self.entry {
            options = options.entry(entry);
        }
        if let Some(message) = &message {
            options = options.message(message);
        }
        let reason = runtime.run_group(&program, options)?;
        for error in runtime.cache_errors() {
            report::error(&error.into());
        }
        Ok(report::status(&reason))
    }
}

fn parse_message(json: &str) -> Result<Value> {
    let json: serde_json::Value = serde_json::from_str(json).context(
        "--message is no valid JSON (a string needs its own quotes: --message '\"text\"')",
    )?;
    Ok(Value::from(json))
}
