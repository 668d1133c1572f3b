//! Runs the soak for a given time and writes what it saw.
//!
//! `cargo run --example soak -- SECONDS SEED FOLDER`

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use insula_tests::soak::{Options, check, plot, run, thinned, write};
use peak_alloc::PeakAlloc;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// How many rows the table has about, beside the quiet points.
const ROWS: usize = 360;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut next = || arguments.next().context("soak SECONDS SEED FOLDER");
    let (seconds, seed): (u64, u64) = (next()?.parse()?, next()?.parse()?);
    let folder = PathBuf::from(next()?);
    fs::create_dir_all(&folder)?;
    let options = Options {
        heap: || HEAP.current_usage(),
        time: Duration::from_secs(seconds),
        deeds: 0,
        seed,
        sample: Duration::from_secs(2),
        quiet: Duration::from_secs((seconds / 60).clamp(2, 60)),
    };
    let report = run(&options)?;

    let samples = thinned(&report.samples, ROWS);
    write(&samples, &mut File::create(folder.join("soak.csv"))?)?;
    let title = format!("{seconds} s of random deeds, seed {seed}");
    plot(&samples, &title, &folder.join("soak.svg"))?;
    println!("isolates ended: {:?}", report.ends);
    println!("limits met: {:?}", report.limits);
    for line in check(&report)? {
        println!("{line}");
    }
    Ok(())
}
