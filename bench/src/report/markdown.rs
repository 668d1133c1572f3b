//! The tables.

use std::fmt::Write as _;

use super::{digits, number, plot_name, size};
use crate::results::{Cell, RowResult, Verdict};
use crate::rows::{Figure, Row};

type Result<'a> = (&'static Row, &'a RowResult);

/// All results as a page.
pub fn table(all: &[(&'static Row, RowResult)]) -> String {
    let all: Vec<Result> = all.iter().map(|(row, result)| (*row, result)).collect();
    let mut page = String::from(
        "# Results\n\n\
         Written by the benchmark; [`../README.md`](../README.md) says how it measures \
         and how each contestant is kept fair. A figure is the median of all \
         repetitions, and in brackets stand the least and the greatest.\n\n",
    );
    machine(&mut page, &all);
    targets(&mut page, &all);
    page.push_str("## All rows\n");
    for (row, result) in &all {
        figures(&mut page, row, result);
    }
    page
}

/// Where each row was measured, once for all that were measured in one run.
fn machine(page: &mut String, all: &[Result]) {
    let mut told: Vec<(&str, &str)> = Vec::new();
    for (_, result) in all {
        let machine = &result.machine;
        let run = (machine.date.as_str(), machine.command.as_str());
        if told.contains(&run) {
            continue;
        }
        told.push(run);
        let rows: Vec<_> = all
            .iter()
            .filter(|(_, other)| (&*other.machine.date, &*other.machine.command) == run)
            .collect();
        let names = match rows.len() == all.len() {
            true => "all rows".to_owned(),
            false => rows
                .iter()
                .map(|(row, _)| row.name)
                .collect::<Vec<_>>()
                .join(", "),
        };
        let load = |of: fn(&RowResult) -> &str| {
            let loads = rows
                .iter()
                .filter_map(|(_, result)| of(result).parse().ok());
            loads.fold(0.0, f64::max)
        };
        let _ = writeln!(page, "## Run of {} ({names})\n", machine.date);
        let _ = writeln!(
            page,
            "- `{}`, {} repetitions, commit {}\n\
             - {}, {} cores, {} MiB of memory, Linux {}, `vm.max_map_count` {}\n\
             - {}\n\
             - load when it began: {}; the most before and after a row: {}, {}\n",
            machine.command,
            result.repeats,
            machine.commit,
            machine.cpu,
            machine.cores,
            machine.memory_mib,
            machine.kernel,
            machine.max_map_count,
            machine.rustc,
            result.load_before,
            load(|result| &result.load_before),
            load(|result| &result.load_after),
        );
        page.push_str("| contestant | version |\n|---|---|\n");
        for (name, version) in &result.versions {
            let _ = writeln!(page, "| {name} | {} |", one_cell(version));
        }
        page.push('\n');
    }
}

/// Each target, and whether it is met.
fn targets(page: &mut String, all: &[Result]) {
    let verdicts = || {
        let rows = all.iter();
        rows.flat_map(|(row, result)| result.verdicts.iter().map(move |v| (*row, v)))
    };
    let count = |wanted| verdicts().filter(|(_, v)| v.is_met == wanted).count();
    let _ = writeln!(
        page,
        "## What is to be reached\n\n\
         {} met, {} missed, {} not measured. A ratio below 1 means that Insula is ahead.\n",
        count(Some(true)),
        count(Some(false)),
        count(None),
    );
    page.push_str("| row | size | Insula | against | at most | reached | |\n");
    page.push_str("|---|---|---|---|---|---|---|\n");
    for (row, verdict) in verdicts() {
        target(page, row, verdict);
    }
    page.push('\n');
}

fn target(page: &mut String, row: &Row, verdict: &Verdict) {
    let is_number = verdict.other.is_none() && verdict.against == "a number";
    let other = verdict
        .other
        .map(|other| format!(" {}", number(other, row.unit)));
    let value = |value: f64| match is_number {
        true => number(value, row.unit),
        false => digits(value),
    };
    let against = match is_number {
        true => String::new(),
        false => format!("{}{}", verdict.against, other.unwrap_or_default()),
    };
    let figure = match verdict.figure.as_str() {
        "" => String::new(),
        name => format!(" ({name})"),
    };
    let _ = writeln!(
        page,
        "| {}{figure} | {} | {} | {against} | {} | {} | {} |",
        row.name,
        size(verdict.size, row.size),
        verdict
            .own
            .map_or("-".to_owned(), |own| number(own, row.unit)),
        value(verdict.at_most),
        verdict.reached.map_or("-".to_owned(), value),
        match verdict.is_met {
            Some(true) => "met",
            Some(false) => "**missed**",
            None => "not measured",
        },
    );
}

/// The figures of one row: a line for each size, a column for each contestant.
fn figures(page: &mut String, row: &Row, result: &RowResult) {
    let _ = writeln!(page, "\n### {}: {}\n", row.name, row.what);
    let mut names: Vec<&str> = Vec::new();
    for cell in result.sizes.iter().flat_map(|size| &size.cells) {
        let is_told = !cell.samples.is_empty() || !cell.failed.is_empty();
        if is_told && !names.contains(&cell.name.as_str()) {
            names.push(&cell.name);
        }
    }
    let _ = writeln!(page, "| {} | {} |", row.size, names.join(" | "));
    let _ = writeln!(page, "|---|{}", "---|".repeat(names.len()));
    for at_size in &result.sizes {
        let _ = write!(page, "| {} |", size(at_size.size, row.size));
        for name in &names {
            let cell = at_size.cells.iter().find(|cell| cell.name == *name);
            let text = cell.map_or("-".to_owned(), |cell| figure(row, cell));
            let _ = write!(page, " {text} |");
        }
        page.push('\n');
    }
    if result.sizes.len() > 1 {
        let _ = writeln!(page, "\n![{}]({})", row.name, plot_name(row.name));
    }
    notes(page, row, result);
}

/// Why something failed or is not measured, once for all sizes of which the same is
/// said.
fn notes(page: &mut String, row: &Row, result: &RowResult) {
    let mut notes: Vec<(&str, String, Vec<String>)> = Vec::new();
    for at_size in &result.sizes {
        for cell in &at_size.cells {
            let failed = cell.failed.iter().map(|why| format!("**failed**: {why}"));
            let missing = cell.not_measured.iter();
            let missing = missing.map(|why| format!("not measured: {why}"));
            let at = size(at_size.size, row.size);
            for why in failed.chain(missing) {
                let mut told = notes.iter_mut();
                match told.find(|(name, told, _)| *name == cell.name && *told == why) {
                    Some((_, _, sizes)) if sizes.contains(&at) => {}
                    Some((_, _, sizes)) => sizes.push(at.clone()),
                    None => notes.push((&cell.name, why, vec![at.clone()])),
                }
            }
        }
    }
    if !notes.is_empty() {
        page.push('\n');
    }
    for (name, why, sizes) in notes {
        let _ = writeln!(page, "- {name} at {}: {why}", sizes.join("; "));
    }
}

fn figure(row: &Row, cell: &Cell) -> String {
    let Some(value) = cell.median(Figure::Value) else {
        return if cell.failed.is_empty() {
            "-"
        } else {
            "failed"
        }
        .to_owned();
    };
    let mut text = number(value, row.unit);
    if let Some((least, most)) = cell.spread() {
        let _ = write!(
            text,
            " ({} to {})",
            number(least, row.unit),
            number(most, row.unit)
        );
    }
    for figure in [Figure::P99, Figure::Worst] {
        if let Some(value) = cell.median(figure) {
            let _ = write!(text, ", {} {}", figure.name(), number(value, row.unit));
        }
    }
    text
}

fn one_cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
