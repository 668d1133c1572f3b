//! `insula test`: cargo's tests of a guest crate, with this command as the runner.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use insula_policy::Policy;

use crate::c_project;
use crate::flags::LimitFlags;
use crate::guest_crate::cargo::{TARGET, add_target, command};
use crate::report;
use crate::runner::Runner;

#[derive(Args)]
pub struct Test {
    /// The guest crate's folder.
    #[arg(default_value = ".")]
    path: PathBuf,
    #[command(flatten)]
    limits: LimitFlags,
    /// What tests may use and reach, from a policy file.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Runs the tests on this machine, without WebAssembly: isolates are threads then,
    /// and nothing is limited.
    #[arg(long, conflicts_with_all = ["limit", "wasm", "policy"])]
    native: bool,
    /// Builds the tests in release mode.
    #[arg(long)]
    release: bool,
    /// Names of tests, and options of libtest: `--nocapture`, `--ignored`, `--list`..
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<String>,
}

impl Test {
    pub fn run(self) -> Result<ExitCode> {
        let folder = &self.path;
        if let Some(module) = c_project::build_tests(folder) {
            return self.run_c(&module?);
        }
        if !folder.join("Cargo.toml").is_file() {
            bail!(
                "{}: there is no Cargo.toml in it, so it is no guest crate \
                 (`insula new` makes one; names of tests stand behind `--`)",
                folder.display()
            );
        }
        let mut cargo = command(folder, "cargo");
        cargo.arg("test");
        if self.release {
            cargo.arg("--release");
        }
        if self.native {
            cargo.args(["--target", &host(folder)?]);
        } else {
            add_target(folder)?;
            cargo.args(["--target", TARGET, "--config"]);
            cargo.arg(format!("target.{TARGET}.runner={}", self.runner()?));
        }
        cargo.arg("--").args(&self.arguments);
        let status = cargo.status().context(
            "cargo could not be started: it builds the tests, and comes with rustup (https://rustup.rs)",
        )?;
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        Ok(ExitCode::from(code.unwrap_or(report::FAILED)))
    }

    /// Tests in C, which cargo knows nothing of.
    fn run_c(&self, module: &Path) -> Result<ExitCode> {
        if self.native {
            bail!("--native: tests in C run as WebAssembly alone; leave it out");
        }
        let mut words = self.flags()?;
        words.push(text(module)?);
        words.extend(self.arguments.iter().cloned());
        Runner::new(words).run()
    }

    /// This command as cargo's runner, as a list in TOML.
    fn runner(&self) -> Result<String> {
        let own = std::env::current_exe().context("this command does not know where it is")?;
        let mut words = vec![text(&own)?, "runner".to_owned()];
        words.extend(self.flags()?);
        // A list of JSON's is one of TOML's.
        Ok(serde_json::to_string(&words)?)
    }

    /// The runner's flags.
    fn flags(&self) -> Result<Vec<String>> {
        // What is wrong with them is told before anything is built.
        self.limits.read()?;
        let mut words = self.limits.words();
        if let Some(policy) = &self.policy {
            Policy::from_file(policy)?;
            // Tests are started in the crate's folder.
            let whole = policy.canonicalize()?;
            words.extend(["--policy".to_owned(), text(&whole)?]);
        }
        Ok(words)
    }
}

fn text(path: &Path) -> Result<String> {
    let text = path.to_str().map(str::to_owned);
    text.with_context(|| {
        format!(
            "{}: the path is no UTF-8, which cargo asks for",
            path.display()
        )
    })
}

/// The target that the toolchain builds for by itself.
fn host(folder: &Path) -> Result<String> {
    let said = command(folder, "rustc")
        .arg("-vV")
        .output()
        .context("rustc could not be started: install Rust with rustup (https://rustup.rs)")?;
    let said = String::from_utf8_lossy(&said.stdout);
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host
        .context("rustc does not say what it builds for")?
        .to_owned())
}
