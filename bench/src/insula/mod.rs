//! Insula, through its public API and with a guest built with the SDK.

mod host;
mod memory;
mod processes;
mod spawning;
mod stopping;

use anyhow::Result;

use self::host::Host;
use crate::measurement::Measurement;
use crate::rows::Row;
use crate::timing::{each, kernels, together};

pub use self::host::Way;

/// Measures one row in this process.
pub fn measure(row: &Row, size: u64, way: Way) -> Result<Measurement> {
    let host = |isolates| Host::start(way, isolates);
    match row.name {
        "spawn-host" => spawning::from_the_host(&host(1)?),
        "idle-memory" => memory::idle(&host(size)?, size),
        "mappings" => memory::mappings(&host(size)?, size),
        "mailbox" | "mailbox-memory" => memory::mailbox(&host(2)?, row, size),
        "stop" => stopping::stop(&host(1)?),
        "start" => processes::start(),
        // How many isolates there are, and what the entry's report says.
        "spawn-cold" => Ok(each(&host(size)?.run(row, size)?.samples)),
        "spawn" => Ok(each(&host(2)?.run(row, size)?.samples)),
        "beside-loops" => Ok(each(&host(size)?.run(row, size)?.samples)),
        "compute" => Ok(kernels(&host(1)?.run(row, size)?.samples)),
        "pairs" => Ok(together(&host(2 * size)?.run(row, size)?.batches)),
        "ring" | "fan" | "spawn-rate" => Ok(together(&host(size)?.run(row, size)?.batches)),
        _ => Ok(together(&host(2)?.run(row, size)?.batches)),
    }
}
