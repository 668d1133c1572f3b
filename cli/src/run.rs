//! `insula run`.

mod events;
mod finished;
mod looking;
mod order;
mod printer;
mod stats;
mod stop;
mod watch;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};
use clap::Args;
use insula::{Runtime, Value};

use crate::flags::{Allowed, AllowedFlags, CacheFlags, Found, ProfileFlag, ProgramFlags};
use crate::{report, signals};
use finished::Finished;
use looking::LookFlags;
use order::Order;
use printer::Printer;
use stop::{Stop, Why};

#[derive(Args)]
#[command(after_long_help = "\
Examples:
  insula run guests/hello                     builds the crate and runs its `main`
  insula run plugin.wasm serve --message 8080
  insula run tool.wasm --dir .::/work::ro --env LANG -- --verbose
  insula run . --watch                        builds and starts again on each change
  insula run plugin.wasm --policy plugin.toml --limit turn_cpu=500ms
  insula run plugin.wasm --json | jq -r 'select(.event == \"output\").text'")]
pub struct Run {
    #[command(flatten)]
    program: ProgramFlags,
    /// The entry to run [default: `main`, or `_start`, or the only one].
    entry: Option<String>,
    /// The entry to run, named as in `wasmtime run`.
    #[arg(long, value_name = "ENTRY", conflicts_with = "entry")]
    invoke: Option<String>,
    /// The entry's first message, as JSON.
    #[arg(long, short, value_name = "JSON")]
    message: Option<String>,
    /// Builds and starts again whenever the program's sources, or its file, change.
    ///
    /// What runs goes on until what replaces it is built, and is ended then.
    #[arg(long, short, conflicts_with = "stdin")]
    watch: bool,
    /// Prints lines without the name of their isolate in front.
    #[arg(long)]
    no_prefix: bool,
    /// Prints what happens as JSON, an object a line.
    #[arg(long, long_help = events::LONG_HELP)]
    json: bool,
    #[command(flatten)]
    allowed: AllowedFlags,
    /// Makes the run the same each time for a seed, a number.
    ///
    /// One turn at a time, in an order that the seed decides, on virtual clocks and
    /// with its random numbers.
    #[arg(
        long,
        value_name = "SEED",
        value_parser = seed,
        conflicts_with_all = ["clock", "random"],
        help_heading = "How it runs"
    )]
    deterministic: Option<u64>,
    #[command(flatten)]
    profile: ProfileFlag,
    #[command(flatten)]
    cache: CacheFlags,
    #[command(flatten)]
    look: LookFlags,
}

/// What a run is told before anything is built or loaded.
struct Prepared {
    allowed: Allowed,
    message: Option<Value>,
}

impl Run {
    pub fn run(self) -> Result<ExitCode> {
        let mut prepared = Prepared {
            message: self.message.as_deref().map(parse_message).transpose()?,
            allowed: self.allowed.read()?,
        };
        let fetching = &self.program.fetching;
        fetching.fetch_granted(&self.cache, &mut prepared.allowed)?;
        if self.watch {
            return watch::watch(self, prepared);
        }
        let found = self.program.find(&self.cache, &prepared.allowed)?;
        let stop = Stop::default();
        self.once(&prepared, &found, &stop, || {
            // Until here a signal ends the process: nothing runs that could lose anything.
            let stop = stop.clone();
            signals::listen(move |signal| stop.now(Why::Signal(signal)))
        })
    }

    /// Runs the program, once. `begins` is called when it is loaded.
    fn once(
        &self,
        prepared: &Prepared,
        found: &Found,
        stop: &Stop,
        begins: impl FnOnce() -> Result<()>,
    ) -> Result<ExitCode> {
        let order = self.json.then(Order::new);
        let runtime = self.runtime(&prepared.allowed, stop, order.clone())?;
        let program = found.load(&runtime)?;
        if self.json {
            events::loaded(&program);
        }
        begins()?;
        let mut options = prepared.allowed.spawn_options(&runtime);
        if let Some(entry) = self.entry.as_ref().or(self.invoke.as_ref()) {
            options = options.entry(entry);
        }
        if let Some(message) = &prepared.message {
            options = options.message(message);
        }
        let looking = self.look.begin(&runtime, program.name(), self.json)?;
        let begun = Instant::now();
        let run = runtime.start_group(&program, options)?;
        if let Some(order) = order {
            order.started(run.first());
        }
        stop.is_for(run.group());
        let reason = run.wait();
        let finished = Finished {
            runtime: &runtime,
            group: run.group(),
            reason,
            stopped: stop.why(),
            wall: begun.elapsed(),
            program: program.name(),
            stats: self.look.stats,
            json: self.json,
        };
        looking.finish(&finished);
        Ok(finished.tell())
    }

    fn runtime(&self, allowed: &Allowed, stop: &Stop, json: Option<Order>) -> Result<Runtime> {
        let stop = stop.clone();
        let mut runtime = self
            .cache
            .set(Runtime::builder())
            .profile(self.profile.profile())
            .output(Printer::new(json.clone(), !self.no_prefix))
            .on_exit(move |isolate, reason| {
                if let Some(order) = &json {
                    events::exited(order, isolate, reason);
                } else if !stop.is_cause_of(reason) {
                    report::exit(isolate, reason);
                }
            })
            .limits(allowed.limits.clone());
        if let Some(seed) = self.deterministic {
            runtime = runtime.deterministic(seed);
        }
        Ok(runtime.start()?)
    }
}

fn seed(given: &str) -> Result<u64> {
    given
        .parse()
        .ok()
        .context("it has to be a whole number, as in `--deterministic 7`")
}

fn parse_message(json: &str) -> Result<Value> {
    let json: serde_json::Value = serde_json::from_str(json).context(
        "--message is no valid JSON (a string needs its own quotes: --message '\"text\"')",
    )?;
    Ok(Value::from(json))
}
