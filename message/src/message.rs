//! The two ends of a message: [`encode`] and [`decode`].

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::de::Decoder;
use crate::ser::Encoder;
use crate::{Bytes, DecodeError, EncodeError, Port, same_type, scope};

/// What can be sent in a message with ports of type `P`: every type that
/// implements [`Serialize`], and [`Graph`](crate::Graph).
pub trait ToMessage<P: Port> {
    /// Appends the message's bytes and its ports. Call [`encode`] instead,
    /// which cleans up after an error.
    #[doc(hidden)]
    fn write_message(&self, bytes: &mut Vec<u8>, ports: &mut Vec<P>) -> Result<(), EncodeError>;

    /// See [`encoded`].
    #[doc(hidden)]
    fn encoded(&self) -> Option<&[u8]> {
        None
    }
}

/// What can be read from a message with ports of type `P`: every type that
/// implements [`DeserializeOwned`], and [`Graph`](crate::Graph).
pub trait FromMessage<P: Port>: Sized {
    /// Reads the whole message. Call [`decode`] instead.
    #[doc(hidden)]
    fn read_message(bytes: &[u8], ports: Vec<Option<P>>) -> Result<Self, DecodeError>;

    /// Reads the whole message. Call [`decode_owned`] instead.
    #[doc(hidden)]
    fn read_owned(bytes: Vec<u8>, ports: Vec<Option<P>>) -> Result<Self, DecodeError> {
        Self::read_message(&bytes, ports)
    }
}

/// Appends the message to `bytes` and returns the ports that travel with it, in
/// the order of their numbers in the bytes. After an error `bytes` is as it was.
///
/// ```
/// use insula_message::{NoPort, decode, encode};
///
/// let mut bytes = Vec::new();
/// encode::<NoPort, _>(&("answer", 42), &mut bytes)?;
/// assert_eq!(bytes, b"\x82\x66answer\x18\x2a");
///
/// let (word, number) = decode::<NoPort, (String, u8)>(&bytes, vec![])?;
/// assert_eq!((word.as_str(), number), ("answer", 42));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn encode<P: Port, T: ToMessage<P> + ?Sized>(
    message: &T,
    bytes: &mut Vec<u8>,
) -> Result<Vec<P>, EncodeError> {
    let start = bytes.len();
    let mut ports = Vec::new();
    match message.write_message(bytes, &mut ports) {
        Ok(()) => Ok(ports),
        Err(error) => {
            bytes.truncate(start);
            Err(error)
        }
    }
}

/// Reads a message that came as `bytes` with these ports.
///
/// `None` stands for a port that was lost on the way; it is an error if the
/// type to be read holds that port. Bytes left over are an error too.
pub fn decode<P: Port, T: FromMessage<P>>(
    bytes: &[u8],
    ports: Vec<Option<P>>,
) -> Result<T, DecodeError> {
    T::read_message(bytes, ports)
}

/// As [`decode`], of a message that is not needed any more: what is one byte string
/// keeps its memory where it becomes a [`Bytes`], or a `Vec<u8>`.
pub fn decode_owned<P: Port, T: FromMessage<P>>(
    bytes: Vec<u8>,
    ports: Vec<Option<P>>,
) -> Result<T, DecodeError> {
    T::read_owned(bytes, ports)
}

/// The bytes of a message that need not be made, as they are in memory: those of a
/// [`Bytes`] with room for its head. None says that [`encode`] has to be called. It
/// is for whoever can send from where they are.
pub fn encoded<P: Port, T: ToMessage<P> + ?Sized>(message: &T) -> Option<&[u8]> {
    message.encoded()
}

impl<P: Port, T: Serialize + ?Sized> ToMessage<P> for T {
    fn write_message(&self, bytes: &mut Vec<u8>, ports: &mut Vec<P>) -> Result<(), EncodeError> {
        scope::sending(ports, || Encoder::new(bytes).value(self))
    }

    #[inline]
    fn encoded(&self) -> Option<&[u8]> {
        same_type::as_a::<T, Bytes>(self)?.encoded()
    }
}

impl<P: Port, T: DeserializeOwned> FromMessage<P> for T {
    fn read_message(bytes: &[u8], ports: Vec<Option<P>>) -> Result<Self, DecodeError> {
        scope::receiving(ports, || {
            let mut decoder = Decoder::new(bytes);
            let message = decoder.value(PhantomData)?;
            decoder.finish()?;
            Ok(message)
        })
    }

    fn read_owned(mut bytes: Vec<u8>, ports: Vec<Option<P>>) -> Result<Self, DecodeError> {
        let mut message = None;
        if let Some(message) = same_type::slot::<T, Bytes>(&mut message) {
            *message = Bytes::received(&mut bytes);
        } else if let Some(message) = same_type::slot::<T, Vec<u8>>(&mut message) {
            *message = Bytes::received(&mut bytes).map(Bytes::into_vec);
        }
        match message {
            Some(message) => Ok(message),
            None => Self::read_message(&bytes, ports),
        }
    }
}
