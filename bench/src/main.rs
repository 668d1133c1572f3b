//! Measures Insula beside its peers and beside what wasm itself costs. See README.md.

#![forbid(unsafe_code)]

mod contestants;
mod floor;
mod guests;
mod insula;
mod machine;
mod measurement;
mod memcpy;
mod report;
mod results;
mod rows;
mod run;
mod stats;
mod timing;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use clap::{Parser, Subcommand};

use ::insula::Profile;

use crate::insula::Way;
use crate::measurement::{Measurement, NOT_MEASURED};
use crate::rows::{ROWS, Row};
use crate::run::Plan;

/// Measures Insula, its peers that are installed, and what wasm itself costs.
#[derive(Parser)]
#[command(name = "insula-bench", arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    hidden: Option<Hidden>,
    /// Measures every row.
    #[arg(long)]
    all: bool,
    /// The smallest form of every row: one size, once and shortly. Decides nothing;
    /// its results are kept in `target/` alone.
    #[arg(long, conflicts_with = "all")]
    quick: bool,
    /// Measures these rows.
    #[arg(long, value_name = "ROW", value_delimiter = ',')]
    only: Vec<String>,
    /// How often each contestant measures each size of each row [default: 5].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    repeats: Option<u32>,
    /// Measures these contestants alone. The results are kept in `target/`.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    contestants: Vec<String>,
    /// Measures these sizes alone, of those that a row has. The results are kept in
    /// `target/`.
    #[arg(long, value_name = "SIZE", value_delimiter = ',')]
    sizes: Vec<u64>,
    /// How many seconds one measurement may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 90)]
    time_out: u64,
    /// Lists rows and contestants.
    #[arg(long)]
    list: bool,
    /// Where results are kept.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Hidden {
    /// One measurement of this crate's own, in this process.
    #[command(hide = true)]
    Measure {
        contestant: String,
        row: String,
        size: u64,
    },
}

/// Why something is not measured here. No failure.
#[derive(Debug)]
struct NotMeasured(String);

impl std::fmt::Display for NotMeasured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotMeasured {}

fn not_measured(why: impl Into<String>) -> anyhow::Error {
    NotMeasured(why.into()).into()
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match &cli.hidden {
        Some(Hidden::Measure {
            contestant,
            row,
            size,
        }) => print_measurement(contestant, row, *size),
        None => run_all(&cli),
    };
    done.unwrap_or_else(|error| {
        eprintln!("{error:#}");
        match error.is::<NotMeasured>() {
            true => ExitCode::from(NOT_MEASURED),
            false => ExitCode::FAILURE,
        }
    })
}

fn print_measurement(contestant: &str, row: &str, size: u64) -> Result<ExitCode> {
    let row = find_row(row)?;
    let measurement = measure(contestant, row, size)?;
    println!("{}", serde_json::to_string(&measurement)?);
    Ok(ExitCode::SUCCESS)
}

fn measure(contestant: &str, row: &Row, size: u64) -> Result<Measurement> {
    let insula = |workers, profile| insula::measure(row, size, Way { workers, profile });
    match contestant {
        "insula" => insula(None, Profile::Fast),
        "insula-1" => insula(Some(1), Profile::Fast),
        "insula-dense" => insula(None, Profile::Dense),
        "floor" => floor::measure(row, size),
        "memcpy" => memcpy::measure(row, size),
        other => bail!("there is no contestant `{other}` in this process"),
    }
}

fn find_row(name: &str) -> Result<&'static Row> {
    let names = || ROWS.iter().map(|row| row.name).collect::<Vec<_>>();
    rows::find(name)
        .ok_or_else(|| anyhow!("there is no row `{name}`; there is {}", names().join(", ")))
}

fn run_all(cli: &Cli) -> Result<ExitCode> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let contestants = contestants::find(&root.join("peers"), &cli.contestants)?;
    if cli.list {
        list(&contestants);
        return Ok(ExitCode::SUCCESS);
    }
    if !cli.all && !cli.quick && cli.only.is_empty() {
        bail!("say what to measure: --all, --quick or --only ROW");
    }
    let rows: Vec<&Row> = match cli.only.as_slice() {
        [] => ROWS.iter().collect(),
        names => names
            .iter()
            .map(|name| find_row(name))
            .collect::<Result<_>>()?,
    };
    let is_whole = !cli.quick && cli.contestants.is_empty() && cli.sizes.is_empty();
    let kept = match (&cli.out, is_whole) {
        (Some(folder), _) => folder.clone(),
        (None, true) => root.join("results"),
        (None, false) => root.with_file_name("target").join("bench"),
    };
    let plan = Plan {
        rows,
        contestants,
        repeats: cli.repeats.unwrap_or(if cli.quick { 1 } else { 5 }),
        quick: cli.quick,
        sizes: cli.sizes.clone(),
        time_out: Duration::from_secs(cli.time_out),
        variables: guests::build()?,
    };
    let failures = run::run(&plan, &kept)?;
    report::write(&kept)?;
    println!("\nresults: {}", kept.join("README.md").display());
    if failures.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    for failure in &failures {
        eprintln!("failed: {failure}");
    }
    Ok(ExitCode::FAILURE)
}

fn list(contestants: &[contestants::Contestant]) {
    for row in ROWS {
        println!(
            "{:16} {} ({}: {:?})",
            row.name, row.what, row.size, row.sizes
        );
    }
    println!();
    for contestant in contestants {
        match &contestant.version {
            Ok(version) => println!("{:16} {version}", contestant.name),
            Err(why) => println!("{:16} not measured: {why}", contestant.name),
        }
    }
}
