//! One measurement: a fresh process that prints one line of JSON.

use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};

/// With this status a contestant says that it does not measure a row, and why in one
/// line on stderr.
pub const NOT_MEASURED: u8 = 3;

/// What one process has measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Measurement {
    /// `ns`, `bytes` or `mappings`.
    pub unit: String,
    /// The row's figure: a mean, or where the row says so a median.
    pub value: f64,
    /// Of the operations, where they were timed one by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst: Option<f64>,
    /// How many operations were measured.
    #[serde(default)]
    pub n: u64,
    /// What a contestant tells beside it, by name.
    #[serde(flatten)]
    pub extra: serde_json::Map<String, serde_json::Value>,
}

impl Measurement {
    pub fn new(unit: &str, value: f64, n: u64) -> Self {
        Measurement {
            unit: unit.to_owned(),
            value,
            p99: None,
            worst: None,
            n,
            extra: serde_json::Map::new(),
        }
    }
}

/// How an attempt to measure came out.
#[derive(Debug)]
pub enum Outcome {
    Measured(Measurement),
    /// It is not installed or does not measure this; the reason.
    NotMeasured(String),
    /// It should have; the reason.
    Failed(String),
}

/// Runs a contestant's process to its end, or until it has taken too long.
pub fn measure(command: Command, unit: &str, time: Duration) -> Outcome {
    let ended = match run(command, time) {
        Ok(ended) => ended,
        Err(error) => return Outcome::Failed(format!("{error:#}")),
    };
    let said = ended.last_line_of_stderr();
    if ended.code == Some(NOT_MEASURED.into()) {
        return Outcome::NotMeasured(said);
    }
    if ended.code != Some(0) {
        let status = match (ended.code, ended.signal) {
            (Some(code), _) => format!("status {code}"),
            (None, signal) => format!("signal {}", signal.unwrap_or_default()),
        };
        return Outcome::Failed(format!("it ended with {status}: {said}"));
    }
    match read(&ended.stdout, unit) {
        Ok(measurement) => Outcome::Measured(measurement),
        Err(error) => Outcome::Failed(format!("{error:#}")),
    }
}

fn read(stdout: &str, unit: &str) -> Result<Measurement> {
    let line = stdout.trim();
    let read = serde_json::from_str::<Measurement>(line);
    let measurement = read.with_context(|| format!("it printed no measurement: {line:?}"))?;
    if measurement.unit != unit {
        bail!("it measured in {}, and not in {unit}", measurement.unit);
    }
    if !measurement.value.is_finite() {
        bail!("its value is no number");
    }
    Ok(measurement)
}

/// A process that has ended.
pub struct Ended {
    pub code: Option<i32>,
    signal: Option<i32>,
    pub stdout: String,
    stderr: String,
}

impl Ended {
    pub fn last_line_of_stderr(&self) -> String {
        let mut lines = self.stderr.lines().rev();
        let line = lines.find(|line| !line.trim().is_empty());
        line.unwrap_or("(nothing on stderr)").trim().to_owned()
    }
}

/// Runs a process, and ends it with all that it has started when `time` is over.
pub fn run(mut command: Command, time: Duration) -> Result<Ended> {
    let until = Instant::now() + time;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .with_context(|| format!("{} could not be started", command.get_program().display()))?;
    let stdout = read_to_end(child.stdout.take().context("no stdout")?);
    let stderr = read_to_end(child.stderr.take().context("no stderr")?);
    let outputs = (|| {
        let left = |until: Instant| until.saturating_duration_since(Instant::now());
        let stdout = stdout.recv_timeout(left(until)).ok()?;
        let stderr = stderr.recv_timeout(left(until)).ok()?;
        Some((stdout, stderr))
    })();
    let Some((stdout, stderr)) = outputs else {
        end(&mut child);
        bail!("it took longer than {} s", time.as_secs());
    };
    // Nearly over: its outputs are closed.
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() > until {
            end(&mut child);
            bail!("it took longer than {} s to end", time.as_secs());
        }
        thread::sleep(Duration::from_millis(1));
    };
    Ok(Ended {
        code: status.code(),
        signal: status.signal(),
        stdout,
        stderr,
    })
}

fn end(child: &mut Child) {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let Some(group) = pid {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.wait();
}

fn read_to_end(mut from: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (done, read) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        let _ = done.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    read
}
