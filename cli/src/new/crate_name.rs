//! Names that cargo takes for a program.

use anyhow::{Result, bail};

/// Words that are no names of programs: Rust's, and what cargo and Rust have already.
const TAKEN: &[&str] = &[
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "build",
    "const",
    "continue",
    "core",
    "crate",
    "deps",
    "do",
    "dyn",
    "else",
    "enum",
    "examples",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "incremental",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "proc_macro",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "self",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
    "yield",
];

/// Names of devices, of which Windows makes no files.
const DEVICES: &[&str] = &["aux", "con", "nul", "prn"];

/// The crates that a new crate is made with.
const OURS: &[&str] = &["insula-guest", "insula-guest-macros", "insula-message"];

pub fn check(name: &str) -> Result<()> {
    let why = if name.is_empty() {
        "it is empty"
    } else if !name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        "it has to begin with a letter or `_`"
    } else if !name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    {
        "it may have letters, digits, `-` and `_`"
    } else if TAKEN.contains(&name) {
        "the word means something to Rust or cargo"
    } else if is_device(name) {
        "the name is a device's on Windows"
    } else if OURS.contains(&name) {
        "the SDK has a crate of that name"
    } else {
        return Ok(());
    };
    bail!(
        "a crate cannot be called `{}`: {why} (give another with --name)",
        insula::harmless(name)
    )
}

fn is_device(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let numbered = ["com", "lpt"].iter().any(|start| {
        let number = name.strip_prefix(start);
        number.is_some_and(|number| matches!(number.as_bytes(), [b'1'..=b'9']))
    });
    numbered || DEVICES.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn what_cargo_takes_is_a_name() {
        for name in ["my-plugin", "a", "_x", "Plugin2", "tests", "comb", "com10"] {
            assert!(check(name).is_ok(), "{name}");
        }
        for name in [
            "",
            "2nd",
            "-x",
            "a b",
            "a.b",
            "é",
            "test",
            "fn",
            "con",
            "COM1",
            "lpt9",
            "a/b",
            "insula-guest",
        ] {
            assert!(check(name).is_err(), "{name}");
        }
    }
}
