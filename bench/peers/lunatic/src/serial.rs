//! Messages beside the library's own serializers.

use lunatic::host::api::message;
use lunatic::serializer::{CanSerialize, DecodeError, EncodeError};
use serde::{Serialize, de::DeserializeOwned};

/// bincode through a buffer. The library's own goes to the host for every field.
#[derive(Debug, Hash)]
pub struct Whole;

impl<M: Serialize + DeserializeOwned> CanSerialize<M> for Whole {
    fn encode(message: &M) -> Result<(), EncodeError> {
        let bytes = bincode::serialize(message)?;
        unsafe { message::write_data(bytes.as_ptr(), bytes.len()) };
        Ok(())
    }

    fn decode() -> Result<M, DecodeError> {
        let mut bytes = Vec::new();
        read(&mut bytes);
        Ok(bincode::deserialize(&bytes)?)
    }
}

/// Send bytes as they are, past any serializer.
pub fn send(process: u64, bytes: &[u8]) {
    const NO_TAG: i64 = 0;
    unsafe {
        message::create_data(NO_TAG, bytes.len() as u64);
        message::write_data(bytes.as_ptr(), bytes.len());
        message::send(process);
    }
}

/// Receive what `send` sent into a buffer that is used again.
pub fn receive(bytes: &mut Vec<u8>) {
    unsafe { message::receive([].as_ptr(), 0, u64::MAX) };
    read(bytes);
}

fn read(bytes: &mut Vec<u8>) {
    let size = unsafe { message::data_size() } as usize;
    bytes.resize(size, 0);
    unsafe { message::read_data(bytes.as_mut_ptr(), size) };
}
