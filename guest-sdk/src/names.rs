//! Ports that everybody in the group can find by a name.
//!
//! ```no_run
//! use insula_guest::*;
//!
//! #[entry]
//! fn log() -> Result<(), NameError> {
//!     port().receive(|line: String, _| println!("{line}"));
//!     names::register("log", &port().send_port())
//! }
//!
//! #[entry]
//! fn worker() -> Result<(), Refused> {
//!     if let Some(log) = names::lookup("log")? {
//!         log.send("a worker has begun").ok();
//!     }
//!     Ok(())
//! }
//! # fn main() {}
//! ```
//!
//! A name goes when its port is closed, when the port's isolate ends, or when
//! somebody takes it away.

use crate::bindings::names;
use crate::bindings::refusals::{Refusal, RefusalKind};
use crate::{Refused, SendPort};
use thiserror::Error;

/// Gives `port` a name. A port may have many.
pub fn register(name: &str, port: &SendPort) -> Result<(), NameError> {
    names::register(name, port.resource()).map_err(NameError::from)
}

/// The port of that name, if there is one. The error says that the isolate may
/// have no more handles.
pub fn lookup(name: &str) -> Result<Option<SendPort>, Refused> {
    Ok(names::lookup(name)?.map(SendPort::from))
}

/// Takes the name away. Whether there was such a name.
pub fn unregister(name: &str) -> bool {
    names::unregister(name)
}

/// Why a port was given no name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NameError {
    /// The name belongs to another port.
    #[error("{0}")]
    Taken(String),
    /// The port is closed, or its isolate has ended.
    #[error("{0}")]
    Closed(String),
    /// The group has as many names as it may, or this one is too long.
    #[error("{0}")]
    Refused(String),
}

impl From<Refusal> for NameError {
    fn from(refusal: Refusal) -> Self {
        match refusal.kind {
            RefusalKind::NameTaken => Self::Taken(refusal.text),
            RefusalKind::Closed => Self::Closed(refusal.text),
            _ => Self::Refused(refusal.text),
        }
    }
}
