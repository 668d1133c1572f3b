//! What the user is told on standard error, and the exit status.

use std::process::ExitCode;

use insula::ExitReason;

/// The exit status for wrong use and for programs that cannot be loaded.
pub const WRONG_USE: u8 = 2;

/// The exit status when the guest failed or was stopped.
const FAILED: u8 = 1;

/// How many functions of a backtrace are shown.
const FRAMES: usize = 32;

/// Tells why the command itself failed.
pub fn error(error: &anyhow::Error) {
    eprintln!("insula: {error:#}");
}

/// Tells why an isolate ended, unless it just ended.
pub fn exit(isolate: &str, reason: &ExitReason) {
    if reason.is_ended() {
        return;
    }
    let mut text = format!("insula: {isolate} {}", harmless(&reason.to_string()));
    let frames = reason.backtrace();
    for frame in frames.iter().take(FRAMES) {
        text.push_str(&format!("\n    in {}", harmless(&frame.to_string())));
    }
    if frames.len() > FRAMES {
        text.push_str(&format!("\n    and {} more", frames.len() - FRAMES));
    }
    eprintln!("{text}");
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

/// A guest's words without what a terminal would obey.
fn harmless(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let shown = !c.is_control() || c == '\n';
            let (plain, escaped) = if shown {
                (Some(c), None)
            } else {
                (None, Some(c.escape_default()))
            };
            plain.into_iter().chain(escaped.into_iter().flatten())
        })
        .collect()
}
