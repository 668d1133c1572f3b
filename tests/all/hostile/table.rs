//! The table: how a row is written, run and checked.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

pub use super::requests::spawn_request;

use anyhow::{Context, Result, anyhow, ensure};
use insula::{ExitReason, Figures, Import, Isolate, Limit, Limits, SpawnOptions};
use insula_tests::Host;

/// How long a table may take on a busy machine before it is said to hang. No
/// result depends on it.
const PATIENCE: Duration = Duration::from_secs(240);

/// A hostile guest, and how it has to end.
pub struct Row {
    pub name: String,
    pub wat: String,
    pub limits: Limits,
    pub end: End,
}

/// The exit reason that a row expects. Texts are key words: each has to be in
/// what the reason says.
#[derive(Debug, Clone)]
pub enum End {
    Ended,
    Exited(i32),
    Trapped(&'static str),
    Panicked(&'static str),
    Limit(Limit),
    Broken(Vec<String>),
    Killed,
    /// Because of the isolate of this name.
    Linked(&'static str),
}

impl End {
    pub fn broken<const N: usize>(words: [&str; N]) -> Self {
        End::Broken(words.map(str::to_owned).into())
    }

    pub fn is(&self, reason: &ExitReason, limits: &Limits) -> bool {
        let text = reason.to_string();
        match (self, reason) {
            (End::Ended, ExitReason::Ended) => true,
            (End::Killed, ExitReason::Killed) => true,
            (End::Exited(expected), ExitReason::Exited(code)) => expected == code,
            (End::Trapped(word), ExitReason::Trapped { .. })
            | (End::Panicked(word), ExitReason::Panicked { .. })
            | (End::Linked(word), ExitReason::Linked { .. }) => text.contains(word),
            (End::Limit(limit), ExitReason::Limit { hit, .. }) => {
                let value = limits.get(*limit);
                hit.limit == *limit
                    && hit.value == value
                    && text.contains(&value.to_string())
                    && text.contains(&format!("Limits::{}", limit.option()))
            }
            (End::Broken(words), ExitReason::ContractBroken { what, .. }) => {
                words.iter().all(|word| what.contains(word))
            }
            _ => false,
        }
    }
}

/// A row of the table.
pub fn row(name: impl Into<String>, wat: impl Into<String>, end: End) -> Row {
    Row {
        name: name.into(),
        wat: wat.into(),
        limits: Limits::default(),
        end,
    }
}

impl Row {
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

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

/// What an import is called in the rows: `$send-port.send`, `$drop-send-port`,
/// `$fd_write`.
pub fn short_name(import: &Import) -> String {
    match import.name.split_once(']') {
        Some(("[resource-drop", resource)) => format!("drop-{resource}"),
        Some((_, name)) => name.to_owned(),
        None => import.name.clone(),
    }
}

/// Two pages of memory with an allocator that never frees, from 16 KiB up. What
/// is below belongs to the rows.
pub const MEMORY: &str = r#"
    (memory (export "memory") 2)
    (global $free (mut i32) (i32.const 16384))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (global.get $free)
        (global.set $free
            (i32.and (i32.add (i32.add (global.get $free) (local.get 3)) (i32.const 15)) (i32.const -8))))
"#;

/// Where [`MEMORY`] ends.
pub const MEMORY_END: u32 = 2 << 16;

/// A module with an entry, on [`MEMORY`].
pub fn main(code: &str) -> String {
    format!("{MEMORY} (func (export \"insula:entry/main\") {code})")
}

/// A module with an entry and a wake, on [`MEMORY`]. The first port listens, its
/// handle is in `$port`.
pub fn server(code: &str, wake: &str) -> String {
    format!(
        "{MEMORY}
        (global $port (mut i32) (i32.const 0))
        (func (export \"insula:entry/main\")
            (call $first-port (i64.const 0) (i32.const 0))
            (global.set $port (i32.load (i32.const 4)))
            (call $receive-port.listen (global.get $port) (i32.const 1))
            {code})
        (func (export \"wake\") {wake})"
    )
}

pub fn module(host: &Host, body: &str) -> String {
    let mut text = String::from("(module\n");
    for import in host.runtime.imports() {
        let name = short_name(import);
        let call = format!("call ${name}");
        let is_called = body
            .match_indices(&call)
            .any(|(at, _)| body[at + call.len()..].starts_with([' ', ')', '\n']));
        if is_called || body.contains(&format!("(func ${name})")) {
            let types = |types: Vec<_>| types.join(" ");
            let params = types(import.ty.params().map(|ty| ty.to_string()).collect());
            let results = types(import.ty.results().map(|ty| ty.to_string()).collect());
            text += &format!(
                "(import \"{}\" \"{}\" (func ${name} (param {params}) (result {results})))\n",
                import.module, import.name
            );
        }
    }
    text + body + ")"
}

/// Answers each message with its own bytes.
const BYSTANDER: &str = r#"
    (memory (export "memory") 2)
    (global $free (mut i32) (i32.const 0))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (global.get $free)
        (global.set $free
            (i32.and (i32.add (i32.add (global.get $free) (local.get 3)) (i32.const 15)) (i32.const -8))))
    (func (export "insula:entry/main")
        (call $first-port (i64.const 0) (i32.const 0))
        (call $receive-port.listen (i32.load (i32.const 4)) (i32.const 1)))
    (func (export "wake")
        (loop $next
            (global.set $free (i32.const 1024))
            (call $receive (i32.const 0))
            (if (i32.load8_u (i32.const 0))
                (then
                    (if (i32.and (i32.eqz (i32.load8_u (i32.const 8))) (i32.load8_u (i32.const 40)))
                        (then
                            (drop (call $send-port.send (i32.load (i32.const 44))
                                (i32.load (i32.const 24)) (i32.load (i32.const 28))
                                (i32.const 8) (i32.const 0) (i32.const 0) (i32.const 0)))
                            (call $drop-send-port (i32.load (i32.const 44)))))
                    (br $next)))))
"#;
