//! All tests of a module: listed, run beside each other, and told of.

use std::collections::HashMap;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::Parser;
use insula::{Limits, Runtime};

use super::captured::Captured;
use super::judge::Outcome;
use super::libtest::{self, Listed};
use super::module::TestModule;
use super::options::Options;
use super::report::{Report, Totals};
use super::test::{Done, Host};
use crate::flags::{AllowedFlags, CacheFlags};

/// libtest's exit status when a test has failed.
const FAILED: u8 = 101;

/// Flags of the runner that mean something for tests.
#[derive(Parser)]
#[command(name = "insula runner")]
struct Settings {
    #[command(flatten)]
    allowed: AllowedFlags,
    #[command(flatten)]
    cache: CacheFlags,
}

/// What tests may use where nobody says otherwise: an endless loop is found soon.
fn usual_limits() -> Limits {
    Limits::default().turn_cpu(2_000).life(30_000)
}

pub fn run(module: TestModule, flags: &[String], arguments: &[String]) -> Result<ExitCode> {
    let name = |name: &str| [name.to_owned()].into_iter();
    let options = Options::parse_from(name("cargo test --").chain(arguments.iter().cloned()));
    let settings = Settings::parse_from(name("insula runner").chain(flags.iter().cloned()));
    if options.bench {
        bail!("`insula runner` runs tests and no benchmarks");
    }
    let allowed = settings.allowed.read_over(usual_limits())?;
    if let Some(pinned) = allowed.remote.first() {
        bail!("{}: tests fetch nothing, so grant a file", pinned.uri);
    }
    let captured = Captured::new(options.captures());
    let runtime = settings
        .cache
        .set(Runtime::builder())
        .limits(allowed.limits.clone())
        .output(captured.clone())
        .start()?;
    let host = Host::new(runtime, module, allowed, captured)?;

    let all = libtest::list(&host)?;
    let number_of_all = all.len();
    let wanted = all
        .into_iter()
        .filter(|test| options.is_wanted(&test.name) && (!options.ignored || test.is_ignored));
    let wanted: Vec<_> = wanted.collect();
    if options.list {
        super::report::list(&wanted, options.format());
        return Ok(ExitCode::SUCCESS);
    }
    let threads = options.threads()?;
    let begun = Instant::now();
    let mut report = Report::new(&options, wanted.len(), threads > 1);
    report.begin();
    run_all(&host, &wanted, &options, threads, &mut report)?;
    let totals = Totals {
        filtered_out: number_of_all - wanted.len(),
        time: begun.elapsed(),
    };
    Ok(if report.end(&totals) {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    })
}

/// What the threads say to who reports.
enum Said {
    Begins(usize),
    Done(usize, Done),
}

fn run_all(
    host: &Host,
    wanted: &[Listed],
    options: &Options,
    threads: usize,
    report: &mut Report<'_>,
) -> Result<()> {
    let is_run = |test: &&Listed| options.runs(test.is_ignored);
    let ignored = wanted.iter().filter(|test| !is_run(test));
    let ignored: Vec<_> = ignored.map(|test| test.name.as_str()).collect();
    let whys = libtest::why_ignored(host, &ignored)?;
    let next = AtomicUsize::new(0);
    let (say, said) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..threads.min(wanted.len()) {
            let say = say.clone();
            scope.spawn(|| {
                // Moved in; the rest is borrowed.
                let say = say;
                while let Some((at, test)) = take(&next, wanted) {
                    let _ = say.send(Said::Begins(at));
                    let done = match is_run(&test) {
                        true => host.run(&test.name),
                        false => ignored_test(&whys, &test.name),
                    };
                    let _ = say.send(Said::Done(at, done));
                }
            });
        }
        drop(say);
        for said in said {
            match said {
                Said::Begins(at) => report.test_begins(&wanted[at].name),
                Said::Done(at, done) => {
                    let test = &wanted[at].name;
                    report.test_done(test, host.should_panic(test), done);
                }
            }
        }
    });
    Ok(())
}

fn take<'a>(next: &AtomicUsize, wanted: &'a [Listed]) -> Option<(usize, &'a Listed)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    Some((at, wanted.get(at)?))
}

fn ignored_test(whys: &HashMap<String, String>, test: &str) -> Done {
    Done {
        outcome: Outcome::Ignored(whys.get(test).cloned()),
        printed: Vec::new(),
        notes: Vec::new(),
    }
}
