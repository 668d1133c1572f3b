//! Why an isolate ended, as a typed value.

use std::fmt;

use crate::limits::LimitHit;

/// Why an isolate ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExitReason {
    /// It had nothing left to do: no listening port and no timer, or nothing in
    /// its whole group could happen any more.
    Ended,
    /// It ended itself through WASI's `proc_exit` with a code other than 0.
    Exited(i32),
    /// It panicked.
    Panicked {
        /// What the panic said.
        message: String,
        /// Where in the guest's source, as `file:line:column`.
        place: String,
        /// The guest's functions on the stack, innermost first.
        backtrace: Backtrace,
    },
    /// It trapped: a WebAssembly instruction could not go on.
    Trapped {
        /// What the instruction met.
        trap: String,
        /// The guest's functions on the stack, innermost first.
        backtrace: Backtrace,
    },
    /// It met a limit that ends an isolate.
    Limit {
        /// The limit and its value.
        hit: LimitHit,
        /// The guest's functions on the stack, innermost first.
        backtrace: Backtrace,
    },
    /// It broke the contract with its host: a handle that was never given, a
    /// pointer outside of its memory.
    ContractBroken {
        /// What was wrong.
        what: String,
        /// The guest's functions on the stack, innermost first.
        backtrace: Backtrace,
    },
    /// It never ran: its program could not be loaded or has no such entry, or
    /// the host had no room for one more instance.
    NotStarted(String),
    /// Somebody who had the right killed it.
    Killed,
    /// The runtime was shut down.
    ShutDown,
    /// The runtime itself failed while it ran the isolate: a bug of Insula's,
    /// not of the guest. Please report it with this text.
    HostFailed(String),
}

impl ExitReason {
    /// Whether this is a plain end.
    pub fn is_ended(&self) -> bool {
        *self == ExitReason::Ended
    }

    /// The guest's functions on the stack when it ended; empty where there is
    /// nothing to tell.
    pub fn backtrace(&self) -> &[Frame] {
        match self {
            ExitReason::Panicked { backtrace, .. }
            | ExitReason::Trapped { backtrace, .. }
            | ExitReason::Limit { backtrace, .. }
            | ExitReason::ContractBroken { backtrace, .. } => backtrace,
            _ => &[],
        }
    }
}

impl fmt::Display for ExitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExitReason::Ended => f.write_str("ended"),
            ExitReason::Exited(code) => write!(f, "exited with code {code}"),
            ExitReason::Panicked { message, place, .. } if place.is_empty() => {
                write!(f, "panicked: {message}")
            }
            ExitReason::Panicked { message, place, .. } => {
                write!(f, "panicked at {place}: {message}")
            }
            ExitReason::Trapped { trap, .. } => write!(f, "trapped: {trap}"),
            ExitReason::Limit { hit, .. } => write!(f, "stopped: {hit}"),
            ExitReason::ContractBroken { what, .. } => {
                write!(f, "broke the contract with its host: {what}")
            }
            ExitReason::NotStarted(why) => write!(f, "could not be started: {why}"),
            ExitReason::Killed => f.write_str("killed"),
            ExitReason::ShutDown => f.write_str("ended because the runtime was shut down"),
            ExitReason::HostFailed(what) => {
                write!(
                    f,
                    "ended by a failure of the runtime (a bug of Insula, please report it): {what}"
                )
            }
        }
    }
}

/// The guest's functions on the stack, innermost first.
pub type Backtrace = Vec<Frame>;

/// One guest function on the stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The function's name, or its number where the program has no names.
    pub function: String,
    /// `file:line` of the source, where the program carries debug information.
    pub place: Option<String>,
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.function)?;
        match &self.place {
            Some(place) => write!(f, " at {place}"),
            None => Ok(()),
        }
    }
}

/// A backtrace of what is on the stack in `trace`.
pub(crate) fn frames(trace: &wasmtime::WasmBacktrace) -> Backtrace {
    trace.frames().iter().map(frame).collect()
}

/// A backtrace of a panic, from where the guest panicked: what Rust and the SDK
/// do about a panic is no part of the guest.
pub(crate) fn without_panicking(mut backtrace: Backtrace) -> Backtrace {
    let is_machinery = |frame: &Frame| {
        let name = &frame.function;
        [
            "core::panicking::",
            "core::result::unwrap_failed",
            "core::option::",
        ]
        .iter()
        .any(|start| name.starts_with(start))
            || is_panics_start(frame)
    };
    // What lies above it are the hook and the handler.
    if let Some(start) = backtrace.iter().rposition(is_panics_start) {
        let calls = backtrace[start..]
            .iter()
            .take_while(|frame| is_machinery(frame));
        let calls = calls.count();
        backtrace.drain(..start + calls);
    }
    backtrace
}

/// Where Rust, or an entry of the SDK's that returned an error, begins to panic.
fn is_panics_start(frame: &Frame) -> bool {
    frame.function.ends_with("rust_begin_unwind") || frame.function == "insula_guest::panic::fail"
}

fn frame(info: &wasmtime::FrameInfo) -> Frame {
    let symbol = info.symbols().first();
    let function = symbol
        .and_then(|symbol| symbol.name())
        .or(info.func_name())
        .map(demangled)
        .unwrap_or_else(|| format!("function {}", info.func_index()));
    let place = symbol.and_then(|symbol| {
        let file = symbol.file()?;
        Some(match symbol.line() {
            Some(line) => format!("{file}:{line}"),
            None => file.to_owned(),
        })
    });
    Frame { function, place }
}

/// How much of a function's name is kept. Names are a guest's own words, and
/// demangled ones can be far longer than they look.
const NAME_CHARS: usize = 512;

fn demangled(name: &str) -> String {
    let whole = format!("{:#}", rustc_demangle::demangle(name));
    whole.chars().take(NAME_CHARS).collect()
}
