//! `insula runner`: what cargo starts in the place of a program that it has built for
//! WebAssembly. `cargo run` and `cargo test` both hand over a module and arguments.

mod captured;
mod judge;
mod libtest;
mod module;
mod options;
mod plain;
mod report;
mod suite;
mod test;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Parser};

use crate::run::Run;
use module::TestModule;

#[derive(Args)]
pub struct Runner {
    /// Flags of `insula run`, the module, and the program's arguments or those of the
    /// tests.
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        required = true,
        value_name = "[FLAGS] MODULE [ARGUMENTS]"
    )]
    words: Vec<String>,
}

/// `insula run`, as it is parsed from the words of a runner.
#[derive(Parser)]
#[command(name = "insula run")]
struct RunWords {
    #[command(flatten)]
    run: Run,
}

impl Runner {
    pub fn new(words: Vec<String>) -> Self {
        Runner { words }
    }

    pub fn run(self) -> Result<ExitCode> {
        let is_module = |word: &String| word.ends_with(".wasm") && Path::new(word).is_file();
        let Some(at) = self.words.iter().position(is_module) else {
            bail!(
                "runner: none of these is a module, a .wasm file: {} (cargo calls this, where \
                 `runner = [\"insula\", \"runner\"]` stands in .cargo/config.toml)",
                self.words.join(" ")
            );
        };
        let (flags, rest) = self.words.split_at(at);
        let Some((path, arguments)) = rest.split_first() else {
            bail!("runner: there is no module");
        };
        let bytes = std::fs::read(path).with_context(|| path.clone())?;
        if TestModule::is_one(&bytes) {
            let module = TestModule::read(&bytes).with_context(|| path.clone())?;
            return suite::run(module, flags, arguments);
        }
        let name = ["insula run".to_owned()].into_iter();
        let words = name.chain(flags.iter().cloned());
        let words = words.chain([path.clone(), "--".to_owned()]);
        let words = words.chain(arguments.iter().cloned());
        RunWords::parse_from(words).run.run()
    }
}
