//! Backtraces: what is on a guest's stack when it ends.

use insula_message::{Backtrace, Frame};

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
            SDK_FAILS,
        ]
        .iter()
        .any(|start| name.starts_with(start))
            || name.trim_start_matches(['<', '&']).starts_with(SDK_RETURNS)
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
    let function = &frame.function;
    function.ends_with("rust_begin_unwind") || function.starts_with(SDK_FAILS)
}

/// The module of the SDK that tells the host of errors.
const SDK_FAILS: &str = "insula_guest::panic::";

/// The module of the SDK that looks at what an entry has returned, through types
/// that borrow its own several times over.
const SDK_RETURNS: &str = "insula_guest::returned::";

fn frame(info: &wasmtime::FrameInfo) -> Frame {
    let symbol = info.symbols().first();
    let function = symbol
        .and_then(|symbol| symbol.name())
        .or(info.func_name())
        .map(demangled)
        .unwrap_or_else(|| format!("function {}", info.func_index()));
    let place = symbol.and_then(|symbol| {
        let file = symbol.file()?;
        let file: String = file.chars().take(NAME_CHARS).collect();
        Some(match symbol.line() {
            Some(line) => format!("{file}:{line}"),
            None => file,
        })
    });
    Frame { function, place }
}

/// How much of a name of a function or a file is kept. Names are a guest's own words, and
/// demangled ones can be far longer than they look.
const NAME_CHARS: usize = 512;

fn demangled(name: &str) -> String {
    let whole = format!("{:#}", rustc_demangle::demangle(name));
    whole.chars().take(NAME_CHARS).collect()
}
