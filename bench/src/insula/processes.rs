//! `insula run` as a whole process.

use std::env;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::host::cache;
use crate::measurement::Measurement;
use crate::timing::{each, is_quick, nanos};
use crate::{guests, not_measured};

/// From starting `insula run` to its end, for a guest that was run before.
pub fn start() -> Result<Measurement> {
    let own = env::current_exe()?;
    let insula = own.with_file_name("insula");
    if !insula.is_file() {
        return Err(not_measured(format!(
            "{} is not there: build it with `cargo build --release -p insula-cli`",
            insula.display()
        )));
    }
    let hello = guests::module("hello")?;
    let run = || -> Result<()> {
        let status = Command::new(&insula)
            .arg("run")
            .arg(&hello)
            .arg("--cache")
            .arg(cache())
            .stdout(Stdio::null())
            .status()
            .context("insula could not be started")?;
        ensure!(status.success(), "`insula run` ended with {status}");
        Ok(())
    };
    run()?;
    let runs = if is_quick() { 3 } else { 40 };
    let mut samples = Vec::new();
    for _ in 0..runs {
        let start = Instant::now();
        run()?;
        samples.push(nanos(start.elapsed()));
    }
    Ok(each(&samples))
}
