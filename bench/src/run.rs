//! A run: each measurement of each contestant, in turns.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use crate::contestants::Contestant;
use crate::machine::{self, Machine};
use crate::measurement::{self, Outcome};
use crate::report::number;
use crate::results::{Cell, RowResult, SizeResult};
use crate::rows::Row;

/// What is measured, and how.
pub struct Plan {
    pub rows: Vec<&'static Row>,
    pub contestants: Vec<Contestant>,
    pub repeats: u32,
    pub quick: bool,
    /// Only these sizes, where there are any.
    pub sizes: Vec<u64>,
    pub time_out: Duration,
    /// What every measuring process is told.
    pub variables: Vec<(&'static str, PathBuf)>,
}

/// Measures all, and keeps the results of each row as soon as they are there. Gives
/// what failed that must not.
pub fn run(plan: &Plan, folder: &Path) -> Result<Vec<String>> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let machine = Machine::read();
    let mut failures = Vec::new();
    for row in &plan.rows {
        let load_before = machine::load();
        let sizes: Vec<u64> = match plan.quick {
            true => vec![row.quick],
            false => row.sizes.to_vec(),
        };
        let is_asked = |size: &u64| plan.sizes.is_empty() || plan.sizes.contains(size);
        let mut result = RowResult {
            row: row.name.to_owned(),
            unit: row.unit.name().to_owned(),
            machine: machine.clone(),
            load_before,
            load_after: String::new(),
            repeats: plan.repeats,
            versions: plan.versions(),
            sizes: Vec::new(),
            verdicts: Vec::new(),
        };
        for size in sizes.into_iter().filter(is_asked) {
            println!("\n{} of {size} {}", row.name, row.size);
            let cells = measure(plan, row, size)?;
            for (contestant, cell) in plan.contestants.iter().zip(&cells) {
                let failed = cell.failed.iter().filter(|_| contestant.is_own());
                failures
                    .extend(failed.map(|why| format!("{} {} {size}: {why}", cell.name, row.name)));
            }
            let cells = cells.into_iter().filter(|cell| !cell.is_empty()).collect();
            result.sizes.push(SizeResult { size, cells });
        }
        result.load_after = machine::load();
        result.judge(row);
        result.save(folder)?;
    }
    Ok(failures)
}

impl Plan {
    fn versions(&self) -> Vec<(String, String)> {
        let version = |contestant: &Contestant| match &contestant.version {
            Ok(version) => version.clone(),
            Err(why) => format!("not measured: {why}"),
        };
        let all = self.contestants.iter();
        all.map(|contestant| (contestant.name.clone(), version(contestant)))
            .collect()
    }
}

/// Measures one size of a row: a cell for each contestant. Who goes first changes from
/// one repetition to the next.
fn measure(plan: &Plan, row: &Row, size: u64) -> Result<Vec<Cell>> {
    let all = &plan.contestants;
    let mut cells: Vec<Cell> = all.iter().map(|c| Cell::new(&c.name)).collect();
    for (contestant, cell) in all.iter().zip(&mut cells) {
        match &contestant.version {
            Err(why) => cell.not_measured = Some(why.clone()),
            Ok(_) if !contestant.is_asked(row) => cell.is_asked = false,
            Ok(_) => {}
        }
    }
    for repeat in 0..plan.repeats as usize {
        for turn in 0..all.len() {
            let place = (turn + repeat) % all.len();
            let cell = &mut cells[place];
            if cell.is_done() {
                continue;
            }
            let mut command = all[place].command(row, size, plan.quick)?;
            command.envs(plan.variables.iter().map(|(name, value)| (name, value)));
            match measurement::measure(command, row.unit.name(), plan.time_out) {
                Outcome::Measured(measurement) => cell.samples.push(measurement),
                Outcome::NotMeasured(why) => cell.not_measured = Some(why),
                Outcome::Failed(why) => cell.failed.push(why),
            }
        }
    }
    for cell in cells.iter().filter(|cell| !cell.is_empty()) {
        print(row, cell);
    }
    Ok(cells)
}

fn print(row: &Row, cell: &Cell) {
    let figure = match cell.median(crate::rows::Figure::Value) {
        Some(value) => number(value, row.unit),
        None => "-".to_owned(),
    };
    let spread = cell.spread().map(|(least, most)| {
        format!(
            " ({} to {})",
            number(least, row.unit),
            number(most, row.unit)
        )
    });
    let notes = cell
        .not_measured
        .iter()
        .map(|why| format!(" not measured: {why}"));
    let failed = cell.failed.iter().map(|why| format!(" FAILED: {why}"));
    println!(
        "  {:12} {figure}{}{}",
        cell.name,
        spread.unwrap_or_default(),
        notes.chain(failed).collect::<String>()
    );
}
