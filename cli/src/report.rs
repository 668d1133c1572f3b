//! What the user is told on standard error, and the exit status.

use std::io::Write as _;
use std::process::ExitCode;

use insula::ExitReason;

/// The exit status for wrong use and for programs that cannot be loaded.
pub const WRONG_USE: u8 = 2;

/// The exit status when the guest failed or was stopped.
pub const FAILED: u8 = 1;

/// How many functions of a backtrace are shown.
const FRAMES: usize = 32;

/// Tells why the command itself failed.
pub fn error(error: &anyhow::Error) {
    tell(&format!("insula: {}", quoted(&format!("{error:#}"))));
}

/// Tells something that is no error.
pub fn note(text: &str) {
    tell(&format!("insula: {text}"));
}

/// Tells why an isolate ended, unless it just ended.
pub fn exit(isolate: &str, reason: &ExitReason) {
    if reason.is_ended() {
        return;
    }
    let mut text = format!("insula: {isolate} {}", quoted(&reason.to_string()));
    let frames = reason.backtrace();
    for frame in frames.iter().take(FRAMES) {
        text.push_str(&format!("\n    in {}", quoted(&frame.to_string())));
    }
    if frames.len() > FRAMES {
        text.push_str(&format!("\n    and {} more", frames.len() - FRAMES));
    }
    tell(&text);
}

/// The exit status that stands for a reason.
pub fn status(reason: &ExitReason) -> ExitCode {
    match reason {
        ExitReason::Ended => ExitCode::SUCCESS,
        ExitReason::Exited(code) => ExitCode::from(u8::try_from(*code).unwrap_or(FAILED)),
        ExitReason::NotStarted(_) => ExitCode::from(WRONG_USE),
        _ => ExitCode::from(FAILED),
    }
}

/// Prints what was asked for to standard output. Nobody may be there to read it.
pub fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Prints to standard error. Nobody may be there to read it.
fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Text that a guest may have had a hand in: further lines are set in, so that
/// none looks like one of ours.
fn quoted(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(insula::harmless).collect();
    lines.join("\n    ")
}
