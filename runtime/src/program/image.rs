//! What a program's memory begins with, taken out of the module: the dense profile
//! shares it between isolates (`memory`), where the engine would copy it for each.

use std::borrow::Cow;
use std::sync::Arc;

use wasm_encoder::{DataSection, Module, RawSection};
use wasmparser::{ConstExpr, DataKind, DataSectionReader, Operator, Parser, Payload};

use crate::memory::Image;

const WASM_PAGE: u64 = 64 << 10;

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
    let mut without = Module::new();
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.ok()?;
        if let Payload::DataSection(data) = payload {
            without.section(&empty_pieces(data)?);
        } else if let Some((id, content)) = payload.as_section() {
            let data = bytes.get(content)?;
            without.section(&RawSection { id, data });
        }
    }
    Some(without.finish())
}

fn empty_pieces(data: DataSectionReader<'_>) -> Option<DataSection> {
    let mut without = DataSection::new();
    for segment in data {
        let segment = segment.ok()?;
        without.passive(match segment.kind {
            DataKind::Active { .. } => [].iter().copied(),
            DataKind::Passive => segment.data.iter().copied(),
        });
    }
    Some(without)
}
