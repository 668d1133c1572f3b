//! How tests went, in libtest's words and form.

use std::io::Write as _;
use std::time::Duration;

use super::judge::Outcome;
use super::libtest::Listed;
use super::options::{Format, Options};
use super::test::Done;
use crate::report::print;

/// How many tests a line of the terse form has.
const COLUMNS: usize = 88;

pub fn list(tests: &[Listed], format: Format) {
    let mut text = String::new();
    for test in tests {
        text.push_str(&format!("{}: test\n", insula::harmless(&test.name)));
    }
    if format == Format::Pretty {
        if !tests.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("{}, 0 benchmarks\n", number(tests.len())));
    }
    print(&text);
}

fn number(tests: usize) -> String {
    match tests {
        1 => "1 test".to_owned(),
        more => format!("{more} tests"),
    }
}

/// Tells how tests go, and keeps what is told at the end.
pub struct Report<'a> {
    options: &'a Options,
    all: usize,
    is_parallel: bool,
    is_coloured: bool,
    passed: usize,
    ignored: usize,
    told: usize,
    failures: Vec<Shown>,
    successes: Vec<Shown>,
}

/// What the end of the report says beside how the tests went.
pub struct Totals {
    pub filtered_out: usize,
    pub time: Duration,
}

/// A test with what it printed.
struct Shown {
    test: String,
    text: String,
}

enum Colour {
    Green,
    Red,
    Yellow,
}

impl<'a> Report<'a> {
    pub fn new(options: &'a Options, all: usize, is_parallel: bool) -> Self {
        Report {
            options,
            all,
            is_parallel,
            is_coloured: options.is_coloured(),
            passed: 0,
            ignored: 0,
            told: 0,
            failures: Vec::new(),
            successes: Vec::new(),
        }
    }

    pub fn begin(&self) {
        print(&format!("\nrunning {}\n", number(self.all)));
    }

    pub fn test_begins(&self, test: &str) {
        // Beside others, a name without its result would mix with theirs.
        if !self.is_parallel && self.options.format() == Format::Pretty {
            print(&format!("test {} ... ", insula::harmless(test)));
            // Nobody may be there to read it.
            let _ = std::io::stdout().flush();
        }
    }

    pub fn test_done(&mut self, test: &str, should_panic: bool, done: Done) {
        let test = insula::harmless(test);
        let text = shown(&done);
        let (word, colour) = match &done.outcome {
            Outcome::Passed => ("ok".to_owned(), Colour::Green),
            Outcome::Failed(_) => ("FAILED".to_owned(), Colour::Red),
            Outcome::Ignored(None) => ("ignored".to_owned(), Colour::Yellow),
            Outcome::Ignored(Some(why)) => (
                format!("ignored, {}", insula::harmless(why)),
                Colour::Yellow,
            ),
        };
        self.told += 1;
        match self.options.format() {
            Format::Pretty => {
                let should_panic = if should_panic { " - should panic" } else { "" };
                let word = self.coloured(&word, &colour);
                if self.is_parallel {
                    print(&format!("test {test}{should_panic} ... {word}\n"));
                } else {
                    print(&format!("{word}\n"));
                }
            }
            Format::Terse => self.terse(&test, &done.outcome, &colour),
        }
        match done.outcome {
            Outcome::Passed => {
                self.passed += 1;
                self.successes.push(Shown { test, text });
            }
            Outcome::Ignored(_) => self.ignored += 1,
            Outcome::Failed(_) => self.failures.push(Shown { test, text }),
        }
    }

    fn terse(&self, test: &str, outcome: &Outcome, colour: &Colour) {
        let mark = match outcome {
            Outcome::Passed => ".",
            Outcome::Ignored(_) => "i",
            Outcome::Failed(_) => {
                let word = self.coloured("FAILED", colour);
                print(&format!("\n{test} --- {word}\n"));
                return;
            }
        };
        let mut text = self.coloured(mark, colour);
        if self.told.is_multiple_of(COLUMNS) {
            text.push_str(&format!(" {}/{}\n", self.told, self.all));
        }
        print(&text);
        // Nobody may be there to read it.
        let _ = std::io::stdout().flush();
    }

    /// Tells the end. Whether all is well.
    pub fn end(mut self, totals: &Totals) -> bool {
        let mut text = String::new();
        if self.options.format() == Format::Terse {
            text.push('\n');
        }
        if self.options.show_output {
            text.push_str(&part("successes", &mut self.successes));
        }
        if !self.failures.is_empty() {
            text.push_str(&part("failures", &mut self.failures));
        }
        let (word, colour) = match self.failures.is_empty() {
            true => ("ok", Colour::Green),
            false => ("FAILED", Colour::Red),
        };
        text.push_str(&format!(
            "\ntest result: {}. {} passed; {} failed; {} ignored; 0 measured; {} filtered out; \
             finished in {:.2}s\n\n",
            self.coloured(word, &colour),
            self.passed,
            self.failures.len(),
            self.ignored,
            totals.filtered_out,
            totals.time.as_secs_f64(),
        ));
        print(&text);
        self.failures.is_empty()
    }

    fn coloured(&self, word: &str, colour: &Colour) -> String {
        if !self.is_coloured {
            return word.to_owned();
        }
        let code = match colour {
            Colour::Green => 32,
            Colour::Red => 31,
            Colour::Yellow => 33,
        };
        format!("\x1b[{code}m{word}\x1b[0m")
    }
}

/// What a test has printed, why it failed, and what else happened.
fn shown(done: &Done) -> String {
    let mut lines: Vec<String> = done.printed.iter().map(|line| line.shown()).collect();
    if let Outcome::Failed(why) = &done.outcome {
        let why = why.iter().flat_map(|why| why.lines());
        lines.extend(why.map(insula::harmless));
        let notes = done.notes.iter().flat_map(|note| note.lines());
        lines.extend(notes.map(insula::harmless));
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

/// What tests of one kind printed, and their names.
fn part(heading: &str, tests: &mut [Shown]) -> String {
    tests.sort_by(|one, other| one.test.cmp(&other.test));
    let mut text = format!("\n{heading}:\n");
    let with_text = tests.iter().filter(|shown| !shown.text.is_empty());
    let texts: Vec<_> = with_text
        .map(|shown| format!("---- {} stdout ----\n{}\n", shown.test, shown.text))
        .collect();
    if !texts.is_empty() {
        text.push('\n');
        text.push_str(&texts.concat());
    }
    text.push_str(&format!("\n{heading}:\n"));
    for shown in tests {
        text.push_str(&format!("    {}\n", shown.test));
    }
    text
}
