//! What a program's memory begins with, taken out of the module: the dense profile
//! shares it between isolates (`memory`), where the engine would copy it for each.

use std::borrow::Cow;
use std::sync::Arc;

use wasmparser::{ConstExpr, DataKind, DataSectionReader, Operator, Parser, Payload};

use crate::memory::Image;

const WASM_PAGE: u64 = 64 << 10;

const DATA_SECTION: u8 = 11;

/// Data that is put somewhere when an isolate begins, with its address.
type Pieces<'a> = Vec<(u64, &'a [u8])>;

/// The module without the data that its memory begins with, and that as an image. The
/// module as it is, where that is not to be told beforehand, or no image can be made.
pub(super) fn taken_out(bytes: &[u8]) -> (Cow<'_, [u8]>, Option<Arc<Image>>) {
    let image = found(bytes).and_then(|(size, pieces)| {
        let image = Image::new(usize::try_from(size).ok()?, &pieces).ok()?;
        Some((without_data(bytes)?, Arc::new(image)))
    });
    match image {
        Some((module, image)) => (Cow::Owned(module), Some(image)),
        None => (Cow::Borrowed(bytes), None),
    }
}

/// How large the memory is at first, and what is put there.
fn found(bytes: &[u8]) -> Option<(u64, Pieces<'_>)> {
    let mut size = None;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.ok()? {
            Payload::MemorySection(memories) => {
                let memory = memories.into_iter().next()?.ok()?;
                size = memory.initial.checked_mul(WASM_PAGE);
            }
            Payload::DataSection(data) => {
                let size = size?;
                return Some((size, pieces(data, size)?));
            }
            _ => {}
        }
    }
    None
}

/// None where not all of it is at addresses that are written down, within the memory.
fn pieces(data: DataSectionReader<'_>, size: u64) -> Option<Pieces<'_>> {
    let mut pieces = Vec::new();
    for segment in data {
        let segment = segment.ok()?;
        let (memory_index, offset_expr) = match segment.kind {
            DataKind::Active {
                memory_index,
                offset_expr,
            } => (memory_index, offset_expr),
            DataKind::Passive => continue,
        };
        // Of what is invalid nothing is taken out, as it is to be refused.
        if memory_index != 0 {
            return None;
        }
        let start = constant(&offset_expr)?;
        if start + segment.data.len() as u64 > size {
            return None;
        }
        pieces.push((start, segment.data));
    }
    Some(pieces)
}

fn constant(offset: &ConstExpr<'_>) -> Option<u64> {
    let mut operators = offset.get_operators_reader();
    let Operator::I32Const { value } = operators.read().ok()? else {
        return None;
    };
    matches!(operators.read().ok()?, Operator::End).then_some(u64::from(value.cast_unsigned()))
}

/// The module with nothing in the place of each piece, as it is for a program anyway
/// once its isolate has begun.
fn without_data(bytes: &[u8]) -> Option<Vec<u8>> {
    const HEADER: usize = 8;
    let mut without = bytes.get(..HEADER)?.to_vec();
    let mut rest = bytes.get(HEADER..)?;
    while let [id, after @ ..] = rest {
        let (length, content) = number(after)?;
        let end = rest.len() - content.len() + length;
        let (section, after) = rest.split_at_checked(end)?;
        if *id == DATA_SECTION {
            let content = empty_pieces(content.get(..length)?)?;
            without.push(DATA_SECTION);
            without.extend(leb128(content.len()));
            without.extend(content);
        } else {
            without.extend(section);
        }
        rest = after;
    }
    Some(without)
}

fn empty_pieces(content: &[u8]) -> Option<Vec<u8>> {
    const PASSIVE: u8 = 1;
    let data = DataSectionReader::new(wasmparser::BinaryReader::new(content, 0)).ok()?;
    let mut without = leb128(data.count() as usize);
    for segment in data {
        let segment = segment.ok()?;
        without.push(PASSIVE);
        match segment.kind {
            DataKind::Active { .. } => without.push(0),
            DataKind::Passive => {
                without.extend(leb128(segment.data.len()));
                without.extend(segment.data);
            }
        }
    }
    Some(without)
}

fn leb128(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// A number of 32 bits, and what is behind it.
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut number = 0;
    for (place, byte) in bytes.iter().take(5).enumerate() {
        number |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            let number = u32::try_from(number).ok()?;
            return Some((number as usize, &bytes[place + 1..]));
        }
    }
    None
}
