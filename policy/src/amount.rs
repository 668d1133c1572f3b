//! Amounts as people write them: `16MiB`, `500ms`, `none`.

use insula::{Limit, Limits, Unit};

/// How a limit that is off is written.
const NONE: &str = "none";

const BYTES: &[(&str, u64)] = &[("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// Before one that it ends with, the longer suffix.
const MILLISECONDS: &[(&str, u64)] = &[("ms", 1), ("s", 1_000), ("min", 60_000), ("h", 3_600_000)];

/// A text that is no amount of what a limit counts in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is no amount of {}", expected(*unit))]
pub struct AmountError {
    given: String,
    unit: Unit,
}

fn expected(unit: Unit) -> &'static str {
    match unit {
        Unit::Bytes => "bytes: a whole number, with KiB, MiB or GiB behind it or not, or `none`",
        Unit::Milliseconds => {
            "time: a whole number of milliseconds, or one with ms, s, min or h behind it, or `none`"
        }
        Unit::Count => "things: a whole number, or `none`",
    }
}

fn suffixes(unit: Unit) -> &'static [(&'static str, u64)] {
    match unit {
        Unit::Bytes => BYTES,
        Unit::Milliseconds => MILLISECONDS,
        Unit::Count => &[],
    }
}

/// Reads the value of a limit: a whole number, in bytes or milliseconds where it has
/// no unit behind it, or `none`.
///
/// ```
/// use insula::{Limit, Limits};
/// use insula_policy::{parse_amount, write_amount};
///
/// assert_eq!(parse_amount(Limit::Memory, "16MiB"), Ok(16 << 20));
/// assert_eq!(parse_amount(Limit::TurnCpu, "10s"), Ok(10_000));
/// assert_eq!(parse_amount(Limit::Cpu, "none"), Ok(Limits::NONE));
/// assert!(parse_amount(Limit::Memory, "10s").is_err());
/// assert_eq!(write_amount(Limit::TurnCpu, 1_500), "1500ms");
/// ```
///
/// # Errors
///
/// Where the text is no amount of what this limit counts in, or more than 64 bits.
pub fn parse_amount(limit: Limit, text: &str) -> Result<u64, AmountError> {
    let unit = limit.unit();
    read(unit, text).ok_or_else(|| AmountError {
        given: crate::shown(text),
        unit,
    })
}

fn read(unit: Unit, text: &str) -> Option<u64> {
    if text == NONE {
        return Some(Limits::NONE);
    }
    let (number, factor) = suffixes(unit)
        .iter()
        .find_map(|(suffix, factor)| {
            Some((text.strip_suffix(suffix)?.trim_end_matches(' '), *factor))
        })
        .unwrap_or((text, 1));
    // `parse` would take a sign too.
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// Writes the value of a limit as [`parse_amount`] reads it, in the largest unit that
/// says it exactly.
pub fn write_amount(limit: Limit, value: u64) -> String {
    if value == Limits::NONE {
        return NONE.to_owned();
    }
    let fits = |(_, factor): &&(&str, u64)| value != 0 && value.is_multiple_of(*factor);
    match suffixes(limit.unit()).iter().rev().find(fits) {
        Some((suffix, factor)) => format!("{}{suffix}", value / factor),
        None => value.to_string(),
    }
}
