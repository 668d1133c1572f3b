//! What `insula inspect` prints.

use std::fmt;

use insula::Program;
use insula_policy::Digest;
use serde::Serialize;

use super::asks::{self, Asked};
use super::module::{Imported, Module, Sizes};
use super::settings::{self, Capability, LimitInEffect};
use crate::flags::Allowed;
use crate::table::Table;

#[derive(Debug, Serialize)]
pub struct Report {
    program: String,
    /// Why the program cannot be loaded, if it cannot.
    refused: Option<String>,
    entries: Vec<String>,
    default_entry: Option<String>,
    digest: String,
    #[serde(flatten)]
    module: Module,
    /// What it asks its host for, and whether it gets it.
    asks: Vec<Asked>,
    limits: Vec<LimitInEffect>,
    capabilities: Vec<Capability>,
}

impl Report {
    pub fn new(
        program: String,
        bytes: &[u8],
        loaded: &anyhow::Result<Program>,
        module: Module,
        allowed: &Allowed,
    ) -> Self {
        let ready = loaded.as_ref().ok();
        Report {
            program,
            refused: loaded.as_ref().err().map(|error| format!("{error:#}")),
            entries: ready.map_or(Vec::new(), |program| program.entries().to_vec()),
            default_entry: ready.and_then(|program| program.default_entry().map(str::to_owned)),
            digest: Digest::of(bytes).to_string(),
            asks: asks::of(&module, allowed),
            module,
            limits: settings::limits(allowed),
            capabilities: settings::capabilities(allowed),
        }
    }

    fn facts(&self) -> Table {
        let module = &self.module;
        let mut facts = Table::default();
        facts.row(["program", &self.program]);
        if let Some(refused) = &self.refused {
            facts.row(["refused", refused]);
        }
        let default = self.default_entry.as_deref();
        for entry in &self.entries {
            let note = if Some(&**entry) == default {
                " (the default)"
            } else {
                ""
            };
            facts.row(["entry", &format!("{entry}{note}")]);
        }
        facts.row(["digest", &self.digest]);
        facts.row(["size", &format!("{} bytes", module.bytes)]);
        let code = format!(
            "{} functions in {} bytes",
            module.functions, module.code_bytes
        );
        facts.row(["code", &code]);
        facts.row(["data", &format!("{} bytes", module.data_bytes)]);
        facts.row(["names and notes", &format!("{} bytes", module.custom_bytes)]);
        for memory in &module.memories {
            facts.row(["memory", &sizes(memory, "bytes")]);
        }
        for table in &module.tables {
            facts.row(["table", &sizes(table, "elements")]);
        }
        facts
    }

    fn imports(&self) -> Table {
        let mut imports = Table::default();
        for import in &self.module.imports {
            imports.row([&import.module, &import.name, note(import)]);
        }
        imports
    }
}

fn sizes(sizes: &Sizes, of: &str) -> String {
    match sizes.maximum {
        Some(maximum) => format!("{} {of}, at most {maximum}", sizes.minimum),
        None => format!(
            "{} {of}, and as many more as the limits allow",
            sizes.minimum
        ),
    }
}

fn note(import: &Imported) -> &'static str {
    match (import.known, import.used) {
        (false, _) => "unknown: the host offers no such thing",
        (true, false) => "unused",
        (true, true) => "",
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.facts())?;
        write!(f, "\nasks for\n{}", asks::table(&self.asks))?;
        write!(f, "\nimports\n{}", self.imports())?;
        write!(f, "\nlimits\n{}", settings::limit_table(&self.limits))?;
        let capabilities = settings::capability_table(&self.capabilities);
        write!(f, "\ncapabilities\n{capabilities}")
    }
}
