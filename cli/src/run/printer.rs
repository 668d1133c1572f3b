//! What becomes of the lines that guests print.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Write as _};

use insula::{Line, Output, Stdio, Stream, harmless};

use super::events;
use super::order::Order;
use crate::color;

pub enum Printer {
    /// As it is, names in front where there are several isolates.
    Plain(Stdio),
    /// The same where either stream shows colours: names have one each.
    Colored { stdout: bool, stderr: bool },
    /// An object for each line.
    Json(Order),
}

impl Printer {
    /// With an order of events where there is to be JSON.
    pub fn new(json: Option<Order>, prefix: bool) -> Self {
        let (stdout, stderr) = (color::on_stdout(), color::on_stderr());
        if let Some(order) = json {
            Printer::Json(order)
        } else if prefix && (stdout || stderr) {
            Printer::Colored { stdout, stderr }
        } else {
            Printer::Plain(Stdio::new().prefix(prefix))
        }
    }
}

impl Output for Printer {
    fn line(&self, line: &Line<'_>) {
        match self {
            Printer::Plain(stdio) => stdio.line(line),
            Printer::Colored { stdout, stderr } => {
                let is_colored = match line.stream {
                    Stream::Stdout => *stdout,
                    Stream::Stderr => *stderr,
                };
                if is_colored && !line.alone {
                    print_colored(line);
                } else {
                    Stdio::new().line(line);
                }
            }
            Printer::Json(order) => events::output(order, line),
        }
    }
}

/// The same name has the same colour at each run.
fn print_colored(line: &Line<'_>) {
    let mut hasher = DefaultHasher::new();
    line.isolate.hash(&mut hasher);
    let place = hasher.finish() % color::NAMES.len() as u64;
    let style = usize::try_from(place).map_or(color::NOTE, |place| color::NAMES[place]);
    let name = harmless(line.isolate);
    let whole = format!("{style}[{name}]{style:#} {}\n", harmless(line.text));
    // One call for the whole line, so that lines never mix.
    let _ = match line.stream {
        Stream::Stdout => io::stdout().lock().write_all(whole.as_bytes()),
        Stream::Stderr => io::stderr().lock().write_all(whole.as_bytes()),
    };
}
