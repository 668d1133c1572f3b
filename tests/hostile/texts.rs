//! Texts that are no texts: not UTF-8, far too long, or full of what a terminal
//! obeys.

use anyhow::{Result, bail, ensure};
use insula::{ExitReason, SpawnOptions, Stream};

use super::calls::{calls, number};
use insula_tests::hostile::{End, MEMORY_END, main, row, rows, table};
use insula_tests::wit::{Element, Param};

/// Every text of the contract but those of errors, which must not be lost
/// over what is wrong with them.
#[test]
fn every_text_is_utf8_and_not_too_long() -> Result<()> {
    rows(|table| {
        let mut rows = Vec::new();
        for call in calls(table)? {
            let is_last_words = ["fail", "uncaught"].contains(&call.import.name.as_str());
            let texts = call
                .values()
                .filter(|(_, param)| **param == Param::Pointer(Element::Utf8));
            for (place, _) in texts {
                for (what, bytes) in [
                    ("a lone continuation", "\\80"),
                    ("an overlong zero", "\\c0\\80"),
                    ("a surrogate", "\\ed\\a0\\80"),
                    ("beyond the last", "\\f4\\90\\80\\80"),
                    ("cut off", "a\\e2\\82"),
                    ("the largest byte", "\\ff"),
                ] {
                    let length = bytes.replace('\\', "").len() as u32;
                    let length = if bytes.starts_with('a') {
                        3
                    } else {
                        length / 2
                    };
                    let call = call.with(place, number(8)).with(place + 1, number(length));
                    let end = if is_last_words {
                        End::Ended
                    } else {
                        End::broken(["is not UTF-8"])
                    };
                    let wat = call.wat() + &format!("(data (i32.const 8) \"{bytes}\")");
                    rows.push(row(format!("{}: {what}", call.import.name), wat, end));
                }
                // All of memory, from the first byte: zeros are UTF-8.
                for length in [65_537, MEMORY_END] {
                    let call = call.with(place, number(0)).with(place + 1, number(length));
                    let end = if is_last_words {
                        End::Ended
                    } else {
                        End::broken(["bytes long", "65536 are allowed"])
                    };
                    rows.push(call.row(&format!("{length} bytes"), end));
                }
                let call = call
                    .with(place, number(MEMORY_END - 65_536))
                    .with(place + 1, number(65_536));
                rows.push(call.row("65536 bytes", End::Ended));
            }
        }
        ensure!(rows.len() == 15 * 9, "{} rows", rows.len());
        Ok(rows)
    })
}

/// A panic's words are cut where they are too long, and what is no UTF-8 in them
/// is replaced.
#[test]
fn last_words_are_cut() -> Result<()> {
    table(|table| {
        let fail = |length: u32| {
            main(&format!(
                "(memory.fill (i32.const 1024) (i32.const 255) (i32.const 16))
                (call $fail (i32.const 1024) (i32.const {length}) (i32.const 1024) (i32.const 1)) unreachable"
            ))
        };
        for (length, kept) in [(1, 1), (100, 100), (4096, 4096), (130_000, 4096)] {
            let reason = table.run(&fail(length), SpawnOptions::new())?;
            let ExitReason::Panicked { message, place, .. } = reason else {
                bail!("it {reason}")
            };
            ensure!(
                message.chars().count() == kept,
                "{length}: {}",
                message.chars().count()
            );
            ensure!(message.starts_with('\u{fffd}') && place == "\u{fffd}");
        }
        Ok(())
    })
}

/// The first words count: what fails while failing is not the cause.
#[test]
fn the_first_of_the_last_words_count() -> Result<()> {
    rows(|_| {
        let wat = main(
            "(call $fail (i32.const 64) (i32.const 5) (i32.const 72) (i32.const 4))
            (call $fail (i32.const 80) (i32.const 5) (i32.const 80) (i32.const 5)) unreachable",
        ) + "(data (i32.const 64) \"first   here    later\")";
        Ok(vec![insula_tests::hostile::row(
            "twice",
            wat,
            End::Panicked("panicked at here: first"),
        )])
    })
}

/// The name of an isolate comes from its entry, which is the guest's own word:
/// it is cut, so that it does not fill what stands in front of each line.
#[test]
fn an_isolate_has_a_short_name() -> Result<()> {
    table(|table| {
        let long = "n".repeat(50_000);
        let wat = format!(
            "(memory (export \"memory\") 2)
            (data (i32.const 0) \"\\08\\00\\00\\00\\06\\00\\00\\00hello\\n\")
            (func (export \"insula:entry/{long}\")
                (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64))))"
        );
        let reason = table.run(&wat, SpawnOptions::new().entry(&long))?;
        ensure!(reason.is_ended(), "{reason}");
        let lines = table.host.lines();
        ensure!(
            lines.len() == 1 && lines[0].ends_with("#1: hello"),
            "{} lines",
            lines.len()
        );
        ensure!(lines[0].len() < 100, "a name of {} bytes", lines[0].len());
        ensure!(table.host.texts(Stream::Stdout) == ["hello"]);
        Ok(())
    })
}

/// Names of functions are the guest's words too; what a backtrace keeps of them
/// is short.
#[test]
fn a_backtrace_keeps_little_of_long_names() -> Result<()> {
    table(|table| {
        let name = "f".repeat(90_000);
        let wat = main(&format!("(call ${name})"))
            + &format!("(func ${name} (call ${name}) (call ${name}))");
        let reason = table.run(&wat, SpawnOptions::new())?;
        ensure!(matches!(reason, ExitReason::Limit { .. }), "it {reason}");
        let frames = reason.backtrace();
        ensure!(
            !frames.is_empty() && frames.len() < 100,
            "{} frames",
            frames.len()
        );
        let kept: usize = frames.iter().map(|frame| frame.function.len()).sum();
        ensure!(frames[0].function.starts_with("fff"), "{}", frames[0]);
        ensure!(kept < 100_000, "{kept} bytes of names");
        Ok(())
    })
}
