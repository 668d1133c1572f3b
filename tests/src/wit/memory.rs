//! How values lie in memory: records that are passed by a pointer, and those in
//! lists.

use anyhow::{Result, bail};
use wit_parser::{Handle, Type, TypeDefKind, Variant};

use super::{Contract, Core, Field, Param, Record};

/// The record of these fields.
pub(super) fn record(contract: &Contract, types: &[&Type]) -> Result<Record> {
    let layout = contract.sizes.record(types.iter().copied());
    let mut fields = Vec::new();
    for (offset, ty) in contract.sizes.field_offsets(types.iter().copied()) {
        add(contract, ty, offset.size_wasm32() as u32, &mut fields)?;
    }
    Ok(Record {
        size: layout.size.size_wasm32().try_into()?,
        align: layout.align.align_wasm32().try_into()?,
        fields,
    })
}

/// As for parameters, what is not known here is an error.
fn add(contract: &Contract, ty: &Type, offset: u32, fields: &mut Vec<Field>) -> Result<()> {
    let field = |offset, width, means| Field {
        offset,
        width,
        means,
    };
    match ty {
        Type::Bool => fields.push(field(offset, 1, Param::Scalar(Core::I32))),
        Type::U32 => fields.push(field(offset, 4, Param::Scalar(Core::I32))),
        Type::U64 => fields.push(field(offset, 8, Param::Scalar(Core::I64))),
        Type::String => list(offset, super::Element::Utf8, fields),
        Type::Id(id) => match &contract.resolve.types[*id].kind {
            TypeDefKind::Type(other) => add(contract, other, offset, fields)?,
            TypeDefKind::Handle(Handle::Own(id) | Handle::Borrow(id)) => {
                let name = contract.name_of(*id)?;
                fields.push(field(offset, 4, Param::Handle(name)));
            }
            TypeDefKind::Option(payload) => {
                let tag = fields.len();
                let align = contract.sizes.align(payload).align_wasm32() as u32;
                add(contract, payload, offset + align, fields)?;
                let parts = fields.len() - tag;
                fields.insert(tag, field(offset, 1, Param::Tag(parts)));
            }
            TypeDefKind::Record(record) => {
                let types = record.fields.iter().map(|field| &field.ty);
                for (inside, ty) in contract.sizes.field_offsets(types) {
                    add(contract, ty, offset + inside.size_wasm32() as u32, fields)?;
                }
            }
            TypeDefKind::List(element) => list(offset, contract.element(element)?, fields),
            TypeDefKind::Enum(found) => {
                let cases = found.cases.len() as u32;
                fields.push(field(offset, 1, Param::Enum(cases)));
            }
            TypeDefKind::Variant(variant) => add_variant(contract, variant, offset, fields)?,
            other => bail!(
                "a field of a kind that is new to this test: {}",
                other.as_str()
            ),
        },
        other => bail!("a field of a kind that is new to this test: {other:?}"),
    }
    Ok(())
}

fn add_variant(
    contract: &Contract,
    variant: &Variant,
    offset: u32,
    fields: &mut Vec<Field>,
) -> Result<()> {
    let Some((last, others)) = variant.cases.split_last() else {
        bail!("a variant without a case");
    };
    let Some(payload) = last
        .ty
        .as_ref()
        .filter(|_| others.iter().all(|case| case.ty.is_none()))
    else {
        bail!("a variant of a kind that is new to this test");
    };
    let payloads = variant.cases.iter().map(|case| case.ty.as_ref());
    let inside = contract.sizes.payload_offset(variant.tag(), payloads);
    let tag = fields.len();
    add(
        contract,
        payload,
        offset + inside.size_wasm32() as u32,
        fields,
    )?;
    let (last, parts) = (others.len() as u32, fields.len() - tag);
    let means = Param::Case { last, parts };
    fields.insert(
        tag,
        Field {
            offset,
            width: 1,
            means,
        },
    );
    Ok(())
}

fn list(offset: u32, element: super::Element, fields: &mut Vec<Field>) {
    let pointer = Param::Pointer(element.clone());
    for (offset, means) in [(offset, pointer), (offset + 4, Param::Length(element))] {
        fields.push(Field {
            offset,
            width: 4,
            means,
        });
    }
}
