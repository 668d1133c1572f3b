//! Every import with pointers and lengths at, just over and wrapped around the
//! end of memory. Generated from the contract: a new import cannot escape.

use anyhow::{Result, ensure};

use super::calls::{Call, HANDLES, TEXT_LENGTH, calls, number};
use super::table::{End, MEMORY_END, Row, rows};
use crate::wit::{Element, Param};

#[test]
fn every_import_takes_what_is_right() -> Result<()> {
    rows(|table| {
        Ok(calls(table)?
            .iter()
            .map(|call| call.row("valid", End::Ended))
            .collect())
    })
}

#[test]
fn every_pointer_is_checked() -> Result<()> {
    rows(|table| {
        let calls = calls(table)?;
        let mut rows = Vec::new();
        let mut answers = 0;
        for call in &calls {
            for (place, param) in call.params() {
                match param {
                    Param::Pointer(element) => {
                        let length = place + 1;
                        let next = call.import.params.get(length);
                        ensure!(next == Some(&Param::Length(element.clone())), "no length");
                        rows.extend(lists(call, place, element));
                    }
                    Param::Answer { size, align } => {
                        answers += 1;
                        rows.extend(results(call, place, *size, *align));
                    }
                    Param::Scalar(_) | Param::Handle(_) | Param::Tag | Param::Length(_) => {}
                }
            }
        }
        ensure!(
            answers >= 10,
            "the results of {answers} functions only were found"
        );
        Ok(rows)
    })
}

/// Starts, lengths and what they come to. The length is in elements.
fn lists(call: &Call, place: usize, element: &Element) -> Vec<Row> {
    let size = element.size();
    let length = match element {
        Element::Utf8 | Element::Byte => TEXT_LENGTH,
        Element::Handle(_) => 1,
    };
    let aligned_end = |start: u32| start & !(size - 1);
    let fits = MEMORY_END - length * size;
    let outside = [
        ("one over the end", fits + size, length),
        ("at the end", MEMORY_END, 1),
        ("just behind the end, empty", MEMORY_END + size, 0),
        ("far out", aligned_end(0x8000_0000), length),
        ("at the last address", aligned_end(u32::MAX), length),
        ("at the last address, empty", aligned_end(u32::MAX), 0),
        ("wrapped to 0", aligned_end(u32::MAX), 1),
        ("wrapped into the middle", aligned_end(u32::MAX), HANDLES),
        ("of the largest length", 1024, u32::MAX),
        ("of 2 GiB", 1024, 0x8000_0000),
        ("whose size in bytes wraps to 0", 1024, 0x4000_0000),
        (
            "whose size in bytes wraps to one element",
            1024,
            0x4000_0001,
        ),
        (
            "whose size and start wrap to 0",
            1024,
            0u32.wrapping_sub(1024),
        ),
    ];
    let mut rows: Vec<_> = outside
        .into_iter()
        .map(|(what, start, length)| {
            let call = call
                .with(place, number(start))
                .with(place + 1, number(length));
            // Lists whose size in bytes is no 32-bit number are told so.
            let word = if u64::from(length) * u64::from(size) > u64::from(u32::MAX) {
                "larger than any memory"
            } else {
                "outside of its memory"
            };
            call.row(&format!("parameter {place} {what}"), End::broken([word]))
        })
        .collect();
    if size > 1 {
        for start in [1, 2, 3, HANDLES + 1, u32::MAX] {
            let bad = call.with(place, number(start));
            let what = format!("parameter {place} misaligned at {start:#x}");
            rows.push(bad.row(&what, End::broken(["aligned"])));
        }
    }
    let copy = format!(
        "(memory.copy (i32.const {fits}) {} (i32.const {}))",
        number(if size == 1 { 1024 } else { HANDLES }),
        length * size
    );
    let ends_at_end = call.with(place, number(fits)).after(&copy);
    rows.push(ends_at_end.row(&format!("parameter {place} ends at the end"), End::Ended));
    let empty = call
        .with(place, number(MEMORY_END))
        .with(place + 1, number(0));
    rows.push(empty.row(&format!("parameter {place} at the end, empty"), End::Ended));
    rows
}

fn results(call: &Call, place: usize, size: u32, align: u32) -> Vec<Row> {
    let fits = MEMORY_END - size.next_multiple_of(align);
    let aligned = |at: u32| at & !(align - 1);
    let mut rows = vec![
        call.with(place, number(fits))
            .row("result at the end", End::Ended),
    ];
    for (what, at) in [
        ("one over the end", fits + align),
        ("behind the end", MEMORY_END),
        ("far out", 0x8000_0000),
        ("wrapped", aligned(u32::MAX)),
    ] {
        let bad = call.with(place, number(at));
        rows.push(bad.row(
            &format!("result {what}"),
            End::broken(["a place for a result", "outside"]),
        ));
    }
    for at in [1, align / 2, 3, 1024 + align - 1, u32::MAX] {
        let bad = call.with(place, number(at));
        let end = End::broken(["a place for a result", "aligned"]);
        rows.push(bad.row(&format!("result misaligned at {at:#x}"), end));
    }
    rows
}

/// Tags of options, and numbers that may have any value.
#[test]
fn every_tag_and_number_is_checked_or_harmless() -> Result<()> {
    rows(|table| {
        let mut rows = Vec::new();
        for call in calls(table)? {
            for (place, param) in call.params() {
                let bad = [2, 255, 0x100, 0x101, 0x8000_0001, u32::MAX];
                match param {
                    Param::Tag => {
                        rows.push(call.with(place, number(0)).row("nothing given", End::Ended));
                        rows.extend(bad.map(|tag| {
                            let call = call.with(place, number(tag));
                            call.row(
                                &format!("tag {tag:#x}"),
                                End::broken(["tag is", &tag.to_string()]),
                            )
                        }));
                    }
                    Param::Scalar(core) => {
                        let ty = format!("{core:?}").to_lowercase();
                        rows.extend([1, -1, i32::MIN, i32::MAX].map(|value| {
                            let call = call.with(place, format!("({ty}.const {value})"));
                            call.row(&format!("{ty} {value}"), End::Ended)
                        }));
                    }
                    _ => {}
                }
            }
        }
        Ok(rows)
    })
}

/// What is not given is not looked at: garbage behind a tag of 0 is no wrong use.
#[test]
fn the_payload_of_nothing_is_not_looked_at() -> Result<()> {
    rows(|table| {
        let mut rows = Vec::new();
        for call in calls(table)? {
            let Some((tag, _)) = call.params().find(|(_, param)| **param == Param::Tag) else {
                continue;
            };
            let mut nothing = call.with(tag, number(0));
            for (place, param) in call.params().filter(|(place, _)| *place > tag) {
                if !matches!(param, Param::Answer { .. }) {
                    nothing = nothing.with(place, number(u32::MAX));
                }
            }
            rows.push(nothing.row("garbage behind nothing", End::Ended));
        }
        Ok(rows)
    })
}
