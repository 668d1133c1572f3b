//! What was measured: a file for each row, which the next run of that row replaces.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::machine::Machine;
use crate::measurement::Measurement;
use crate::rows::{Against, Figure, ROWS, Row, Target};
use crate::stats;

/// All of one row in one run.
#[derive(Debug, Serialize, Deserialize)]
pub struct RowResult {
    pub row: String,
    pub unit: String,
    pub machine: Machine,
    pub load_before: String,
    pub load_after: String,
    pub repeats: u32,
    pub versions: Vec<(String, String)>,
    pub sizes: Vec<SizeResult>,
    pub verdicts: Vec<Verdict>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct SizeResult {
    pub size: u64,
    pub cells: Vec<Cell>,
}

/// What one contestant has measured of one size.
#[derive(Debug, Serialize, Deserialize)]
pub struct Cell {
    pub name: String,
    pub samples: Vec<Measurement>,
    /// Why it does not measure this.
    pub not_measured: Option<String>,
    /// Why it failed, each time that it did.
    pub failed: Vec<String>,
    #[serde(skip, default = "yes")]
    pub is_asked: bool,
}

fn yes() -> bool {
    true
}

/// Whether a target is reached.
#[derive(Debug, Serialize, Deserialize)]
pub struct Verdict {
    pub size: u64,
    pub figure: String,
    pub against: String,
    /// Insula's figure and the other one.
    pub own: Option<f64>,
    pub other: Option<f64>,
    /// The one by the other, or where the target is a number, Insula's figure.
    pub reached: Option<f64>,
    pub at_most: f64,
    pub is_met: Option<bool>,
}

impl Cell {
    pub fn new(name: &str) -> Self {
        Cell {
            name: name.to_owned(),
            samples: Vec::new(),
            not_measured: None,
            failed: Vec::new(),
            is_asked: true,
        }
    }

    /// Whether there is nothing to tell of it.
    pub fn is_empty(&self) -> bool {
        !self.is_asked
    }

    /// Whether it is not to be asked again. What failed twice will fail once more.
    pub fn is_done(&self) -> bool {
        !self.is_asked || self.not_measured.is_some() || self.failed.len() >= 2
    }

    fn all(&self, figure: Figure) -> Vec<f64> {
        let samples = self.samples.iter();
        match figure {
            Figure::Value => samples.map(|sample| sample.value).collect(),
            Figure::P99 => samples.filter_map(|sample| sample.p99).collect(),
            Figure::Worst => samples.filter_map(|sample| sample.worst).collect(),
        }
    }

    /// The median of all repetitions; of the worst, the worst of all.
    pub fn median(&self, figure: Figure) -> Option<f64> {
        let all = self.all(figure);
        if all.is_empty() {
            return None;
        }
        Some(match figure {
            Figure::Worst => stats::most(&all),
            _ => stats::median(&all),
        })
    }

    /// The least and the greatest value.
    pub fn spread(&self) -> Option<(f64, f64)> {
        let all = self.all(Figure::Value);
        (all.len() > 1).then(|| (stats::least(&all), stats::most(&all)))
    }
}

impl RowResult {
    fn cell(&self, name: &str, size: u64) -> Option<&Cell> {
        let at_size = self.sizes.iter().find(|result| result.size == size)?;
        at_size.cells.iter().find(|cell| cell.name == name)
    }

    fn figure(&self, name: &str, size: u64, figure: Figure) -> Option<f64> {
        self.cell(name, size)?.median(figure)
    }

    /// A contestant's figure at a size, or at the largest below that it has reached,
    /// with that size.
    fn figure_up_to(&self, name: &str, size: u64, figure: Figure) -> Option<(f64, u64)> {
        let sizes = self.sizes.iter().rev().map(|result| result.size);
        let mut reached = sizes.filter(|own| *own <= size);
        reached.find_map(|own| Some((self.figure(name, own, figure)?, own)))
    }

    /// Compares with what is to be reached.
    pub fn judge(&mut self, row: &Row) {
        let measured = |size: &&u64| self.sizes.iter().any(|result| result.size == **size);
        let verdicts = row.targets.iter().flat_map(|target| {
            let sizes = target.sizes.iter().filter(measured);
            sizes.map(|size| self.verdict(target, *size))
        });
        self.verdicts = verdicts.collect();
    }

    fn verdict(&self, target: &Target, size: u64) -> Verdict {
        let figure = target.figure;
        let own = self.figure("insula", size, figure);
        let (against, other) = match target.against {
            Against::Contestant(name) => match self.figure_up_to(name, size, figure) {
                Some((other, at)) if at != size => (format!("{name} (at {at})"), Some(other)),
                found => (name.to_owned(), found.map(|(other, _)| other)),
            },
            Against::Size(other) => (
                format!("itself at {other}"),
                self.figure("insula", other, figure),
            ),
            Against::Number => ("a number".to_owned(), Some(1.0)),
        };
        let reached = own.zip(other).map(|(own, other)| own / other);
        Verdict {
            size,
            figure: figure.name().to_owned(),
            against,
            own,
            other: other.filter(|_| target.against != Against::Number),
            reached,
            at_most: target.at_most,
            is_met: reached.map(|reached| reached <= target.at_most),
        }
    }

    pub fn save(&self, folder: &Path) -> Result<()> {
        let path = folder.join(format!("{}.json", self.row));
        let json = serde_json::to_string_pretty(self)?;
        fs::write(&path, json + "\n").with_context(|| path.display().to_string())
    }
}

/// The newest of every row that was ever measured, in the order of the table.
pub fn load(folder: &Path) -> Result<Vec<(&'static Row, RowResult)>> {
    let mut all = Vec::new();
    for row in ROWS {
        let path = folder.join(format!("{}.json", row.name));
        if !path.is_file() {
            continue;
        }
        let json = fs::read_to_string(&path)?;
        let mut result: RowResult =
            serde_json::from_str(&json).with_context(|| path.display().to_string())?;
        // What is to be reached may have changed since.
        result.judge(row);
        all.push((row, result));
    }
    Ok(all)
}
