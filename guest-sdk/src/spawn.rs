//! Starting isolates, in the short forms that answer with a send port.

use crate::entry::{Entry, Nothing, One};
use crate::error::granted;
use crate::spawn_options::Named;
use crate::{SendPort, SpawnError, SpawnOptions};
use insula_message::ToMessage;

/// Starts an isolate of this program with `entry`, and answers at once with the
/// send port of its first port. What is sent there before it runs waits for it.
///
/// [`Isolate::spawn`](crate::Isolate::spawn) does the same and answers with the
/// right to control it, too.
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
pub fn try_spawn_function<F: FnOnce() -> E, E: Entry>(entry: F) -> Result<SendPort, SpawnError> {
    let isolate = SpawnOptions::new().spawn::<F, (), Nothing>(entry, ())?;
    Ok(isolate.into_port())
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
    entry: F,
    message: M,
) -> Result<SendPort, SpawnError> {
    let isolate = SpawnOptions::new().spawn::<F, M, One>(entry, message)?;
    Ok(isolate.into_port())
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
    let message = None::<&()>;
    let isolate = SpawnOptions::new().start(Some(uri), Named::new(""), message, None)?;
    Ok(isolate.into_port())
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
    let isolate = SpawnOptions::new().spawn_uri(uri, entry, message)?;
    Ok(isolate.into_port())
}
