//! What becomes of what an entry returns.
//!
//! Whoever waits for it gets it, if it can be a message. Where nobody waits, an
//! `Err` is an error that nothing has caught. Which of the two is possible depends
//! on the type. Traits that overlap cannot say that, but method calls can: one
//! on `&&&&Returned<R>` is to the method that needs the fewest `&` taken off,
//! of those whose types fit. The attributes call `(&&&&&returned).end()`.

use crate::bindings::self_;
use crate::{SendError, SendPort, Value, isolate, panic, spawn_task};
use insula_message::ToMessage;
use serde::Serialize;
use std::fmt::Display;
use std::io::Write;
use std::panic::Location;

/// What an entry returned.
pub struct Returned<R> {
    pub(crate) value: R,
    /// Where the attribute of the entry is written.
    pub(crate) place: &'static Location<'static>,
}

/// A result that can be sent, and whose error can be displayed.
pub trait ReturnsFallible {
    #[doc(hidden)]
    fn end(&self);
}

impl<T: Serialize, E: Serialize + Display> ReturnsFallible for &&&&Returned<Result<T, E>>
where
    Result<T, E>: ToMessage<SendPort>,
{
    fn end(&self) {
        let failure = || self.value.as_ref().err().map(E::to_string);
        finish(&self.value, failure, self.place);
    }
}

/// A result whose error can be displayed and cannot be sent.
pub trait ReturnsFailure {
    #[doc(hidden)]
    fn end(&self);
}

impl<T, E: Display> ReturnsFailure for &&&Returned<Result<T, E>>
where
    for<'a> Result<&'a T, ()>: ToMessage<SendPort>,
{
    fn end(&self) {
        match &self.value {
            Ok(value) => finish(&Ok::<_, ()>(value), || None, self.place),
            Err(error) => panic::uncaught(&error.to_string(), self.place),
        }
    }
}

/// A result that can be sent, and whose error cannot be displayed.
pub trait ReturnsResult {
    #[doc(hidden)]
    fn end(&self);
}

impl<T: Serialize, E: Serialize> ReturnsResult for &&Returned<Result<T, E>>
where
    Result<T, E>: ToMessage<SendPort>,
{
    fn end(&self) {
        let failure = || self.value.as_ref().err().map(as_text);
        finish(&self.value, failure, self.place);
    }
}

/// Anything else that can be sent.
pub trait ReturnsMessage {
    #[doc(hidden)]
    fn end(&self);
}

impl<R: ToMessage<SendPort>> ReturnsMessage for &Returned<R> {
    fn end(&self) {
        finish(&self.value, || None, self.place);
    }
}

/// What no entry may return: the call is there for the compiler to complain of.
pub trait ReturnsUnfit {
    #[doc(hidden)]
    type Output;

    #[doc(hidden)]
    fn end(&self)
    where
        Self::Output: CanBeReturned;
}

impl<R> ReturnsUnfit for Returned<R> {
    type Output = R;

    fn end(&self)
    where
        R: CanBeReturned,
    {
    }
}

/// Nothing is: what can be returned never gets here.
#[diagnostic::on_unimplemented(
    message = "an entry cannot return `{Self}`",
    label = "this cannot be sent to whoever waits for it",
    note = "an entry returns nothing, or any value that can be sent (derive `serde::Serialize` \
            for its type), or a `Result<T, E>` of such a value and an error that can be displayed \
            or sent"
)]
pub trait CanBeReturned {}

fn finish(
    value: &impl ToMessage<SendPort>,
    failure: impl FnOnce() -> Option<String>,
    place: &'static Location<'static>,
) {
    if let Some(port) = self_::result_port() {
        deliver(&port.into(), value, place);
    } else if let Some(text) = failure() {
        panic::uncaught(&text, place);
    }
}

/// Sends the result, after which the isolate has nothing left to do.
fn deliver(to: &SendPort, value: &impl ToMessage<SendPort>, place: &'static Location<'static>) {
    // Who has the result may end the group: what was printed before is out by
    // then.
    std::io::stdout().flush().ok();
    match to.send_message(value, None) {
        Err(SendError::Full) => {
            let sent = to.send_message_when_ready(value, None);
            spawn_task(async move { exit(sent.await, place) });
        }
        sent => exit(sent, place),
    }
}

fn exit(sent: Result<(), SendError>, place: &'static Location<'static>) {
    match sent {
        // Where nobody waits any more nobody minds.
        Ok(()) | Err(SendError::Closed) => {}
        Err(error) => panic::uncaught(&format!("the result: {error}"), place),
    }
    isolate::exit();
}

/// What an error says that can be sent and not displayed.
fn as_text<E: Serialize>(error: &E) -> String {
    let mut bytes = Vec::new();
    let sent = insula_message::encode::<SendPort, _>(error, &mut bytes);
    let ports = sent.map(|ports| ports.into_iter().map(Some).collect());
    match ports.map(|ports| insula_message::decode::<_, Value>(&bytes, ports)) {
        Ok(Ok(value)) => format!("{value:?}"),
        Ok(Err(_)) | Err(_) => "an error that cannot be displayed".into(),
    }
}
