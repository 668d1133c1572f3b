//! Isolates for WebAssembly programs that Insula runs.
//!
//! An isolate has its own heap and shares nothing. The only way in or out is a
//! copied message to a port. An isolate is started with a function, the *entry*;
//! when that has returned, the isolate lives on for as long as somebody in it
//! waits for a message or for a timer, and nothing in it ever blocks.
//!
//! ```no_run
//! use insula_guest::*;
//!
//! #[entry]
//! fn echo() {
//!     port().receive(|message: String, reply| {
//!         if let Some(reply) = reply {
//!             reply.send(message).ok();
//!         }
//!     });
//! }
//!
//! #[main]
//! async fn main() -> Result<(), CallError> {
//!     let echo = spawn_function(echo);
//!     let reply: String = echo.call("Hello from main").await?;
//!     println!("I received: {reply}");
//!     Ok(())
//! }
//! ```
//!
//! * **Start** an isolate with [`Isolate::spawn`], or with [`SpawnOptions`] that
//!   say more; for what a function returns there is [`Isolate::run`]. Where the
//!   port is all that is wanted: [`spawn_function`], [`spawn_with`], and
//!   [`spawn_uri`] for another program. Each answers at once.
//! * **Send** anything that implements [`serde::Serialize`]: [`SendPort::send`],
//!   to many with [`broadcast`], where a mailbox may be full with
//!   [`SendPort::send_when_ready`], and for an answer [`SendPort::call`].
//! * **Receive** at the isolate's first [`port`], or at one more [`ReceivePort`]:
//!   with a handler ([`receive`]), in a future ([`recv`]), from a stream
//!   ([`messages`]), or a message like this before the others ([`recv_where`]). A
//!   message is read as a type of yours, as a [`Value`], or as a [`Graph`] that
//!   keeps sharing and cycles.
//! * **Find** each other by [`names`], where no port was handed on.
//! * **Wait** with [`sleep`], [`timeout`] or a [`Timer`], and run futures beside
//!   each other with [`spawn_task`].
//! * **Control** an isolate by its [`Isolate`] or [`Control`]: pause and resume it,
//!   kill it, ping it, listen for its [errors](Control::errors), and
//!   [monitor](Control::monitor) its end or [link](Control::link) to it. Rights can
//!   be handed on and cannot be made up.
//! * **Fail**: an `Err` that an entry or a handler returns, and a panic, end the
//!   isolate and nobody else, and are told to who listens. A [`supervisor`] starts
//!   again what has failed.
//!
//! A guest is a plain `bin` crate, built in release for `wasm32-wasip1`. In its
//! `Cargo.toml` one line pays: with `codegen-units = 1` under `[profile.release]` there
//! is a quarter less code, and small messages are encoded and decoded in two thirds of
//! the time. Nothing is gained by `lto`. Large messages of bytes are best [`Bytes`].
//!
//! # Tests
//!
//! [`#[insula_guest::test]`](macro@test) runs in an isolate of its own, with `cargo test`
//! and `insula runner`, or with `insula test`. Compiled for another target than
//! WebAssembly, this crate brings a stand-in for the host, on which the same tests run:
//! an isolate is a thread, with ports, timers, control and names. It is no sandbox.
//! Statics are shared, nothing is limited, an isolate that is killed ends at its next
//! event and not in a loop, and what the stand-in does not have (limits, programs from
//! URIs, capabilities) it refuses with an error that says so.
//!
//! [`receive`]: ReceivePort::receive
//! [`recv`]: ReceivePort::recv
//! [`recv_where`]: ReceivePort::recv_where
//! [`messages`]: ReceivePort::messages

#![warn(missing_docs)]

#[cfg(all(feature = "allocator", target_family = "wasm"))]
mod allocator;
#[cfg(target_family = "wasm")]
mod bindings;
#[cfg(not(target_family = "wasm"))]
#[path = "native/mod.rs"]
mod bindings;
mod broadcast;
mod call;
mod capabilities;
mod capability;
mod control;
mod entry;
mod error;
mod expansion;
mod inbox;
pub mod isolate;
#[cfg(target_family = "wasm")]
mod lent;
mod limits;
mod message;
mod monitor;
pub mod names;
mod outgoing;
mod panic;
mod raw_receive_port;
mod receive_port;
mod recv;
mod returned;
mod rights;
mod run;
mod select;
mod send_port;
mod spawn;
mod spawn_options;
mod spawned;
pub mod supervisor;
mod task;
mod testing;
mod timer;
mod turn;
mod wait;

pub use broadcast::broadcast;
pub use call::Call;
pub use capabilities::{Access, Capabilities, Clock};
pub use capability::Capability;
pub use control::Control;
pub use entry::{Entry, Outcome, Takes};
pub use error::{CallError, RecvError, Refused, SendError, SpawnError};
pub use insula_message::{Bytes, Text};
pub use insula_message::{DecodeError, DecodeErrorKind, EncodeError, Kind, Node, NodeId};
pub use insula_message::{ExitReason, Frame, Limit, LimitHit, RemoteError, Right};
pub use limits::Limits;
pub use message::{Incoming, Message};
pub use monitor::{Errors, Exit, Monitor, Pong};
pub use names::NameError;
pub use raw_receive_port::RawReceivePort;
pub use receive_port::{ReceivePort, port};
pub use recv::{Messages, Recv, RecvAs};
pub use rights::{ControlError, Priority};
pub use run::{Run, RunError};
pub use select::{RecvAsWhere, RecvWhere};
pub use send_port::SendPort;
pub use spawn::{
    spawn_function, spawn_uri, spawn_uri_with, spawn_with, try_spawn_function, try_spawn_with,
};
pub use spawn_options::SpawnOptions;
pub use spawned::Isolate;
pub use task::{Task, spawn_task};
pub use timer::{Elapsed, Sleep, Timer, sleep, timeout, try_sleep};
pub use wait::{Closed, SendWhenReady};

/// What a message says, as a tree.
pub type Value = insula_message::Value<SendPort>;

/// The list of a [`Value`]. It derefs to a `Vec`.
pub type List = insula_message::List<SendPort>;

/// The map of a [`Value`]: its entries in their order. It derefs to a `Vec`.
pub type Map = insula_message::Map<SendPort>;

/// What a message says, as an arena that keeps sharing and cycles.
pub type Graph = insula_message::Graph<SendPort>;

/// Makes a function an entry: something that an isolate can start with.
///
/// It takes nothing, or one value: the isolate's first message, of any type that
/// is [`Incoming`]. It may be an `async fn`.
///
/// It returns nothing, or any value that can be sent, which is for whoever started
/// it with [`Isolate::run`]. A `Result` may also have an error that can be
/// displayed and not be sent. Where nobody waits for the result, an `Err` is an
/// error that nothing has caught: error listeners are told, and it ends the isolate
/// where errors are fatal.
///
/// ```no_run
/// use insula_guest::*;
///
/// #[entry]
/// fn greet(names: Vec<String>) {
///     println!("hello, {}", names.join(" and "));
/// }
///
/// # fn example() {
/// spawn_with(greet, vec!["Ada".to_string(), "Grace".to_string()]);
/// # }
/// # fn main() {}
/// ```
///
/// The function is no longer one to call. Whoever wants to share its code between
/// isolates and plain callers puts that into a function of its own.
pub use insula_guest_macros::entry;

/// Makes `fn main` the entry that runs when none is named.
///
/// Everything said of [`#[entry]`](macro@entry) is true of it. When the program
/// is started as a plain command, without isolates, it says so and exits with 2.
///
/// ```no_run
/// use insula_guest::*;
///
/// #[main]
/// fn main() {
///     println!("hello from {}", isolate::name());
/// }
/// ```
pub use insula_guest_macros::main;

/// Makes a function a test that runs in an isolate of its own, with limits on.
///
/// It takes nothing, may be an `async fn`, and returns what a plain test may: nothing,
/// or a `Result` whose error can be shown. `#[ignore]` and `#[should_panic]` mean what
/// they always do. `insula test`, or `cargo test` with `insula runner` as the runner of
/// the target, gives every test an isolate, the first of a group: one that panics,
/// loops, or takes too much memory fails alone, and its reason is told. A test is over
/// when its function has returned and nothing can happen in its group any more, so
/// what its handlers find out counts too.
///
/// ```
/// #[cfg(test)]
/// mod tests {
///     use insula_guest::*;
///
///     #[entry]
///     fn double() {
///         port().receive(|number: i64, reply| {
///             if let Some(reply) = reply {
///                 reply.send(number * 2).ok();
///             }
///         });
///     }
///
///     #[insula_guest::test]
///     async fn doubles() -> Result<(), CallError> {
///         let twice: i64 = spawn_function(double).call(21).await?;
///         assert_eq!(twice, 42);
///         Ok(())
///     }
///
///     /// Limits of this test alone; what is not said here is as for all tests.
///     #[insula_guest::test(memory = "16MiB", turn_cpu = "200ms")]
///     fn is_frugal() {}
/// }
/// ```
///
/// In a module that imports all of this crate (`use insula_guest::*`, or `use super::*`
/// where that stands above), a bare `#[test]` could be this one or the plain one, and
/// does not compile. `use insula_guest::test;` makes it this one. Plain tests run too,
/// each in an isolate, but cannot spawn or wait, and none of them `#[should_panic]`.
pub use insula_guest_macros::test;

/// What the attributes expand to.
#[doc(hidden)]
pub mod __private {
    pub use crate::expansion::{Main, run, run_async, run_async_with, run_with};
    pub use crate::returned::{
        Returned, ReturnsFailure, ReturnsFallible, ReturnsMessage, ReturnsResult, ReturnsUnfit,
    };
    #[cfg(not(target_family = "wasm"))]
    pub use crate::testing::{async_test_natively, test_natively};
    pub use crate::testing::{bytes, is_limit, is_no_plain_test, run_async_test, run_test};
}

// The program in the README is compiled with the documents' examples.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
