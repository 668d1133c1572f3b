//! Colours: on a terminal alone, unless the user or the environment says otherwise.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Color, Style};
use clap::ValueEnum;

/// When there are colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless NO_COLOR says no, or CLICOLOR_FORCE says always.
    Auto,
    Always,
    Never,
}

/// What the name of the command looks like in front of an error.
pub const ERROR: Style = colored(AnsiColor::Red).bold();

/// And in front of what is no error.
pub const NOTE: Style = colored(AnsiColor::Cyan).bold();

/// What isolates' names look like in front of what they print, one of these each.
pub const NAMES: [Style; 6] = [
    colored(AnsiColor::Cyan),
    colored(AnsiColor::Green),
    colored(AnsiColor::Yellow),
    colored(AnsiColor::Blue),
    colored(AnsiColor::Magenta),
    colored(AnsiColor::BrightBlack),
];

const fn colored(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(Color::Ansi(color)))
}

/// Looks for `--color` before anything is parsed, as that may be what fails.
pub fn choose(arguments: impl IntoIterator<Item = OsString>) {
    let mut arguments = arguments.into_iter();
    let mut chosen = None;
    while let Some(argument) = arguments.next() {
        let Some(argument) = argument.to_str() else {
            continue;
        };
        if argument == "--" {
            break;
        }
        let value = match argument.strip_prefix("--color") {
            Some("") => arguments.next().and_then(|next| next.into_string().ok()),
            Some(value) => value.strip_prefix('=').map(str::to_owned),
            None => None,
        };
        chosen = value.or(chosen);
    }
    match chosen.and_then(|value| When::from_str(&value, false).ok()) {
        Some(When::Always) => ColorChoice::Always.write_global(),
        Some(When::Never) => ColorChoice::Never.write_global(),
        Some(When::Auto) | None => {}
    }
}

/// What the user chose, as other commands take it; none where that is left to them.
pub fn chosen() -> Option<&'static str> {
    match ColorChoice::global() {
        ColorChoice::Always | ColorChoice::AlwaysAnsi => Some("always"),
        ColorChoice::Never => Some("never"),
        ColorChoice::Auto => None,
    }
}

/// Whether what is printed on standard output is coloured.
pub fn on_stdout() -> bool {
    AutoStream::choice(&io::stdout()) != ColorChoice::Never
}

/// Whether what is printed on standard error is coloured.
pub fn on_stderr() -> bool {
    AutoStream::choice(&io::stderr()) != ColorChoice::Never
}

/// Whether somebody looks at standard error who can see it change.
pub fn is_watched() -> bool {
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    io::stderr().is_terminal() && !is_dumb
}
