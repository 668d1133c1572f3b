//! What `encode` and `decode` lend to code that serde calls.
//!
//! serde hands a `Serialize` implementation a serializer of unknown type, so a
//! port cannot reach the message's list of ports through it, nor a `Value` the
//! buffer. Both find them here instead: in a thread-local that is set while one
//! message is written or read, and put back afterwards, also on a panic.
//! Errors go the same way, as serde would make text of them.

use std::any::{Any, TypeId, type_name};
use std::cell::Cell;

use crate::reader::Cursor;
use crate::{DecodeError, DecodeErrorKind, EncodeError, Port};

/// How many of the last ports are looked at for an equal one. It is bounded so
/// that a message with very many ports does not take quadratic time.
const LOOK_BACK: usize = 32;

thread_local! {
    static SENDING: Sending = const { Sending::new() };
    static RECEIVING: Receiving = const { Receiving::new() };
}

/// What is known of the message that is being written.
struct Sending {
    message: Message,
    /// The serializer stands right in front of a `Value`.
    value_is_next: Cell<bool>,
    /// The message so far, on its way between the serializer and a `Value`.
    buffer: Cell<Option<Vec<u8>>>,
    error: Cell<Option<EncodeError>>,
}

/// What is known of the message that is being read.
struct Receiving {
    message: Message,
    /// Where to read on, on its way between the deserializer and a `Value`.
    cursor: Cell<Option<Cursor>>,
    error: Cell<Option<DecodeError>>,
}

impl Sending {
    const fn new() -> Self {
        Sending {
            message: Message::none(),
            value_is_next: Cell::new(false),
            buffer: Cell::new(None),
            error: Cell::new(None),
        }
    }
}

impl Receiving {
    const fn new() -> Self {
        Receiving {
            message: Message::none(),
            cursor: Cell::new(None),
            error: Cell::new(None),
        }
    }
}

/// The ports of a message, and of which type they are. This is what a message
/// inside a message (in a `Serialize` implementation) must not mix up.
struct Message {
    /// None outside `encode` or `decode`.
    port_type: Cell<Option<PortType>>,
    /// A `Vec<P>` or `Vec<Option<P>>`; none while there are no ports, so that
    /// most messages need no box.
    ports: Cell<Option<Box<dyn Any>>>,
}

/// Says the id and the name of a port type. A function, as that is one word.
type PortType = fn() -> (TypeId, &'static str);

fn port_type<P: Port>() -> (TypeId, &'static str) {
    (TypeId::of::<P>(), type_name::<P>())
}

impl Message {
    const fn none() -> Self {
        Message {
            port_type: Cell::new(None),
            ports: Cell::new(None),
        }
    }

    /// A message begins; the one around it waits in what this returns.
    #[inline]
    fn enter(&self, port_type: PortType, ports: Option<Box<dyn Any>>) -> Restore<'_> {
        Restore {
            slot: self,
            port_type: self.port_type.replace(Some(port_type)),
            ports: self.ports.replace(ports),
        }
    }

    /// Makes sure that the ports are of type `P`; else says of which they are.
    fn carries<P: Port>(&self) -> Option<Result<(), &'static str>> {
        let (carried, name) = self.port_type.get()?();
        match carried == TypeId::of::<P>() {
            true => Some(Ok(())),
            false => Some(Err(name)),
        }
    }
}

/// Puts the outer message back when the inner one is done, or panics.
struct Restore<'a> {
    slot: &'a Message,
    port_type: Option<PortType>,
    ports: Option<Box<dyn Any>>,
}

impl Drop for Restore<'_> {
    #[inline]
    fn drop(&mut self) {
        self.slot.port_type.set(self.port_type.take());
        self.slot.ports.set(self.ports.take());
    }
}

/// Runs `body` with a list of outgoing ports, and fills `ports` from it.
pub(crate) fn sending<P: Port, R>(ports: &mut Vec<P>, body: impl FnOnce() -> R) -> R {
    SENDING.with(|s| {
        let _restore = s.message.enter(port_type::<P>, None);
        let result = body();
        if let Some(sent) = s.message.ports.take()
            && let Ok(sent) = sent.downcast::<Vec<P>>()
        {
            *ports = *sent;
        }
        result
    })
}

/// Runs `body` with a list of incoming ports.
pub(crate) fn receiving<P: Port, R>(ports: Vec<Option<P>>, body: impl FnOnce() -> R) -> R {
    let ports = (!ports.is_empty()).then(|| Box::new(ports) as Box<dyn Any>);
    RECEIVING.with(|r| {
        let _restore = r.message.enter(port_type::<P>, ports);
        body()
    })
}

/// The number of this port in the message that is being written.
pub(crate) fn add_port<P: Port>(port: &P) -> Result<u64, EncodeError> {
    SENDING.with(|s| {
        match s.message.carries::<P>() {
            Some(Ok(())) => {}
            Some(Err(carried)) => {
                let found = type_name::<P>();
                return Err(EncodeError::PortType { carried, found });
            }
            None => return Err(EncodeError::PortOutsideMessage),
        }
        let ports = s.message.ports.take().and_then(|any| any.downcast().ok());
        let mut ports: Box<Vec<P>> = ports.unwrap_or_default();
        let index = number(port, &mut ports);
        s.message.ports.set(Some(ports));
        Ok(index as u64)
    })
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
    RECEIVING.with(|r| {
        match r.message.carries::<P>() {
            Some(Ok(())) => {}
            Some(Err(carried)) => {
                let wanted = type_name::<P>();
                return Err(DecodeErrorKind::PortType { carried, wanted }.into());
            }
            None => return Err(DecodeErrorKind::PortOutsideMessage.into()),
        }
        let Some(ports) = r.message.ports.take() else {
            return pick::<P>(&[], index);
        };
        let port = match ports.downcast_ref::<Vec<Option<P>>>() {
            Some(ports) => pick(ports, index),
            None => pick(&[], index),
        };
        r.message.ports.set(Some(ports));
        port
    })
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
    SENDING.with(|s| s.value_is_next.set(is_next));
}

/// Whether this crate's serializer is the one in front of the `Value`.
pub(crate) fn value_was_announced() -> bool {
    SENDING.with(|s| s.value_is_next.take())
}

pub(crate) fn lend_buffer(buffer: Vec<u8>) {
    SENDING.with(|s| s.buffer.set(Some(buffer)));
}

pub(crate) fn take_buffer() -> Option<Vec<u8>> {
    SENDING.with(|s| s.buffer.take())
}

pub(crate) fn lend_cursor(cursor: Cursor) {
    RECEIVING.with(|r| r.cursor.set(Some(cursor)));
}

pub(crate) fn take_cursor() -> Option<Cursor> {
    RECEIVING.with(|r| r.cursor.take())
}

/// Turns an error into a serde error, and keeps the original for
/// [`recover_encode_error`].
pub(crate) fn pass_encode_error<E: serde::ser::Error>(error: EncodeError) -> E {
    let text = error.to_string();
    SENDING.with(|s| s.error.set(Some(error)));
    E::custom(text)
}

/// Turns an error into a serde error, and keeps the original for
/// [`recover_decode_error`].
pub(crate) fn pass_decode_error<E: serde::de::Error>(error: DecodeError) -> E {
    let text = error.to_string();
    RECEIVING.with(|r| r.error.set(Some(error)));
    E::custom(text)
}

/// Runs `f`; if it fails with an error that was passed on, that is the error.
pub(crate) fn recover_encode_error<T>(
    f: impl FnOnce() -> Result<T, EncodeError>,
) -> Result<T, EncodeError> {
    SENDING.with(|s| {
        s.error.set(None);
        f().map_err(|error| s.error.take().unwrap_or(error))
    })
}

/// Runs `f`; if it fails with an error that was passed on, that is the error.
pub(crate) fn recover_decode_error<T>(
    f: impl FnOnce() -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    RECEIVING.with(|r| {
        r.error.set(None);
        f().map_err(|error| r.error.take().unwrap_or(error))
    })
}
