//! What the user is told, and the exit status: words on standard error, or where
//! `--json` is given objects on standard output, one a line.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::OnceLock;

use anstyle::Style;
use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use insula::ExitReason;
use serde_json::json;

use crate::Cli;
use crate::{advice, color, likely};

/// The exit status for wrong use and for programs that cannot be loaded.
pub const WRONG_USE: u8 = 2;

/// The exit status when the guest failed or was stopped.
pub const FAILED: u8 = 1;

/// How many functions of a backtrace are shown.
const FRAMES: usize = 32;

/// Whether a program reads what is told.
static JSON: OnceLock<bool> = OnceLock::new();

/// Looks for `--json` before anything is parsed: errors of that are told so too.
pub fn choose(arguments: impl IntoIterator<Item = OsString>) {
    let mut own = arguments
        .into_iter()
        .take_while(|argument| argument != "--");
    let _ = JSON.set(own.any(|argument| argument == "--json"));
}

fn is_json() -> bool {
    JSON.get().copied().unwrap_or(false)
}

/// Tells why the command itself failed, and what to do.
pub fn error(error: &anyhow::Error) {
    let advice = advice::of(error);
    if is_json() {
        let causes: Vec<_> = error.chain().skip(1).map(ToString::to_string).collect();
        let message = error.to_string();
        let fields = json!({ "message": message, "causes": causes, "advice": advice });
        event("error", &fields);
    } else {
        let advice = advice.map(|advice| format!(" ({advice})"));
        let text = format!("{error:#}{}", advice.unwrap_or_default());
        say(color::ERROR, &quoted(&text));
    }
}

/// Tells of something that did not work, although the command goes on.
pub fn warning(warning: &str) {
    if is_json() {
        event("warning", &json!({ "message": warning }));
    } else {
        say(color::ERROR, &quoted(warning));
    }
}

/// Tells something that is no error, to somebody who looks.
pub fn note(text: &str) {
    if !is_json() {
        say(color::NOTE, &quoted(text));
    }
}

/// Tells what the command does now.
pub fn state(kind: &str, text: &str) {
    if is_json() {
        event(kind, &json!({ "message": text }));
    } else {
        say(color::NOTE, &quoted(text));
    }
}

/// Tells how the command is to be used: what was asked for, or what is wrong.
pub fn usage(mut error: clap::Error) -> ExitCode {
    suggest_command(&mut error);
    let asked_for = matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    );
    if is_json() && !asked_for {
        let text = error.render().to_string();
        let message = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
        let fields = json!({ "message": message, "causes": [], "advice": null });
        event("error", &fields);
    } else {
        // Nobody may be there to read it.
        let _ = error.print();
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(WRONG_USE))
}

/// The command that was likely meant: letters that changed places count for less here.
fn suggest_command(error: &mut clap::Error) {
    let Some(ContextValue::String(given)) = error.get(ContextKind::InvalidSubcommand) else {
        return;
    };
    let command = Cli::command();
    let known = command
        .get_subcommands()
        .filter(|known| !known.is_hide_set());
    let known: Vec<_> = known.map(clap::Command::get_name).collect();
    if let Some(meant) = likely::most_like(given, &known) {
        let meant = ContextValue::Strings(vec![(*meant).to_owned()]);
        error.insert(ContextKind::SuggestedSubcommand, meant);
    }
}

/// Tells why an isolate ended, unless it just ended.
pub fn exit(isolate: &str, reason: &ExitReason) {
    if reason.is_ended() {
        return;
    }
    // A guest says what its isolates are called.
    let isolate = insula::harmless(isolate);
    let mut text = format!("{isolate} {}", quoted(&reason.to_string()));
    let frames = reason.backtrace();
    for frame in frames.iter().take(FRAMES) {
        text.push_str(&format!("\n    in {}", quoted(&frame.to_string())));
    }
    if frames.len() > FRAMES {
        text.push_str(&format!("\n    and {} more", frames.len() - FRAMES));
    }
    say(color::ERROR, &text);
}

/// The exit status that stands for a reason.
pub fn status(reason: &ExitReason) -> u8 {
    match reason {
        ExitReason::Ended => 0,
        ExitReason::Exited(code) => u8::try_from(*code).unwrap_or(FAILED),
        ExitReason::NotStarted(_) => WRONG_USE,
        _ => FAILED,
    }
}

/// Prints what was asked for to standard output. Nobody may be there to read it.
pub fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Prints what happened on a line of its own: an object that begins with what it is.
pub fn event(kind: &str, fields: &serde_json::Value) {
    let fields = escaped(&fields.to_string());
    let rest = fields.trim_start_matches('{');
    let comma = if rest == "}" { "" } else { "," };
    print(&format!("{{\"event\":{}{comma}{rest}\n", json!(kind)));
}

/// The same JSON without what a terminal might heed and JSON does not escape: controls
/// from DEL on, marks that reorder text, and ends of lines that others see as such.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\u{7f}'..='\u{9f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                text.push_str(&format!("\\u{:04x}", u32::from(c)))
            }
            c => text.push(c),
        }
    }
    text
}

/// Prints to standard error, in one piece. Nobody may be there to read it.
fn say(style: Style, text: &str) {
    // One call for the whole: guests print at the same time.
    let line = match color::on_stderr() {
        true => format!("{style}insula:{style:#} {text}\n"),
        false => format!("insula: {text}\n"),
    };
    let _ = std::io::stderr().lock().write_all(line.as_bytes());
}

/// Text that a guest may have had a hand in: further lines are set in, so that
/// none looks like one of ours.
fn quoted(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(insula::harmless).collect();
    lines.join("\n    ")
}
