//! What `insula build` prints.

use std::fmt;
use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use super::sizes::{self, Part, Sizes};
use crate::table::Table;

#[derive(Debug, Serialize)]
pub struct Report {
    /// Where the module is.
    module: String,
    #[serde(flatten)]
    sizes: Sizes,
}

impl Report {
    pub fn new(path: &Path, module: &[u8]) -> Result<Self> {
        Ok(Report {
            module: path.display().to_string(),
            sizes: sizes::of(module)?,
        })
    }

    fn parts(&self, parts: &[Part]) -> Table {
        let mut table = Table::default();
        for Part { name, code_bytes } in parts {
            let share = 100.0 * *code_bytes as f64 / self.sizes.code_bytes.max(1) as f64;
            table.row([&format!("{code_bytes:>8}"), &format!("{share:>4.1}%"), name]);
        }
        table
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes = &self.sizes;
        let mut facts = Table::default();
        facts.row(["module", &self.module]);
        let entries = match &sizes.entries[..] {
            [] => "none, so it cannot run: mark a function with #[insula_guest::entry]".to_owned(),
            entries => entries.join(", "),
        };
        facts.row(["entries", &entries]);
        facts.row(["size", &format!("{} bytes", sizes.bytes)]);
        let code = format!(
            "{} bytes in {} functions",
            sizes.code_bytes, sizes.functions
        );
        facts.row(["code", &code]);
        facts.row(["data", &format!("{} bytes", sizes.data_bytes)]);
        facts.row(["names", &format!("{} bytes", sizes.name_bytes)]);
        if sizes.other_custom_bytes > 0 {
            let other = format!("{} bytes", sizes.other_custom_bytes);
            facts.row(["notes, debug information", &other]);
        }
        write!(f, "{facts}")?;
        if !sizes.largest_crates.is_empty() {
            let crates = self.parts(&sizes.largest_crates);
            write!(f, "\nthe crates with most code, in bytes\n{crates}")?;
        }
        let functions = self.parts(&sizes.largest_functions);
        write!(f, "\nthe functions with most code, in bytes\n{functions}")
    }
}
