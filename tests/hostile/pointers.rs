//! Every import with pointers and lengths at, just over and wrapped around the
//! end of memory. Generated from the contract: a new import cannot escape.

use anyhow::{Context, Result, ensure};

use super::calls::{Call, HANDLES, PARAMETERS, calls, list_of, number};
use insula_tests::hostile::{End, MEMORY_END, Row, row, rows};
use insula_tests::wit::{Element, Param};

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
            for (place, param) in call.values() {
                match param {
                    Param::Pointer(element) => {
                        let next = call.values().nth(place + 1).map(|(_, next)| next);
                        ensure!(next == Some(&Param::Length(element.clone())), "no length");
                        rows.extend(lists(call, place, element)?);
                    }
                    Param::Answer { size, align } => {
                        answers += 1;
                        rows.extend(results(call, place, *size, *align));
                    }
                    Param::Record(record) => {
                        rows.extend(records(call, place, record.size, record.align));
                    }
                    Param::Scalar(_)
                    | Param::Enum(_)
                    | Param::Handle(_)
                    | Param::Tag(_)
                    | Param::Case { .. }
                    | Param::Length(_) => {}
                }
            }
        }
        ensure!(
            answers >= 22,
            "the results of {answers} functions only were found"
        );
        Ok(rows)
    })
}

/// Starts, lengths and what they come to. The length is in elements.
fn lists(call: &Call, place: usize, element: &Element) -> Result<Vec<Row>> {
    let (size, align) = (element.size(), element.align());
    let (valid, length) = (call.address(place)?, list_of(element).1);
    let what = call.what(place);
    let aligned_end = |start: u32| start & !(align - 1);
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
        .map(|(wrong, start, length)| {
            let call = call
                .with(place, number(start))
                .with(place + 1, number(length));
            // Lists whose size in bytes is no 32-bit number are told so.
            let word = if matches!(element, Element::Record(_)) && length > 100 {
                "are allowed"
            } else if u64::from(length) * u64::from(size) > u64::from(u32::MAX) {
                "larger than any memory"
            } else {
                "outside of its memory"
            };
            call.row(&format!("{what} {wrong}"), End::broken([word]))
        })
        .collect();
    if size > 1 {
        for start in [1, 2, align / 2, 3, valid + 1, valid + align / 2, u32::MAX] {
            let bad = call.with(place, number(start));
            let what = format!("{what} misaligned at {start:#x}");
            rows.push(bad.row(&what, End::broken(["aligned"])));
        }
    }
    let copy = format!(
        "(memory.copy (i32.const {fits}) (i32.const {valid}) (i32.const {}))",
        length * size
    );
    let ends_at_end = call.with(place, number(fits)).after(&copy);
    rows.push(ends_at_end.row(&format!("{what} ends at the end"), End::Ended));
    let empty = call
        .with(place, number(MEMORY_END))
        .with(place + 1, number(0));
    rows.push(empty.row(&format!("{what} at the end, empty"), End::Ended));
    Ok(rows)
}

/// The record in which parameters are passed.
fn records(call: &Call, place: usize, size: u32, align: u32) -> Vec<Row> {
    let fits = MEMORY_END - size.next_multiple_of(align);
    let copy =
        format!("(memory.copy (i32.const {fits}) (i32.const {PARAMETERS}) (i32.const {size}))");
    let at_end = call.with(place, number(fits)).after(&copy);
    let mut rows = vec![at_end.row("request at the end", End::Ended)];
    let outside = [
        fits + align,
        MEMORY_END,
        0x8000_0000,
        0u32.wrapping_sub(align),
    ];
    for (at, word) in outside
        .map(|at| (at, "outside"))
        .into_iter()
        .chain([1, align / 2, 3, PARAMETERS + 1, u32::MAX].map(|at| (at, "aligned")))
    {
        let bad = call.with(place, number(at));
        let end = End::broken(["a spawn request", word]);
        rows.push(bad.row(&format!("request at {at:#x}"), end));
    }
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

/// Tags of options, cases of enums, and numbers that may have any value.
#[test]
fn every_tag_and_number_is_checked_or_harmless() -> Result<()> {
    rows(|table| {
        let mut rows = Vec::new();
        for call in calls(table)? {
            for (place, param) in call.values() {
                let what = call.what(place);
                let bad = bad_numbers(call.bits(place));
                match param {
                    Param::Tag(_) => {
                        let nothing = call.with(place, number(0));
                        rows.push(nothing.row(&format!("{what} not given"), End::Ended));
                        rows.extend(bad.iter().map(|tag| {
                            let call = call.with(place, number(*tag));
                            call.row(
                                &format!("{what} tag {tag:#x}"),
                                End::broken(["tag is", &tag.to_string()]),
                            )
                        }));
                    }
                    Param::Case { last, .. } => {
                        let without = (0..*last).map(|case| {
                            let call = call.with(place, number(case));
                            call.row(&format!("{what} case {case}"), End::Ended)
                        });
                        rows.extend(without);
                        let wrong = bad.iter().filter(|case| **case > *last);
                        rows.extend(wrong.map(|case| {
                            let call = call.with(place, number(*case));
                            call.row(
                                &format!("{what} case {case:#x}"),
                                End::broken(["it has to be", &case.to_string()]),
                            )
                        }));
                    }
                    Param::Enum(cases) => {
                        rows.extend((0..*cases).map(|case| {
                            let call = call.with(place, number(case));
                            call.row(&format!("{what} case {case}"), End::Ended)
                        }));
                        rows.extend(bad.iter().map(|case| (*case).max(*cases)).map(|case| {
                            let call = call.with(place, number(case));
                            call.row(
                                &format!("{what} case {case:#x}"),
                                End::broken(["it has to be", &case.to_string()]),
                            )
                        }));
                    }
                    Param::Scalar(core) => {
                        let ty = format!("{core:?}").to_lowercase();
                        rows.extend([1, -1, i32::MIN, i32::MAX].map(|value| {
                            // The one that is a place in memory and no list's.
                            let end = match call.import.name.as_str() {
                                "lend" if value != 1 => End::broken(["a place that it lends"]),
                                _ => End::Ended,
                            };
                            let call = call.with(place, format!("({ty}.const {value})"));
                            call.row(&format!("{what} {ty} {value}"), end)
                        }));
                    }
                    _ => {}
                }
            }
        }
        Ok(rows)
    })
}

/// Numbers beyond the cases of an option, of so many bits.
fn bad_numbers(bits: u32) -> Vec<u32> {
    let all = [2, 3, 128, 255, 0x100, 0x101, 0x8000_0001, u32::MAX];
    let fits = all.into_iter().filter(|number| number.ilog2() < bits);
    fits.collect()
}

/// What is not given is not looked at: garbage behind a tag of 0 is no wrong use.
#[test]
fn the_payload_of_nothing_is_not_looked_at() -> Result<()> {
    rows(|table| {
        let mut rows = Vec::new();
        for call in calls(table)? {
            for (tag, param) in call.values() {
                let (Param::Tag(parts) | Param::Case { parts, .. }) = param else {
                    continue;
                };
                let mut nothing = call.with(tag, number(0));
                for part in tag + 1..=tag + parts {
                    nothing = nothing.with(part, number(u32::MAX));
                }
                let what = format!("{}: garbage behind nothing", call.what(tag));
                rows.push(nothing.row(&what, End::Ended));
            }
        }
        ensure!(rows.len() >= 10, "{} options", rows.len());
        Ok(rows)
    })
}

/// With all its options, and as a spawn of its own program: every field is used.
#[test]
fn a_request_without_a_uri_spawns() -> Result<()> {
    rows(|table| {
        let calls = calls(table)?;
        let spawn = calls.iter().find(|call| call.import.name == "spawn");
        let spawn = spawn.context("no spawn")?;
        let (uri, _) = spawn
            .values()
            .find(|(_, param)| matches!(param, Param::Tag(_)))
            .context("no option")?;
        let (reach, _) = spawn
            .values()
            .find(|(_, param)| matches!(param, Param::Case { .. }))
            .context("no variant")?;
        // What the request asks for in its fullest case, nobody here has.
        let spawn = spawn.with(uri, number(0)).with(reach, number(0));
        // `result<spawned, refusal>`, of which the first byte says that it is one.
        let wat = spawn.wat().replace(
            "(call $exit))",
            "(if (i32.load8_u (i32.const 3072)) (then unreachable)) (call $exit))",
        );
        Ok(vec![row("spawns", wat, End::Ended)])
    })
}
