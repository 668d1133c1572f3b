//! The options of libtest, as `cargo test -- OPTIONS` takes them.

use std::io::IsTerminal as _;
use std::num::NonZeroUsize;
use std::thread;

use anyhow::{Context as _, Result};
use clap::{Parser, ValueEnum};

/// What is to be done with the tests.
#[derive(Parser)]
#[command(
    name = "cargo test --",
    disable_version_flag = true,
    override_usage = "cargo test -- [OPTIONS] [FILTERS...]"
)]
pub struct Options {
    /// Runs the tests whose names contain one of these only.
    filters: Vec<String>,
    /// A filter is a whole name.
    #[arg(long)]
    pub exact: bool,
    /// Skips the tests whose names contain this.
    #[arg(long, value_name = "FILTER")]
    skip: Vec<String>,
    /// Runs the ignored tests only.
    #[arg(long, conflicts_with = "include_ignored")]
    pub ignored: bool,
    /// Runs the ignored tests too.
    #[arg(long)]
    pub include_ignored: bool,
    /// Lists the tests.
    #[arg(long)]
    pub list: bool,
    /// How results are told [default: pretty].
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// A character for each test, where no `--format` says otherwise. cargo gives this
    /// for its own `-q`.
    #[arg(short, long)]
    quiet: bool,
    /// Lets out at once what tests print.
    #[arg(long, alias = "no-capture")]
    nocapture: bool,
    /// Shows what tests printed that passed, too.
    #[arg(long)]
    pub show_output: bool,
    /// How many tests run at the same time [default: as many as there are cores, or
    /// RUST_TEST_THREADS].
    #[arg(long, value_name = "N")]
    test_threads: Option<NonZeroUsize>,
    /// Whether the output is coloured.
    #[arg(long, value_enum, default_value = "auto")]
    color: Colour,
    /// Runs tests, as is done anyway.
    #[arg(long, hide = true)]
    test: bool,
    /// Runs benchmarks, of which there are none.
    #[arg(long, hide = true)]
    pub bench: bool,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
pub enum Format {
    Pretty,
    Terse,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Colour {
    Auto,
    Always,
    Never,
}

impl Options {
    pub fn format(&self) -> Format {
        let usual = if self.quiet {
            Format::Terse
        } else {
            Format::Pretty
        };
        self.format.unwrap_or(usual)
    }

    pub fn is_wanted(&self, test: &str) -> bool {
        let fits = |filter: &String| {
            if self.exact {
                test == filter
            } else {
                test.contains(filter.as_str())
            }
        };
        (self.filters.is_empty() || self.filters.iter().any(fits)) && !self.skip.iter().any(fits)
    }

    /// Whether a test that is wanted runs, rather than being told of as ignored or not
    /// at all.
    pub fn runs(&self, is_ignored: bool) -> bool {
        self.include_ignored || self.ignored == is_ignored
    }

    pub fn captures(&self) -> bool {
        let variable = std::env::var("RUST_TEST_NOCAPTURE");
        !self.nocapture && !variable.is_ok_and(|value| value != "0")
    }

    pub fn threads(&self) -> Result<usize> {
        if let Some(threads) = self.test_threads {
            return Ok(threads.get());
        }
        if let Ok(threads) = std::env::var("RUST_TEST_THREADS") {
            let number: NonZeroUsize = threads.parse().with_context(|| {
                format!("RUST_TEST_THREADS is `{threads}`, and has to be a number from 1 on")
            })?;
            return Ok(number.get());
        }
        Ok(thread::available_parallelism().map_or(1, NonZeroUsize::get))
    }

    pub fn is_coloured(&self) -> bool {
        match self.color {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => {
                let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
                let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
                std::io::stdout().is_terminal() && !no_colour && !is_dumb
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(arguments: &[&str]) -> Vec<&'static str> {
        let words = ["cargo test --"].iter().chain(arguments);
        let options = Options::try_parse_from(words).expect("they are valid");
        let tests = ["a", "b::a", "b::ab"];
        tests
            .into_iter()
            .filter(|test| options.is_wanted(test))
            .collect()
    }

    #[test]
    fn filters_are_parts_of_names_or_whole_ones() {
        assert_eq!(wanted(&[]), ["a", "b::a", "b::ab"]);
        assert_eq!(wanted(&["b::"]), ["b::a", "b::ab"]);
        assert_eq!(wanted(&["a", "--exact"]), ["a"]);
        assert_eq!(wanted(&["a", "b::ab", "--exact"]), ["a", "b::ab"]);
        assert_eq!(wanted(&["--skip", "b::a"]), ["a"]);
        assert_eq!(wanted(&["--exact", "--skip", "b::a"]), ["a", "b::ab"]);
        assert_eq!(wanted(&["b", "--skip", "ab"]), ["b::a"]);
    }
}
