//! `insula`: runs programs of isolates from a shell.

#![forbid(unsafe_code)]

mod advice;
mod build;
mod c_project;
mod color;
mod completions;
mod doctor;
mod fetch;
mod flags;
mod guest_crate;
mod inspect;
mod likely;
mod man;
mod new;
mod progress;
mod report;
mod run;
mod runner;
mod signals;
mod table;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// WebAssembly isolates for code that is not trusted.
///
/// An isolate is a running program with a heap of its own; nothing is shared, and the
/// only way in or out is a copied message. What it may use is limited, and what it may
/// reach is nothing unless you say so.
#[derive(Parser)]
#[command(
    name = "insula",
    version,
    arg_required_else_help = true,
    after_long_help = "\
Examples:
  insula run guests/hello              builds a guest crate and runs it
  insula run plugin.wasm --limit memory=16MiB --dir data::/data::ro
  insula inspect plugin.wasm           shows what it is and what it asks for
  insula doctor                        tries every limit on this machine

Exit status: 0 where it went well; 1 where a guest failed or was stopped; 2 for wrong
use; what a guest gave to `proc_exit`; 130 or 143 where a signal ended it."
)]
struct Cli {
    /// When there are colours: on a terminal alone unless NO_COLOR or CLICOLOR_FORCE
    /// is set, always, or never.
    // Read before anything else is, in `color::choose`.
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true,
        help_heading = "Everywhere"
    )]
    color: color::When,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Makes a guest crate that builds, runs and passes its tests.
    New(new::New),
    /// Runs a program until nothing can happen in it any more.
    Run(run::Run),
    /// Builds a guest crate, and says what takes how many bytes in it.
    Build(build::Build),
    /// Runs the tests of a guest crate, each in an isolate of its own.
    ///
    /// Unless a flag or a policy says otherwise, a turn of a test may compute for 2 s
    /// (`turn_cpu`), and a test with all that it starts may last for 30 s (`life`).
    Test(test::Test),
    /// Shows what a program is, and what it would be allowed.
    Inspect(inspect::Inspect),
    /// Proves each limit on this machine, and says what the machine allows.
    Doctor(doctor::Doctor),
    /// Runs what cargo has built, a program or tests: put `runner = ["insula", "runner"]`
    /// below `[target.wasm32-wasip1]` in .cargo/config.toml.
    Runner(runner::Runner),
    /// Prints the JSON Schema of policy files.
    Schema,
    /// Prints what completes this command in a shell.
    Completions(completions::Completions),
    /// Prints the manual page, or writes those of all commands.
    Man(man::Man),
}

fn schema() -> anyhow::Result<ExitCode> {
    let schema = serde_json::to_string_pretty(&insula_policy::Policy::schema())?;
    report::print(&(schema + "\n"));
    Ok(ExitCode::SUCCESS)
}

fn main() -> ExitCode {
    color::choose(std::env::args_os().skip(1));
    report::choose(std::env::args_os().skip(1));
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return report::usage(error),
    };
    let done = match cli.command {
        Command::New(new) => new.run(),
        Command::Run(run) => run.run(),
        Command::Build(build) => build.run(),
        Command::Test(test) => test.run(),
        Command::Inspect(inspect) => inspect.run(),
        Command::Doctor(doctor) => doctor.run(),
        Command::Runner(runner) => runner.run(),
        Command::Schema => schema(),
        Command::Completions(completions) => completions.run(),
        Command::Man(man) => man.run(),
    };
    done.unwrap_or_else(|error| {
        report::error(&error);
        ExitCode::from(report::WRONG_USE)
    })
}
