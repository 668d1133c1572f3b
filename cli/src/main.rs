//! `insula`: runs programs of isolates from a shell.

#![forbid(unsafe_code)]

mod c_project;
mod doctor;
mod flags;
mod guest_crate;
mod inspect;
mod report;
mod run;
mod signals;
mod table;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// WebAssembly isolates for code that is not trusted.
#[derive(Parser)]
#[command(name = "insula", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a program until nothing can happen in it any more.
    Run(run::Run),
    /// Shows what a program is, and what it would be allowed.
    Inspect(inspect::Inspect),
    /// Proves each limit on this machine, and says what the machine allows.
    Doctor(doctor::Doctor),
    /// Prints the JSON Schema of policy files.
    Schema,
}

fn schema() -> anyhow::Result<ExitCode> {
    let schema = serde_json::to_string_pretty(&insula_policy::Policy::schema())?;
    report::print(&(schema + "\n"));
    Ok(ExitCode::SUCCESS)
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Run(run) => run.run(),
        Command::Inspect(inspect) => inspect.run(),
        Command::Doctor(doctor) => doctor.run(),
        Command::Schema => schema(),
    };
    done.unwrap_or_else(|error| {
        report::error(&error);
        ExitCode::from(report::WRONG_USE)
    })
}
