//! What `insula doctor` prints.

use std::fmt;

use insula::Profile;
use serde::Serialize;

use super::advice;
use super::capacity::{self, Bound, Cost};
use super::machine::Machine;
use super::prove::Proved;
use crate::table::Table;

#[derive(Debug, Serialize)]
pub struct Report {
    limits: Vec<Proved>,
    machine: Machine,
    profile: &'static str,
    isolate: Cost,
    /// What runs out, the first of it first.
    bounds: Vec<Bound>,
    advice: Vec<String>,
}

impl Report {
    pub fn new(limits: Vec<Proved>, machine: Machine, profile: Profile, isolate: Cost) -> Self {
        Report {
            limits,
            profile: profile.name(),
            bounds: capacity::bounds(&machine, &isolate),
            advice: advice::of(&machine),
            machine,
            isolate,
        }
    }

    /// Whether every limit holds.
    pub fn is_well(&self) -> bool {
        self.limits.iter().all(|limit| limit.holds)
    }

    fn limits(&self) -> Table {
        let mut table = Table::default();
        for proved in &self.limits {
            let holds = if proved.holds {
                "holds"
            } else {
                "DOES NOT HOLD"
            };
            table.row([proved.limit.option(), holds, &proved.seen]);
        }
        table
    }

    fn capacity(&self) -> Table {
        let mut table = Table::default();
        for bound in &self.bounds {
            let isolates = bound.isolates.to_string();
            table.row([&isolates, bound.by, bound.knob]);
        }
        table
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "limits, each tried with a guest that runs against it")?;
        write!(f, "{}", self.limits())?;
        writeln!(f, "\nthis machine\n{}", self.machine.table())?;
        writeln!(
            f,
            "how many isolates of the {} profile fit (one that waits takes {:.0} KiB and {:.1} \
             mappings), until what runs out, and how to have more",
            self.profile,
            self.isolate.memory / 1024.0,
            self.isolate.mappings
        )?;
        write!(f, "{}", self.capacity())?;
        if let Some(first) = self.bounds.first() {
            writeln!(
                f,
                "\nAbout {} isolates fit at once. What runs out first is {}. For more: {}. A \
                 runtime has room for as many as `RuntimeBuilder::max_isolates` says.",
                first.isolates, first.by, first.knob
            )?;
        }
        for line in &self.advice {
            writeln!(f, "\n{line}")?;
        }
        let failed = self.limits.iter().filter(|limit| !limit.holds).count();
        match failed {
            0 => writeln!(f, "\nEvery limit holds on this machine."),
            failed => writeln!(
                f,
                "\nNOT EVERY LIMIT HOLDS on this machine: {failed} do not."
            ),
        }
    }
}
