//! What `encode` and `decode` lend to code that serde calls.
//!
//! serde hands a `Serialize` implementation a serializer of unknown type, so a
//! port cannot reach the message's list of ports through it, nor a `Value` the
//! buffer. Both find them here instead: in a thread-local that is set while one
//! message is written or read, and put back afterwards, also on a panic.
//! Errors go the same way, as serde would make text of them.

use std::any::{Any, TypeId, type_name};
use std::cell::RefCell;

use crate::reader::Cursor;
use crate::{DecodeError, DecodeErrorKind, EncodeError, Port};

/// How many of the last ports are looked at for an equal one. It is bounded so
/// that a message with very many ports does not take quadratic time.
const LOOK_BACK: usize = 32;

thread_local! {
    static SENDING: RefCell<Option<Sending>> = const { RefCell::new(None) };
    static RECEIVING: RefCell<Option<Receiving>> = const { RefCell::new(None) };
}

/// One message being written.
struct Sending {
    port_type: TypeId,
    port_type_name: &'static str,
    /// A `Vec<P>`; none while there is no port, so that most messages need no box.
    ports: Option<Box<dyn Any>>,
    /// The serializer stands right in front of a `Value`.
    value_is_next: bool,
    /// The message so far, while a `Value` writes to it.
    buffer: Option<Vec<u8>>,
    error: Option<EncodeError>,
}

/// One message being read.
struct Receiving {
    port_type: TypeId,
    port_type_name: &'static str,
    /// A `Vec<Option<P>>`; none if the message came without ports.
    ports: Option<Box<dyn Any>>,
    /// Where in the message a `Value` is to be read.
    cursor: Option<Cursor>,
    error: Option<DecodeError>,
}

/// Puts the outer message back when the inner one is done or panics.
struct Restore<T: 'static> {
    slot: &'static std::thread::LocalKey<RefCell<Option<T>>>,
    outer: Option<T>,
    left: bool,
}

impl<T> Restore<T> {
    fn enter(slot: &'static std::thread::LocalKey<RefCell<Option<T>>>, inner: T) -> Self {
        let outer = slot.replace(Some(inner));
        Restore {
            slot,
            outer,
            left: false,
        }
    }

    fn leave(mut self) -> Option<T> {
        self.left = true;
        self.slot.replace(self.outer.take())
    }
}

impl<T> Drop for Restore<T> {
    fn drop(&mut self) {
        if !self.left {
            self.slot.replace(self.outer.take());
        }
    }
}

/// Runs `body` with a list of outgoing ports, and fills `ports` from it.
pub(crate) fn sending<P: Port, R>(ports: &mut Vec<P>, body: impl FnOnce() -> R) -> R {
    let scope = Restore::enter(
        &SENDING,
        Sending {
            port_type: TypeId::of::<P>(),
            port_type_name: type_name::<P>(),
            ports: None,
            value_is_next: false,
            buffer: None,
            error: None,
        },
    );
    let result = body();
    let sent = scope.leave().and_then(|s| s.ports);
    if let Some(Ok(sent)) = sent.map(|any| any.downcast::<Vec<P>>()) {
        *ports = *sent;
    }
    result
}

/// Runs `body` with a list of incoming ports.
pub(crate) fn receiving<P: Port, R>(ports: Vec<Option<P>>, body: impl FnOnce() -> R) -> R {
    let scope = Restore::enter(
        &RECEIVING,
        Receiving {
            port_type: TypeId::of::<P>(),
            port_type_name: type_name::<P>(),
            ports: (!ports.is_empty()).then(|| Box::new(ports) as Box<dyn Any>),
            cursor: None,
            error: None,
        },
    );
    let result = body();
    scope.leave();
    result
}

fn with_sending<R>(f: impl FnOnce(&mut Sending) -> R) -> Option<R> {
    SENDING.with_borrow_mut(|s| s.as_mut().map(f))
}

fn with_receiving<R>(f: impl FnOnce(&mut Receiving) -> R) -> Option<R> {
    RECEIVING.with_borrow_mut(|s| s.as_mut().map(f))
}

/// The number of this port in the message that is being written.
pub(crate) fn add_port<P: Port>(port: &P) -> Result<u64, EncodeError> {
    // Taken out meanwhile: comparing and cloning ports is foreign code.
    let ports = with_sending(|s| {
        if s.port_type == TypeId::of::<P>() {
            return Ok(s.ports.take());
        }
        Err(EncodeError::PortType {
            carried: s.port_type_name,
            found: type_name::<P>(),
        })
    });
    let ports = ports.ok_or(EncodeError::PortOutsideMessage)??;
    let mut ports = ports
        .and_then(|any| any.downcast::<Vec<P>>().ok())
        .unwrap_or_default();
    let index = number(port, &mut ports);
    with_sending(|s| s.ports = Some(ports as Box<dyn Any>));
    Ok(index as u64)
}

/// The place of `port` in `ports`, where it is added if need be.
pub(crate) fn number<P: Port>(port: &P, ports: &mut Vec<P>) -> usize {
    let recent = ports.iter().enumerate().rev().take(LOOK_BACK);
    let known = recent.into_iter().find(|(_, known)| *known == port);
    if let Some((index, _)) = known {
        return index;
    }
    ports.push(port.clone());
    ports.len() - 1
}

/// The port with this number in the message that is being read.
pub(crate) fn get_port<P: Port>(index: u64) -> Result<P, DecodeError> {
    let ports = with_receiving(|r| {
        if r.port_type == TypeId::of::<P>() {
            return Ok(r.ports.take());
        }
        Err(DecodeErrorKind::PortType {
            carried: r.port_type_name,
            wanted: type_name::<P>(),
        })
    });
    let ports = ports.ok_or(DecodeErrorKind::PortOutsideMessage)??;
    let ports = ports.and_then(|any| any.downcast::<Vec<Option<P>>>().ok());
    let port = pick(ports.as_ref().map_or(&[], |ports| ports.as_slice()), index);
    with_receiving(|r| r.ports = ports.map(|ports| ports as Box<dyn Any>));
    port
}

/// Port number `index` out of those that came with a message.
pub(crate) fn pick<P: Port>(ports: &[Option<P>], index: u64) -> Result<P, DecodeError> {
    let place = usize::try_from(index).ok().and_then(|i| ports.get(i));
    match place {
        Some(Some(port)) => Ok(port.clone()),
        Some(None) => Err(DecodeErrorKind::LostPort { index }.into()),
        None => Err(DecodeErrorKind::PortOutOfRange {
            index,
            count: ports.len(),
        }
        .into()),
    }
}

/// Marks that the serializer stands in front of a `Value` (or no longer does).
pub(crate) fn announce_value(is_next: bool) {
    with_sending(|s| s.value_is_next = is_next);
}

/// Whether this crate's serializer is the one in front of the `Value`.
pub(crate) fn value_was_announced() -> bool {
    with_sending(|s| std::mem::take(&mut s.value_is_next)).unwrap_or(false)
}

pub(crate) fn lend_buffer(buffer: Vec<u8>) {
    with_sending(|s| s.buffer = Some(buffer));
}

pub(crate) fn take_buffer() -> Option<Vec<u8>> {
    with_sending(|s| s.buffer.take()).flatten()
}

pub(crate) fn lend_cursor(cursor: Cursor) {
    with_receiving(|r| r.cursor = Some(cursor));
}

pub(crate) fn take_cursor() -> Option<Cursor> {
    with_receiving(|r| r.cursor.take()).flatten()
}

/// Turns an error into a serde error, and keeps the original for
/// [`recover_encode_error`].
pub(crate) fn pass_encode_error<E: serde::ser::Error>(error: EncodeError) -> E {
    let text = error.to_string();
    with_sending(|s| s.error = Some(error));
    E::custom(text)
}

/// Turns an error into a serde error, and keeps the original for
/// [`recover_decode_error`].
pub(crate) fn pass_decode_error<E: serde::de::Error>(error: DecodeError) -> E {
    let text = error.to_string();
    with_receiving(|r| r.error = Some(error));
    E::custom(text)
}

/// Runs `f`; if it fails with an error that was passed on, that is the error.
pub(crate) fn recover_encode_error<T>(
    f: impl FnOnce() -> Result<T, EncodeError>,
) -> Result<T, EncodeError> {
    with_sending(|s| s.error = None);
    f().map_err(|error| with_sending(|s| s.error.take()).flatten().unwrap_or(error))
}

/// Runs `f`; if it fails with an error that was passed on, that is the error.
pub(crate) fn recover_decode_error<T>(
    f: impl FnOnce() -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    with_receiving(|r| r.error = None);
    f().map_err(|error| {
        with_receiving(|r| r.error.take())
            .flatten()
            .unwrap_or(error)
    })
}
