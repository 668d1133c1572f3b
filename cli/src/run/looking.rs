//! Looking at a run: figures at its end, a page while it goes on, a report afterwards.

use std::fs::{self, File};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use insula::Runtime;
use insula_inspector::{Inspector, Watch};

use super::events;
use super::finished::Finished;
use super::stats;
use crate::report;

#[derive(Args)]
#[command(next_help_heading = "Looking at it")]
pub struct LookFlags {
    /// Prints figures at the end: isolates, messages, CPU, memory.
    #[arg(long)]
    pub stats: bool,
    /// Serves a page that shows what the isolates do, and prints its address.
    ///
    /// `127.0.0.1:0` is a free port of this machine. A token that nobody can guess is in
    /// the address; whoever has it may look, and may pause and end isolates.
    #[arg(long, value_name = "ADDRESS")]
    inspect: Option<SocketAddr>,
    /// Lets `--inspect` use an address that other machines can reach.
    ///
    /// What goes over the wire is not encrypted.
    #[arg(long, requires = "inspect")]
    inspect_remote: bool,
    /// Writes a page about the run into this file when it is over.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// A run that is being looked at. Held until it is over.
#[derive(Default)]
pub struct Looking {
    report: Option<ReportFile>,
    // In this order: who serves holds what is watched.
    inspector: Option<Inspector>,
    watch: Option<Watch>,
}

impl LookFlags {
    /// Begins to look, before anything runs. What cannot be is told now and not when the
    /// run is over.
    pub fn begin(&self, runtime: &Runtime, program: &str, json: bool) -> Result<Looking> {
        let mut looking = Looking::default();
        if self.inspect.is_none() && self.report.is_none() {
            return Ok(looking);
        }
        if let Some(path) = &self.report {
            let file = ReportFile::at(path);
            let file =
                file.with_context(|| format!("--report: {} cannot be written", path.display()))?;
            looking.report = Some(file);
        }
        let watch = Watch::start(runtime).context("the run cannot be watched")?;
        if let Some(address) = self.inspect {
            let inspector = Inspector::builder()
                .address(address)
                .allow_remote(self.inspect_remote)
                .title(name(program));
            let inspector = inspector.start(&watch).map_err(told)?;
            if json {
                events::inspecting(inspector.url());
            } else {
                report::note(&format!("look at it: {}", inspector.url()));
            }
            looking.inspector = Some(inspector);
        }
        looking.watch = Some(watch);
        Ok(looking)
    }
}

/// What a program is called without the folders that it lies in: who is shown a report
/// need not know them.
fn name(program: &str) -> &str {
    let name = Path::new(program).file_name();
    name.and_then(|name| name.to_str()).unwrap_or(program)
}

/// As the shell says it.
fn told(error: insula_inspector::InspectorError) -> anyhow::Error {
    match error {
        insula_inspector::InspectorError::Remote(address) => anyhow::anyhow!(
            "--inspect {address}: other machines can reach that address; \
             use 127.0.0.1:{}, or allow it with --inspect-remote",
            address.port()
        ),
        other => anyhow::Error::new(other).context("--inspect"),
    }
}

impl Looking {
    /// Writes the report, where one is wanted.
    pub fn finish(&self, finished: &Finished<'_>) {
        let (Some(watch), Some(file)) = (&self.watch, &self.report) else {
            return;
        };
        let wall = stats::time(finished.wall);
        let reason = finished.reason.to_string();
        let about = [
            ("Program", name(finished.program)),
            ("The first isolate", reason.as_str()),
            ("Took", wall.as_str()),
        ];
        let page = watch.report(name(finished.program), &about);
        if let Err(error) = file.write(&page) {
            let path = file.path.display();
            report::warning(&format!("the report was not written to {path}: {error}"));
        }
    }
}

/// Where the report goes. What is there stays until there is something better.
struct ReportFile {
    path: PathBuf,
    /// In the same folder: the report is written here, and moved when it is whole.
    beside: PathBuf,
}

impl ReportFile {
    /// Shows that a report can be written.
    fn at(path: &Path) -> Result<Self> {
        if path.metadata().is_ok_and(|there| !there.is_file()) {
            bail!("what is there is no ordinary file, and a report is one");
        }
        // Behind a link, so that the link stays one.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let name = path.file_name().context("it has no name")?;
        let mut beside = std::ffi::OsString::from(".");
        beside.push(name);
        beside.push(format!(".{}", std::process::id()));
        let beside = path.with_file_name(beside);
        let file = ReportFile { path, beside };
        file.create()?;
        fs::remove_file(&file.beside)?;
        Ok(file)
    }

    fn create(&self) -> std::io::Result<File> {
        let mut options = File::options();
        options.write(true).create_new(true).open(&self.beside)
    }

    fn write(&self, page: &str) -> std::io::Result<()> {
        let written = self
            .create()
            .and_then(|mut file| file.write_all(page.as_bytes()))
            .and_then(|()| fs::rename(&self.beside, &self.path));
        if written.is_err() {
            let _ = fs::remove_file(&self.beside);
        }
        written
    }
}
