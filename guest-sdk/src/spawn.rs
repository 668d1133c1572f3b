//! Starting isolates.

use crate::bindings::control::Outgoing;
use crate::bindings::isolates::{self, SpawnRequest};
use crate::error::granted;
use crate::{Entry, SendPort, SpawnError};
use insula_message::ToMessage;

/// Of a closure that ends in naming an entry only the name would be used.
macro_rules! captures {
    () => {
        "an isolate starts in a heap of its own and cannot see what a closure has captured: \
         name the entry itself, and send what it needs to know"
    };
}

/// Starts an isolate of this program with `entry`, and answers at once with the
/// send port of its first port. What is sent there before it runs waits for it.
///
/// ```no_run
/// use insula_guest::*;
///
/// #[entry]
/// fn echo() {
///     port().receive(|message: Value, reply| {
///         if let Some(reply) = reply {
///             reply.send(message).ok();
///         }
///     });
/// }
///
/// #[main]
/// async fn main() -> Result<(), CallError> {
///     let echo = spawn_function(echo);
///     let answer: String = echo.call("Hello from main").await?;
///     println!("I received: {answer}");
///     Ok(())
/// }
/// ```
///
/// # Panics
///
/// When there may be no more isolates. [`try_spawn_function`] answers with an
/// error instead.
#[track_caller]
pub fn spawn_function<F: FnOnce() -> E, E: Entry>(entry: F) -> SendPort {
    granted(try_spawn_function(entry))
}

/// As [`spawn_function`], unless there may be no more isolates.
pub fn try_spawn_function<F: FnOnce() -> E, E: Entry>(_: F) -> Result<SendPort, SpawnError> {
    const { assert!(size_of::<F>() == 0, captures!()) };
    start(None, E::NAME, None)
}

/// Starts an isolate of this program with `entry`, which takes `message`.
///
/// ```no_run
/// use insula_guest::*;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize)]
/// struct Job {
///     numbers: Vec<i64>,
///     result: SendPort,
/// }
///
/// #[entry]
/// fn add(job: Job) {
///     let sum: i64 = job.numbers.iter().sum();
///     job.result.send(sum).ok();
/// }
///
/// #[main]
/// fn main() {
///     spawn_with(add, Job { numbers: vec![1, 2, 3], result: port().send_port() });
///     port().receive(|sum: i64, _| {
///         println!("{sum}");
///         port().close();
///     });
/// }
/// ```
///
/// # Panics
///
/// When there may be no more isolates, or when the message cannot be encoded.
/// [`try_spawn_with`] answers with an error instead.
#[track_caller]
pub fn spawn_with<F: FnOnce(M) -> E, M: ToMessage<SendPort>, E: Entry>(
    entry: F,
    message: M,
) -> SendPort {
    granted(try_spawn_with(entry, message))
}

/// As [`spawn_with`], unless there may be no more isolates.
pub fn try_spawn_with<F: FnOnce(M) -> E, M: ToMessage<SendPort>, E: Entry>(
    _: F,
    message: M,
) -> Result<SendPort, SpawnError> {
    const { assert!(size_of::<F>() == 0, captures!()) };
    with_first_message(&message, |message| start(None, E::NAME, Some(message)))
}

/// Starts an isolate of the program at `uri`: a `file:` URI, or a path relative
/// to this program. It starts at the program's own default entry.
///
/// The program is loaded after this has answered. Where that fails it is the
/// reason why the new isolate ended; what was sent to it is lost.
///
/// ```no_run
/// # use insula_guest::*;
/// # fn example() -> Result<(), SpawnError> {
/// let plugin = spawn_uri("plugins/shout.wasm")?;
/// plugin.send("hello").ok();
/// # Ok(())
/// # }
/// ```
pub fn spawn_uri(uri: &str) -> Result<SendPort, SpawnError> {
    start(Some(uri), "", None)
}

/// Starts an isolate of the program at `uri` with the entry of that name, or
/// with its default for an empty one, and with a first message.
///
/// ```no_run
/// # use insula_guest::*;
/// # fn example() -> Result<(), SpawnError> {
/// let plugin = spawn_uri_with("file:///plugins/shout.wasm", "main", ("loud", 3))?;
/// # Ok(())
/// # }
/// ```
pub fn spawn_uri_with(
    uri: &str,
    entry: &str,
    message: impl ToMessage<SendPort>,
) -> Result<SendPort, SpawnError> {
    with_first_message(&message, |message| start(Some(uri), entry, Some(message)))
}

fn with_first_message(
    message: &impl ToMessage<SendPort>,
    spawn: impl FnOnce(Outgoing) -> Result<SendPort, SpawnError>,
) -> Result<SendPort, SpawnError> {
    let mut bytes = Vec::new();
    let ports = insula_message::encode(message, &mut bytes)?;
    let ports = ports.iter().map(SendPort::resource).collect();
    spawn(Outgoing { bytes, ports })
}

fn start(
    uri: Option<&str>,
    entry: &str,
    message: Option<Outgoing>,
) -> Result<SendPort, SpawnError> {
    let spawned = isolates::spawn(&SpawnRequest {
        uri: uri.map(str::to_owned),
        entry: entry.to_owned(),
        message,
        name: None,
        paused: false,
        errors_fatal: true,
        on_exit: None,
        on_error: None,
        result: None,
        limits: Vec::new(),
    })?;
    Ok(spawned.port.into())
}
