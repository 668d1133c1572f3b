//! WebAssembly isolates for code that is not trusted.
//!
//! An isolate is one running instance of a guest program: its own heap, its own
//! mailbox, nothing shared. The only way in or out is to send a copied message
//! to a port. This is Dart's isolate model, for any language that compiles to
//! WebAssembly, with the walls that hostile code needs.
//!
//! ```no_run
//! use insula::{Program, Runtime, SpawnOptions};
//!
//! # fn main() -> anyhow::Result<()> {
//! let runtime = Runtime::builder().start()?;
//! let program = Program::from_file(&runtime, "plugin.wasm")?;
//! let plugin = runtime.spawn(&program, SpawnOptions::new())?;
//! let answer: String = plugin.port().call("What is your name?")?;
//! println!("{answer}");
//! println!("{}", plugin.join());
//! # Ok(())
//! # }
//! ```
//!
//! - [`Runtime`] runs isolates; [`Runtime::spawn`] makes the first one of a
//!   [`Group`], which has [`Limits`] as a whole and in which ports can have names.
//!   [`Runtime::run`] waits for what an entry returns.
//! - [`SendPort`] and [`ReceivePort`] carry messages; anything that serde can
//!   write is one. A port of the host's own is a service for guests.
//! - [`Control`], to which an [`Isolate`] derefs, pauses, asks, watches and ends an
//!   isolate, as far as its [`Right`]s go.
//! - [`ExitReason`] says why an isolate ended, [`Control::errors`] what nothing in it
//!   has caught, and [`Runtime::events`] all that happens.
//!
//! # Waiting
//!
//! A plain call blocks its thread, one that ends in `_timeout` for so long at most,
//! and one that ends in `_async` (with [`SendPort::closed`] and [`Control::exited`])
//! is a future that any executor can run. What it asks for is asked at once, and
//! dropping it takes it back: a request's callee sees that nobody waits
//! ([`SendPort::is_closed`]), a message leaves the line for room, an isolate that
//! [`Runtime::run_async`] has started is killed. One message before others is had
//! with [`ReceivePort::recv_where`].
//!
//! ```no_run
//! # fn example(mut answers: insula::ReceivePort) -> anyhow::Result<()> {
//! use std::time::Duration;
//!
//! // What else is there stays, in its order.
//! let urgent = answers.recv_where_timeout(
//!     |message| message.decode::<(u8, String)>().is_ok_and(|(level, _)| level > 7),
//!     Duration::from_secs(1),
//! )?;
//! # Ok(())
//! # }
//! ```

//! # Looking at it
//!
//! [`Runtime::metrics`] tells what the runtime and each group do and have done, as plain
//! values that serde writes and as OpenMetrics text. [`Runtime::observer`] looks from any
//! thread, also at single isolates, and [records](Observer::record) who ends and who sends
//! to whom. What is always counted costs an addition or two for each message; recording
//! costs more, while it is on.
//!
//! Where the host has a subscriber of the crate `tracing`, it is told this:
//!
//! | target | level | what | fields |
//! |---|---|---|---|
//! | `insula::isolate` | debug | `spawned` | `group`, `isolate` (name), `entry`, `parent` (name, unless the host spawned it) |
//! | `insula::isolate` | info where an error or a limit ended it, error for a bug of Insula's, else debug | `ended` | `group`, `isolate`, `kind` ([`ExitReason::kind`]), `reason`, `cpu_seconds`, `age_seconds` |
//! | `insula::isolate` | debug | `met a limit`, at most once a second for each limit of an isolate | `group`, `isolate`, `limit` (its option), `value` |
//! | `insula::turn` | trace | the span `turn`, on the thread that runs it | `group`, `isolate` |
//! | `insula::load` | debug | the span `load`, and `loaded` in it where that went well | `program`, `bytes`; `from_cache`, `entries` |

// Allowed in one place: `cache::trusted`.
#![deny(unsafe_code)]
#![warn(missing_docs)]

mod abi;
mod cache;
mod capabilities;
mod capability;
mod clock;
mod control;
mod controller;
mod core;
mod cpu;
mod engine;
mod error;
mod events;
mod exit;
mod given;
mod group;
mod group_run;
mod guest_clock;
mod guest_random;
mod handle;
mod handles;
mod host_control;
mod host_memory;
mod host_port;
mod host_stdin;
mod host_wait;
mod host_watch;
mod input;
#[cfg(feature = "internals")]
#[doc(hidden)]
pub mod internals;
mod isolate;
mod knobs;
mod limits;
mod line;
mod listeners;
mod loader;
mod mailbox;
#[cfg_attr(not(target_os = "linux"), path = "memory_elsewhere.rs")]
mod memory;
mod message;
mod message_bytes;
mod meters;
mod names;
mod observe;
mod open_files;
mod output;
mod overtime;
mod places;
mod port;
mod port_ids;
mod preopen;
mod profile;
mod program;
mod promise;
mod reach;
mod receive_port;
mod run;
mod runtime;
mod sched;
mod spawn;
mod spawn_options;
mod starved;
mod state;
mod streams;
mod sync;
mod task;
mod turn;
mod uri;
mod usage;
mod virtual_time;
mod wait;

pub use abi::Import;
pub use capabilities::{
    Access, BadDirGrant, Capabilities, ClockAccess, DirGrant, Random, Stdin, UnknownName,
};
pub use capability::Capability;
pub use control::Priority;
pub use error::{
    CacheError, CallError, CapabilityError, ControlError, LoadError, RunError, SendError,
    SpawnError, StartError,
};
pub use events::{Event, Events};
pub use group_run::GroupRun;
pub use handle::{Group, Isolate};
pub use host_control::Control;
pub use host_watch::Errors;
pub use insula_message::{
    Backtrace, Bytes, DecodeError, DecodeErrorKind, EncodeError, ExitReason, Frame, FromMessage,
    Kind, Limit, LimitHit, Node, NodeId, RemoteError, Right, Scope, Text, ToJsonError, ToMessage,
    Unit,
};
pub use limits::{Limits, MESSAGE_OVERHEAD, PORT_OVERHEAD};
pub use message::{Graph, List, Map, SendPort, Value, broadcast};
pub use names::NameError;
pub use observe::{
    EntryId, Exit, Flow, Flows, GroupMetrics, IsolateId, IsolateMetrics, IsolateState, Metrics,
    Observer, Recording, Sums, Traffic,
};
pub use output::{Line, Output, Stdio, Stream, harmless};
pub use profile::Profile;
pub use program::Program;
pub use receive_port::{Messages, ReceivePort, Received};
pub use runtime::{Figures, Runtime, RuntimeBuilder};
pub use spawn_options::{SpawnOptions, WEIGHTS};
pub use uri::{file_path, file_uri};
pub use usage::{Usage, Used};

// The program in the README is compiled with the documents' examples.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
