//! What was measured, as a table in Markdown and as plots.

mod markdown;
mod plot;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::results;
use crate::rows::Unit;

/// Writes the table and the plots of all results that are in this folder.
pub fn write(folder: &Path) -> Result<()> {
    let all = results::load(folder)?;
    for (row, result) in &all {
        if row.sizes.len() > 1 && result.sizes.len() > 1 {
            plot::draw(row, result, &folder.join(plot_name(row.name)))?;
        }
    }
    let path = folder.join("README.md");
    fs::write(&path, markdown::table(&all)).with_context(|| path.display().to_string())
}

fn plot_name(row: &str) -> String {
    format!("{row}.svg")
}

/// A figure with its unit, in three digits.
pub fn number(value: f64, unit: Unit) -> String {
    const TIMES: &[(f64, &str)] = &[(1e9, "s"), (1e6, "ms"), (1e3, "us"), (1.0, "ns")];
    const SIZES: &[(f64, &str)] = &[
        ((1 << 30) as f64, "GiB"),
        ((1 << 20) as f64, "MiB"),
        ((1 << 10) as f64, "KiB"),
        (1.0, "B"),
    ];
    let names = match unit {
        Unit::Nanoseconds => TIMES,
        Unit::Bytes => SIZES,
        Unit::Mappings => return digits(value),
    };
    // As it would be shown: 999.6 ns are 1.00 us.
    let fits = |(size, _): &&(f64, &str)| value.abs() >= size * 0.9995;
    let found = names.iter().find(fits).or(names.last());
    let (size, name) = found.copied().unwrap_or((1.0, ""));
    format!("{} {name}", digits(value / size))
}

/// A number in three digits.
pub fn digits(value: f64) -> String {
    match value.abs() {
        large if large >= 99.95 => format!("{value:.0}"),
        middle if middle >= 9.995 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// A size as people write it: 64 KiB, 10,000.
pub fn size(size: u64, counts: &str) -> String {
    if counts.contains("bytes") && size >= 1 << 10 && size.is_multiple_of(1 << 10) {
        return match size {
            mib if mib.is_multiple_of(1 << 20) => format!("{} MiB", mib >> 20),
            kib => format!("{} KiB", kib >> 10),
        };
    }
    let digits = size.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
