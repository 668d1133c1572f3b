//! Why an isolate ended, as a typed value: what the host knows of it and what
//! those who watch an isolate are told.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::limit::LimitHit;

/// Why an isolate ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// An error was caught by nothing in it, and errors are fatal to it: an entry
    /// or a handler returned an `Err`.
    Failed {
        /// What the error said.
        error: String,
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
        #[serde(flatten)]
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
    /// It was linked to another isolate, and that one ended other than in peace.
    Linked {
        /// The isolate that ended first.
        isolate: String,
        /// Why that one did. Never itself `Linked`.
        reason: Box<ExitReason>,
    },
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

    /// Whether an error ended it, rather than somebody's wish.
    pub fn is_error(&self) -> bool {
        match self {
            ExitReason::Ended
            | ExitReason::Exited(_)
            | ExitReason::Killed
            | ExitReason::ShutDown => false,
            ExitReason::Linked { .. }
            | ExitReason::Panicked { .. }
            | ExitReason::Failed { .. }
            | ExitReason::Trapped { .. }
            | ExitReason::Limit { .. }
            | ExitReason::ContractBroken { .. }
            | ExitReason::NotStarted(_)
            | ExitReason::HostFailed(_) => true,
        }
    }

    /// Every [`kind`](Self::kind) that there is.
    pub const KINDS: [&str; 12] = [
        "ended",
        "exited",
        "panicked",
        "failed",
        "trapped",
        "limit",
        "contract_broken",
        "not_started",
        "killed",
        "linked",
        "shut_down",
        "host_failed",
    ];

    /// Which reason it is, in one word: what serde calls it too.
    pub fn kind(&self) -> &'static str {
        Self::KINDS[self.place()]
    }

    /// The place of its kind in [`KINDS`](Self::KINDS).
    pub fn place(&self) -> usize {
        match self {
            ExitReason::Ended => 0,
            ExitReason::Exited(_) => 1,
            ExitReason::Panicked { .. } => 2,
            ExitReason::Failed { .. } => 3,
            ExitReason::Trapped { .. } => 4,
            ExitReason::Limit { .. } => 5,
            ExitReason::ContractBroken { .. } => 6,
            ExitReason::NotStarted(_) => 7,
            ExitReason::Killed => 8,
            ExitReason::Linked { .. } => 9,
            ExitReason::ShutDown => 10,
            ExitReason::HostFailed(_) => 11,
        }
    }

    /// The guest's functions on the stack when it ended; empty where there is
    /// nothing to tell.
    pub fn backtrace(&self) -> &[Frame] {
        match self {
            ExitReason::Panicked { backtrace, .. }
            | ExitReason::Failed { backtrace, .. }
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
            ExitReason::Failed { error, place, .. } => {
                write!(f, "failed at {place}: {error}")
            }
            ExitReason::Trapped { trap, .. } => write!(f, "trapped: {trap}"),
            ExitReason::Limit { hit, .. } => write!(f, "stopped: {hit}"),
            ExitReason::ContractBroken { what, .. } => {
                write!(f, "broke the contract with its host: {what}")
            }
            ExitReason::NotStarted(why) => write!(f, "could not be started: {why}"),
            ExitReason::Killed => f.write_str("killed"),
            ExitReason::Linked { isolate, reason } => {
                write!(
                    f,
                    "ended because it was linked to {isolate}, which {reason}"
                )
            }
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_what_serde_calls_it() {
        let none = Backtrace::new;
        let text = String::new;
        let all = [
            ExitReason::Ended,
            ExitReason::Exited(3),
            ExitReason::Panicked {
                message: text(),
                place: text(),
                backtrace: none(),
            },
            ExitReason::Failed {
                error: text(),
                place: text(),
                backtrace: none(),
            },
            ExitReason::Trapped {
                trap: text(),
                backtrace: none(),
            },
            ExitReason::Limit {
                hit: LimitHit {
                    limit: crate::Limit::Memory,
                    value: 1,
                },
                backtrace: none(),
            },
            ExitReason::ContractBroken {
                what: text(),
                backtrace: none(),
            },
            ExitReason::NotStarted(text()),
            ExitReason::Killed,
            ExitReason::Linked {
                isolate: text(),
                reason: Box::new(ExitReason::Killed),
            },
            ExitReason::ShutDown,
            ExitReason::HostFailed(text()),
        ];
        assert_eq!(all.len(), ExitReason::KINDS.len());
        for (reason, kind) in all.iter().zip(ExitReason::KINDS) {
            let written = serde_json::to_value(reason).expect("it can be written");
            let name = match &written {
                serde_json::Value::String(name) => name,
                other => other
                    .as_object()
                    .and_then(|map| map.keys().next())
                    .expect("a name"),
            };
            assert_eq!((reason.kind(), name.as_str()), (kind, kind));
        }
    }
}
