//! The signals that ask a command to end: the first is heeded, the second obeyed.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// A signal that asks for an end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    Interrupt,
    Terminate,
}

impl Signal {
    pub fn name(self) -> &'static str {
        match self {
            Signal::Interrupt => "SIGINT",
            Signal::Terminate => "SIGTERM",
        }
    }

    /// The exit status of who ends because of it, as shells have it.
    pub fn status(self) -> u8 {
        let number = match self {
            Signal::Interrupt => SIGINT,
            Signal::Terminate => SIGTERM,
        };
        128 + u8::try_from(number).unwrap_or(0)
    }

    fn of(number: i32) -> Self {
        match number {
            SIGTERM => Signal::Terminate,
            _ => Signal::Interrupt,
        }
    }
}

/// Calls `first` at the first signal; a second one ends the process at once.
pub fn listen(first: impl Fn(Signal) + Send + 'static) -> Result<()> {
    let signals = Signals::new([SIGINT, SIGTERM]);
    let mut signals = signals.context("signals cannot be listened to")?;
    let heard = AtomicBool::new(false);
    let listening = move || {
        for number in signals.forever() {
            let signal = Signal::of(number);
            if heard.swap(true, Ordering::Relaxed) {
                process::exit(signal.status().into());
            }
            first(signal);
        }
    };
    let thread = thread::Builder::new().name("signals".to_owned());
    thread
        .spawn(listening)
        .context("signals cannot be listened to")?;
    Ok(())
}
