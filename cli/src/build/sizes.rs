//! What takes how many bytes in a module.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::Serialize;
use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

/// Bytes of a module, by what they are.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sizes {
    /// Of the whole file.
    pub bytes: usize,
    pub code_bytes: usize,
    pub data_bytes: usize,
    /// Of the names of functions, for backtraces.
    pub name_bytes: usize,
    /// Of other sections that do not run, such as debug information.
    pub other_custom_bytes: usize,
    pub functions: usize,
    /// The entries, or `_start` of a plain command.
    pub entries: Vec<String>,
    /// The functions with most code, the largest first.
    pub largest_functions: Vec<Part>,
    /// The crates with most code, the largest first, where functions have names.
    pub largest_crates: Vec<Part>,
}

/// A part of the code.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Part {
    pub name: String,
    pub code_bytes: usize,
}

/// What the export of an entry begins with, and the one of a plain command.
const ENTRY: &str = "insula:entry/";
const COMMAND: &str = "_start";

/// How many parts are told.
const LARGEST: usize = 10;

/// What a function is in that has no crate in its name, as those of C.
const NO_CRATE: &str = "(others)";

/// Measures a module.
pub fn of(module: &[u8]) -> Result<Sizes> {
    let mut sizes = Sizes {
        bytes: module.len(),
        ..Sizes::default()
    };
    let (mut imported, mut bodies) = (0, Vec::new());
    let mut names = BTreeMap::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    let is_function =
                        matches!(import?.ty, TypeRef::Func(_) | TypeRef::FuncExact(_));
                    imported += u32::from(is_function);
                }
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let export = export?;
                    let entry = export.name.strip_prefix(ENTRY);
                    if let Some(entry) = entry.or((export.name == COMMAND).then_some(COMMAND)) {
                        sizes.entries.push(entry.to_owned());
                    }
                }
            }
            Payload::CodeSectionEntry(body) => bodies.push(body.range().len()),
            Payload::DataSection(data) => {
                for data in data {
                    sizes.data_bytes += data?.data.len();
                }
            }
            Payload::CustomSection(custom) => {
                let bytes = custom.data().len();
                if let KnownCustom::Name(section) = custom.as_known() {
                    sizes.name_bytes += bytes;
                    for name in section {
                        if let Name::Function(functions) = name? {
                            for function in functions {
                                let function = function?;
                                names.insert(function.index, function.name);
                            }
                        }
                    }
                } else {
                    sizes.other_custom_bytes += bytes;
                }
            }
            _ => {}
        }
    }
    sizes.functions = bodies.len();
    // With entries it is no command, whatever else it exports.
    if sizes.entries.iter().any(|entry| entry != COMMAND) {
        sizes.entries.retain(|entry| entry != COMMAND);
    }
    sizes.entries.sort();
    sizes.code_bytes = bodies.iter().sum();
    let functions = (imported..).zip(bodies).map(|(number, bytes)| {
        let name = names.get(&number);
        let name = name.map(|name| format!("{:#}", rustc_demangle::demangle(name)));
        (name.unwrap_or_else(|| format!("function {number}")), bytes)
    });
    let functions: Vec<_> = functions.collect();
    if !names.is_empty() {
        let mut crates: BTreeMap<&str, usize> = BTreeMap::new();
        for (name, bytes) in &functions {
            *crates.entry(crate_of(name)).or_default() += bytes;
        }
        let crates = crates
            .into_iter()
            .map(|(name, bytes)| (name.to_owned(), bytes));
        sizes.largest_crates = largest(crates.collect());
        // A program in C has no crates.
        if let [only] = sizes.largest_crates.as_slice()
            && only.name == NO_CRATE
        {
            sizes.largest_crates.clear();
        }
    }
    sizes.largest_functions = largest(functions);
    Ok(sizes)
}

fn largest(mut parts: Vec<(String, usize)>) -> Vec<Part> {
    parts.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    let parts = parts.into_iter().take(LARGEST);
    parts
        .map(|(name, code_bytes)| Part { name, code_bytes })
        .collect()
}

/// The first crate that a function's name tells: whose it is, or for a method of a
/// built-in type, whose trait that is of.
fn crate_of(function: &str) -> &str {
    let Some((before, _)) = function.split_once("::") else {
        return NO_CRATE;
    };
    let start = before
        .rfind(|c: char| !c.is_alphanumeric() && c != '_')
        .map_or(0, |at| at + 1);
    match &before[start..] {
        "" => NO_CRATE,
        name => name,
    }
}

#[cfg(test)]
mod tests {
    use super::{NO_CRATE, crate_of};

    #[test]
    fn a_function_is_its_crates() {
        for (function, expected) in [
            ("hello::main::{closure#0}", "hello"),
            (
                "<alloc::vec::Vec<u8> as core::clone::Clone>::clone",
                "alloc",
            ),
            ("<&str as core::fmt::Display>::fmt", "core"),
            (
                "<[u8; 4] as serde_core::ser::Serialize>::serialize",
                "serde_core",
            ),
            ("memcpy", NO_CRATE),
            ("::", NO_CRATE),
        ] {
            assert_eq!(crate_of(function), expected, "{function}");
        }
    }
}
