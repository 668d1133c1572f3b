//! The table: how its rows are run and checked.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use insula::{ExitReason, Figures, Isolate, SpawnOptions};

use super::row::Row;
use super::text::{BYSTANDER, module};
use crate::Host;

/// How long a table may take on a busy machine before it is said to hang. No
/// result depends on it.
const PATIENCE: Duration = Duration::from_secs(240);

/// A runtime with a bystander on it.
pub struct Table {
    pub host: Host,
    pub bystander: Isolate,
    before: Figures,
    doing: Arc<Mutex<String>>,
}

impl Table {
    fn new(doing: Arc<Mutex<String>>) -> Result<Self> {
        let host = Host::new()?;
        let bystander = host.wat(&module(&host, BYSTANDER))?;
        let bystander = host.runtime.spawn(&bystander, SpawnOptions::new())?;
        ping_of(&bystander)?;
        let before = host.runtime.figures();
        Ok(Table {
            host,
            bystander,
            before,
            doing,
        })
    }

    /// Says what is going on, for the case that it never ends.
    pub fn doing(&self, what: &str) {
        what.clone_into(&mut self.doing.lock().unwrap_or_else(PoisonError::into_inner));
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

    /// What has to hold after whatever a guest did.
    pub fn check(&self) -> Result<()> {
        self.ping()?;
        // A worker takes note of a turn's end just after its isolate's.
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let mut now = self.host.runtime.figures();
            // How many threads there are is the scheduler's own business.
            now.workers = self.before.workers;
            if now == self.before {
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "something is left: {now:?}, was {:?}",
                self.before
            );
            thread::sleep(Duration::from_millis(1));
        }
    }

    pub fn row(&self, row: &Row) -> Result<()> {
        self.doing(&row.name);
        let reason = self.run(&row.wat, SpawnOptions::new().limits(row.limits.clone()))?;
        let Row { end, wat, .. } = row;
        ensure!(
            end.is(&reason, &row.limits),
            "expected {end:?}, it {reason}\n{reason:?}\n{wat}"
        );
        self.check()
    }
}

fn ping_of(bystander: &Isolate) -> Result<()> {
    let answer: String = bystander
        .port()
        .call_timeout("ping", Duration::from_secs(120))?;
    ensure!(answer == "ping", "the bystander answers {answer:?}");
    Ok(())
}

/// Runs rows on one runtime. Tells every row that fails, not the first alone.
pub fn rows(rows: impl FnOnce(&Table) -> Result<Vec<Row>> + Send + 'static) -> Result<()> {
    table(move |table| {
        let rows = rows(table)?;
        ensure!(!rows.is_empty(), "there are no rows");
        let failed: Vec<_> = rows
            .iter()
            .filter_map(|row| {
                let error = table.row(row).err()?;
                Some(format!("{}: {error:#}", row.name))
            })
            .collect();
        println!("{} rows", rows.len());
        ensure!(
            failed.is_empty(),
            "{} rows fail:\n{}",
            failed.len(),
            failed.join("\n\n")
        );
        Ok(())
    })
}

/// Gives a table to `work`, on a thread of its own: what hangs is a failure.
pub fn table(work: impl FnOnce(&Table) -> Result<()> + Send + 'static) -> Result<()> {
    let doing = Arc::new(Mutex::new("starting".to_owned()));
    let (done, result) = channel();
    let for_thread = doing.clone();
    let thread = thread::spawn(move || {
        let ran = Table::new(for_thread).and_then(|table| {
            let worked = work(&table).and_then(|()| table.check());
            table.doing("shutting the runtime down");
            worked
        });
        let _ = done.send(ran);
    });
    match result.recv_timeout(PATIENCE) {
        Ok(ran) => ran,
        Err(RecvTimeoutError::Timeout) => {
            let doing = doing.lock().unwrap_or_else(PoisonError::into_inner);
            Err(anyhow!("it hangs: {doing}"))
        }
        Err(RecvTimeoutError::Disconnected) => {
            let panic = thread.join().err();
            let text = panic.and_then(|panic| panic.downcast::<String>().ok());
            Err(anyhow!("the table panicked: {}", text.unwrap_or_default()))
        }
    }
}
