//! The soak: for a given time random things happen on one runtime, and nothing is
//! allowed to grow.
//!
//! A driver spawns guests under random limits, sends to them, pauses, kills and
//! forgets them, in an order that a seed decides. Once in a while all of it is
//! ended and awaited: at such a *quiet point* every figure has to be where it was
//! before the first guest. What the process holds beside that (memory, mappings,
//! threads, descriptors) is sampled, and has to have stopped growing by the second
//! half of the run.

mod cpu;
mod deeds;
mod guests;
mod hostile;
mod plot;
mod table;
mod trend;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use insula::{Event, Events, ExitReason, Figures, Isolate, Limit, Runtime, SpawnOptions};

use crate::HANG;
use crate::process::Process;
use deeds::Driver;
use guests::Guests;

pub use plot::plot;
pub use table::{thinned, write};
pub use trend::check;

/// How a soak runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// Tells how many bytes of heap the process has, where its allocator counts them.
    pub heap: fn() -> usize,
    /// For how long.
    pub time: Duration,
    /// How many things are done at least, however long that takes.
    pub deeds: u64,
    /// What decides which things happen.
    pub seed: u64,
    /// How often figures are sampled.
    pub sample: Duration,
    /// How often all is ended and awaited.
    pub quiet: Duration,
}

/// What a soak has seen.
#[derive(Debug, Default)]
pub struct Report {
    /// In order of time.
    pub samples: Vec<Sample>,
    /// How many isolates ended for which kind of reason.
    pub ends: BTreeMap<&'static str, u64>,
    /// How often which limit was met.
    pub limits: BTreeMap<&'static str, u64>,
}

/// What was there at one moment.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Since the beginning.
    pub time: Duration,
    /// Whether everything had been ended and awaited.
    pub quiet: bool,
    /// Things done until then.
    pub deeds: u64,
    /// Of the runtime.
    pub figures: Figures,
    /// Of the whole process.
    pub process: Process,
    /// Bytes of heap: no noise of the allocator's, nor of memory that stays warm.
    pub heap: u64,
    /// CPU time since the process began.
    pub cpu: Duration,
}

/// Room for so many isolates: few enough that every place of the pool was used
/// soon, as a place that was used keeps some memory.
const MAX_ISOLATES: u32 = 150;

struct Soak {
    runtime: Runtime,
    bystander: Isolate,
    events: Events,
    /// Before the first guest.
    before: Figures,
    began: Instant,
    heap: fn() -> usize,
    report: Report,
}

/// Runs a soak. Fails when a figure does not return or the bystander is silent;
/// whether the process grew is for [`check`] to say.
pub fn run(options: &Options) -> Result<Report> {
    let runtime = Runtime::builder()
        .max_isolates(MAX_ISOLATES)
        .output(|_: &insula::Line<'_>| {})
        .start()?;
    let guests = Guests::load(&runtime)?;
    let bystander = runtime.spawn(&guests.bystander, SpawnOptions::new())?;
    let mut soak = Soak {
        events: runtime.events(),
        before: Figures::default(),
        began: Instant::now(),
        heap: options.heap,
        report: Report::for_run(options),
        runtime,
        bystander,
    };
    soak.ping()?;
    soak.before = soak.figures();
    let mut driver = Driver::new(options.seed, guests)?;
    let mut next_sample = Duration::ZERO;
    let mut next_quiet = options.quiet;
    while soak.began.elapsed() < options.time || driver.deeds() < options.deeds {
        driver.does(&soak.runtime)?;
        soak.listen()?;
        if soak.began.elapsed() >= next_sample {
            soak.sample(&driver, false)?;
            next_sample = soak.began.elapsed() + options.sample;
        }
        if soak.began.elapsed() >= next_quiet {
            soak.quiet(&mut driver)?;
            next_quiet = soak.began.elapsed() + options.quiet;
        }
    }
    soak.quiet(&mut driver)?;
    Ok(soak.report)
}

impl Report {
    /// With room for all samples from the beginning: one that grew would be what the
    /// heap grows by.
    fn for_run(options: &Options) -> Self {
        let times = |every: Duration| options.time.as_nanos() / every.as_nanos().max(1);
        let samples = times(options.sample) + times(options.quiet) + 2;
        Report {
            samples: Vec::with_capacity(usize::try_from(samples).unwrap_or(0)),
            ..Report::default()
        }
    }
}

impl Soak {
    /// Ends everything and waits until it is gone.
    fn quiet(&mut self, driver: &mut Driver) -> Result<()> {
        driver.end_all()?;
        let began = Instant::now();
        while self.figures() != self.before {
            ensure!(
                began.elapsed() < HANG,
                "something is left: {:?}, was {:?}",
                self.figures(),
                self.before
            );
            self.listen()?;
            std::thread::sleep(Duration::from_millis(1));
        }
        self.listen()?;
        self.sample(driver, true)
    }

    fn sample(&mut self, driver: &Driver, quiet: bool) -> Result<()> {
        self.ping()?;
        self.report.samples.push(Sample {
            time: self.began.elapsed(),
            quiet,
            deeds: driver.deeds(),
            figures: self.runtime.figures(),
            process: Process::now()?,
            heap: (self.heap)() as u64,
            cpu: cpu::cpu_time()?,
        });
        Ok(())
    }

    fn ping(&self) -> Result<()> {
        let answer = self.bystander.port().call_timeout::<_, ()>(&(), HANG);
        answer.context("the bystander does not answer")
    }

    /// How many threads there are is the scheduler's own business.
    fn figures(&self) -> Figures {
        let mut figures = self.runtime.figures();
        figures.workers = self.before.workers;
        figures
    }

    /// Counts what happened. A failure of the host's own ends the soak.
    fn listen(&mut self) -> Result<()> {
        while let Some(event) = self.events.try_next() {
            match event {
                Event::Exited {
                    isolate, reason, ..
                } => {
                    ensure!(
                        !matches!(reason, ExitReason::HostFailed(_)),
                        "{isolate} {reason}"
                    );
                    *self.report.ends.entry(kind(&reason)).or_default() += 1;
                }
                Event::LimitHit { hit, .. } => {
                    *self
                        .report
                        .limits
                        .entry(Limit::option(hit.limit))
                        .or_default() += 1;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn kind(reason: &ExitReason) -> &'static str {
    match reason {
        ExitReason::Ended => "ended",
        ExitReason::Exited(_) => "exited",
        ExitReason::Panicked { .. } => "panicked",
        ExitReason::Failed { .. } => "failed",
        ExitReason::Trapped { .. } => "trapped",
        ExitReason::Limit { .. } => "limit",
        ExitReason::ContractBroken { .. } => "contract broken",
        ExitReason::NotStarted(_) => "not started",
        ExitReason::Killed => "killed",
        ExitReason::Linked { .. } => "linked",
        _ => "other",
    }
}
