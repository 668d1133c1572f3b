//! What idle isolates and waiting messages take.

use std::fs;

use anyhow::{Context, Result};
use insula::{ReceivePort, Runtime};

use super::host::{Host, receive};
use crate::measurement::Measurement;
use crate::rows::Row;
use crate::timing::{Report, together};

/// A number of 64 bits as it is sent.
const PAYLOAD: f64 = 9.0;

/// Resident memory of an isolate that has begun, has sent a message and rests.
pub fn idle(host: &Host, size: u64) -> Result<Measurement> {
    let before = resident()?;
    let value = with_idle(host, size, || Ok((resident()? - before) / size as f64))?;
    Ok(Measurement::new("bytes", value, size))
}

/// How many memory mappings it takes.
pub fn mappings(host: &Host, size: u64) -> Result<Measurement> {
    let count = || Runtime::mappings().context("the system does not tell the mappings");
    let before = count()?;
    let value = with_idle(host, size, || {
        Ok((count()? as f64 - before as f64) / size as f64)
    })?;
    Ok(Measurement::new("mappings", value, size))
}

/// Looks at something while there are so many idle isolates.
fn with_idle(host: &Host, size: u64, look: impl FnOnce() -> Result<f64>) -> Result<f64> {
    let (isolate, reports) = host.spawn("idle", size)?;
    let port = isolate.port().clone();
    receive(&reports, isolate)?;
    let value = look()?;
    drop(port);
    Ok(value)
}

/// Messages into a mailbox that nobody empties: the time of each, or the memory.
pub fn mailbox(host: &Host, row: &Row, size: u64) -> Result<Measurement> {
    let (isolate, reports) = host.spawn("mailbox", size)?;
    let control = isolate.control().clone();
    let before = at_pause(&reports)?.1;
    let (report, after) = at_pause(&reports)?;
    drop(control);
    if row.name == "mailbox" {
        return Ok(together(&report.batches));
    }
    let value = (after - before) / size as f64 - PAYLOAD;
    Ok(Measurement::new("bytes", value, size))
}

/// Waits for the guest's next report, looks at the memory, and lets it go on.
fn at_pause(reports: &ReceivePort) -> Result<(Report, f64)> {
    let message = reports.recv_timeout(super::host::PATIENCE)?;
    let resident = resident()?;
    message
        .reply()
        .context("the guest does not wait")?
        .send(&())
        .context("the guest does not wait")?;
    Ok((message.decode()?, resident))
}

/// Bytes of this process's memory that are resident, what it shares with others in
/// proportion.
fn resident() -> Result<f64> {
    let text = fs::read_to_string("/proc/self/smaps_rollup")?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kib = line.context("no Pss")?.trim().trim_end_matches(" kB");
    Ok(kib.trim().parse::<f64>()? * 1024.0)
}
