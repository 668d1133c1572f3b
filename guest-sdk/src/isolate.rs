//! The isolate that asks.

use crate::bindings::self_;
use crate::{Incoming, Message, SendError, SendPort};
use insula_message::{DecodeError, ToMessage};
use std::convert::Infallible;
use std::io::Write;

/// The isolate's name, for people. Unique within its group.
///
/// ```no_run
/// println!("this is {}", insula_guest::isolate::name());
/// ```
pub fn name() -> String {
    self_::name()
}

/// The entry that it was spawned with.
pub fn entry_name() -> String {
    self_::entry()
}

/// The first message, the first time that it is asked for, if it was spawned
/// with one. An entry with an argument has taken it already.
///
/// ```no_run
/// # use insula_guest::*;
/// #[main]
/// fn main() {
///     match isolate::first_message::<Vec<String>>() {
///         Ok(Some(names)) => println!("hello, {}", names.join(" and ")),
///         Ok(None) => println!("hello, whoever you are"),
///         Err(error) => println!("I take a list of names: {error}"),
///     }
/// }
/// ```
pub fn first_message<T: Incoming>() -> Result<Option<T>, DecodeError> {
    self_::first_message()
        .map(Message::from)
        .map(T::from_message)
        .transpose()
}

/// Ends the isolate, at once and in peace: as if it had nothing left to do.
pub fn exit() -> ! {
    std::io::stdout().flush().ok();
    self_::exit();
    unreachable!("the host has ended this isolate")
}

/// Sends a last message to `to`, and ends the isolate, at once and in peace.
///
/// A message that cannot be sent is the error, and the isolate goes on.
///
/// ```no_run
/// # use insula_guest::*;
/// #[entry]
/// fn add((numbers, result): (Vec<i64>, SendPort)) -> Result<(), SendError> {
///     let sum: i64 = numbers.iter().sum();
///     match isolate::exit_with(&result, sum)? {}
/// }
/// # fn main() {}
/// ```
pub fn exit_with(
    to: &SendPort,
    message: impl ToMessage<SendPort>,
) -> Result<Infallible, SendError> {
    to.send(message)?;
    exit()
}
