//! The table: how its rows are run and checked.

use std::fmt::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use insula::{ExitReason, Figures, Isolate, Program, SpawnOptions, Stream};

use super::row::{Guest, Host as HostsPart, Row};
use super::text::{BYSTANDER, WARM_UP, module};
use crate::process::{Process, is_loading};
use crate::{Host, alone, doing, in_time};

/// For how many isolates a table's runtime has room.
const PLACES: u32 = 64;

/// How many mappings more than before the rows of a table may leave: each worker
/// thread has up to six (stack, signal stack, their guards, the allocator's arena),
/// and programs that were loaded leave a few. Seen: 30.
const MAPPINGS: usize = 128;

/// How many bytes more than before the rows of a table may leave in memory.
/// Every place of the pool was filled with what it keeps before the first row,
/// so this is what the compiler and the allocator keep. Seen: 33 MiB, after
/// megabytes of code.
const RESIDENT: u64 = 48 << 20;

/// How many rows are run twice, of a table that has more.
const AGAIN: usize = 50;

/// What the second time may leave that the first time did not: the noise of the
/// allocator, and a few threads. Seen: 3 mappings and 1 MiB.
const MORE_MAPPINGS: usize = 32;
const MORE_RESIDENT: u64 = 8 << 20;

/// A runtime with a bystander on it, in a process of its own.
pub struct Table {
    pub host: Host,
    pub bystander: Isolate,
    before: Figures,
    process: Process,
}

impl Table {
    fn new() -> Result<Self> {
        let host = Host::with(|builder| builder.max_isolates(PLACES))?;
        warm_up(&host)?;
        let bystander = host.wat(&module(&host, BYSTANDER))?;
        let bystander = host.runtime.spawn(&bystander, SpawnOptions::new())?;
        ping_of(&bystander)?;
        let (before, process) = settled(&host)?;
        Ok(Table {
            host,
            bystander,
            before,
            process,
        })
    }

    /// Says what is going on, for the case that it never ends.
    pub fn doing(&self, what: &str) {
        doing(what);
    }

    /// A module around `body`, with the imports that it names.
    pub fn module(&self, body: &str) -> String {
        module(&self.host, body)
    }

    /// Runs a guest alone and gives why its first isolate ended.
    pub fn run(&self, body: &str, options: SpawnOptions<'_>) -> Result<ExitReason> {
        let program = self.host.wat(&self.module(body))?;
        self.host.run(&program, options)
    }

    /// Asks the bystander for a sign of life.
    pub fn ping(&self) -> Result<()> {
        ping_of(&self.bystander).context("the bystander does not answer")
    }

    /// What has to hold after whatever a guest did: the bystander answers, and
    /// the figures are where they were.
    pub fn check(&self) -> Result<()> {
        self.ping()?;
        // A worker takes note of a turn's end just after its isolate's.
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let left = self.left()?;
            if left.is_empty() {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "something is left: {left}");
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// What is there and was not there before.
    pub fn left(&self) -> Result<String> {
        let (mut now, mut process) = (self.host.runtime.figures(), Process::now()?);
        // How many workers there are is the scheduler's own business.
        process.threads = (process.threads + self.before.workers).saturating_sub(now.workers);
        now.workers = self.before.workers;
        let mut left = String::new();
        if now != self.before {
            write!(left, "{now:?}, was {:?}; ", self.before)?;
        }
        let before = self.process;
        for (what, now, most) in [
            ("threads", process.threads, before.threads),
            ("file descriptors", process.descriptors, before.descriptors),
            ("mappings", process.mappings, before.mappings + MAPPINGS),
        ] {
            if now > most {
                write!(left, "{now} {what}, not {most}; ")?;
            }
        }
        if process.descriptors > before.descriptors {
            write!(left, "{:?}; ", Process::descriptors()?)?;
        }
        let most = before.resident + RESIDENT;
        if process.resident > most {
            write!(left, "{} bytes in memory, not {most}; ", process.resident)?;
        }
        Ok(left)
    }

    fn ran(&self, row: &Row) -> Result<()> {
        let bytes = match &row.guest {
            Guest::Text(body) => wat::parse_str(self.module(body))?,
            Guest::File(bytes) => bytes.clone(),
        };
        let program = match Program::from_bytes(&self.host.runtime, &bytes) {
            Ok(program) => program,
            Err(error) => return row.expect_error(&error),
        };
        let options = SpawnOptions::new().limits(row.limits.clone());
        let reason = match row.host {
            HostsPart::Waits => self.host.run(&program, options)?,
            HostsPart::Kills => self.killed(&program, options)?,
        };
        row.expect(&reason)?;
        for (name, end) in &row.others {
            let reason = self.host.exit_of(name);
            let reason = reason.with_context(|| format!("there was no {name}"))?;
            ensure!(
                end.is(&reason, &row.limits),
                "{name}: expected {end:?}, it {reason}"
            );
        }
        row.then.map_or(Ok(()), |then| then(&self.host))
    }

    /// Kills a guest where it wanted to be.
    fn killed(&self, program: &Program, options: SpawnOptions<'_>) -> Result<ExitReason> {
        let isolate = self.host.runtime.spawn(program, options)?;
        self.wait_for_line(&isolate)?;
        self.ping()?;
        Ok(in_time(move || {
            isolate.group().kill();
            isolate.group().wait();
            isolate.join()
        }))
    }

    /// Waits until a guest has printed that it is where it wanted to be.
    fn wait_for_line(&self, isolate: &Isolate) -> Result<()> {
        while self.host.texts(Stream::Stdout).is_empty() {
            if let Some(reason) = isolate.exit_reason() {
                bail!("it {reason} before it was killed");
            }
            thread::yield_now();
        }
        Ok(())
    }

    /// Runs rows. Tells every row that fails, not the first alone.
    fn rows<'a>(&self, rows: impl Iterator<Item = &'a Row>) -> Result<()> {
        let mut failed = Vec::new();
        for row in rows {
            self.doing(&row.name);
            let ran = self.ran(row);
            self.host.forget();
            if let Err(error) = ran {
                failed.push(format!("{}: {error:#}", row.name));
            }
            // What is left would be found after every row that follows.
            if let Err(error) = self.check() {
                failed.push(format!("{}: {error:#}", row.name));
                break;
            }
        }
        ensure!(
            failed.is_empty(),
            "{} rows fail:\n{}",
            failed.len(),
            failed.join("\n\n")
        );
        Ok(())
    }
}

/// Uses once what is kept for the next use: every place of the pool, filled with
/// more than it keeps, and the pools of the compiler and of WASI.
fn warm_up(host: &Host) -> Result<()> {
    let program = host.wat(&module(host, WARM_UP))?;
    let isolates: Vec<_> = (0..PLACES)
        .map(|_| host.runtime.spawn(&program, SpawnOptions::new()))
        .collect::<Result<_, _>>()?;
    while host.texts(Stream::Stdout).len() < isolates.len() {
        thread::yield_now();
    }
    for isolate in isolates {
        isolate.kill();
        in_time(move || {
            isolate.group().wait();
            isolate.join()
        });
    }
    host.forget();
    Ok(())
}

/// What the process has once the threads that the start needed have ended. Counted
/// too early, they would hide as many that a row leaves.
fn settled(host: &Host) -> Result<(Figures, Process)> {
    /// How often in a row the count has to be the same, [`PAUSE`] apart.
    const TIMES: usize = 20;
    const PAUSE: Duration = Duration::from_millis(5);
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut counts = Vec::new();
    loop {
        let (figures, process) = (host.runtime.figures(), Process::now()?);
        counts.push((figures.workers, process.threads));
        let same = counts
            .iter()
            .rev()
            .take_while(|count| Some(*count) == counts.last());
        if same.count() >= TIMES && !is_loading()? {
            return Ok((figures, process));
        }
        ensure!(Instant::now() < deadline, "threads come and go: {counts:?}");
        thread::sleep(PAUSE);
    }
}

fn ping_of(bystander: &Isolate) -> Result<()> {
    let answer: String = bystander
        .port()
        .call_timeout("ping", Duration::from_secs(120))?;
    ensure!(answer == "ping", "the bystander answers {answer:?}");
    Ok(())
}

/// Runs rows on one runtime, and then again: nothing may grow by that.
pub fn rows(rows: impl FnOnce(&Table) -> Result<Vec<Row>>) -> Result<()> {
    table(|table| {
        let rows = rows(table)?;
        ensure!(!rows.is_empty(), "there are no rows");
        table.rows(rows.iter())?;
        let before = Process::now()?;
        table.rows(rows.iter().step_by(rows.len().div_ceil(AGAIN)))?;
        let growth = Process::now()?.growth(&before);
        println!("{} rows; once more: {growth:?}", rows.len());
        ensure!(
            growth.mappings <= MORE_MAPPINGS && growth.resident <= MORE_RESIDENT,
            "it grows each time: {growth:?}"
        );
        Ok(())
    })
}

/// Gives a table to `work`, in a process of its own.
pub fn table(work: impl FnOnce(&Table) -> Result<()>) -> Result<()> {
    alone(|| {
        doing("starting");
        let table = Table::new()?;
        work(&table)?;
        table.check()?;
        doing("shutting the runtime down");
        Ok(())
    })
}
