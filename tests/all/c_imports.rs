//! The C SDK's declarations of the imports are what the WIT lowers to: they are
//! written from it, by this test.

use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result};
use insula_tests::wit::{Contract, Core, Lowered, Param};

const HEADER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../guest-sdk/c/sdk/imports.h");

const TOP: &str = r#"/* The imports of wit/isolate.wit as a core module sees them, lowered by the canonical
 * ABI. Written from the WIT by `INSULA_BLESS=1 cargo test --test all -- c_imports`: do
 * not edit. */

#ifndef INSULA_IMPORTS_H
#define INSULA_IMPORTS_H

#include <stdint.h>

#define INSULA_IMPORT(module, name) \
    __attribute__((import_module(module), import_name(name))) extern
"#;

/// `ports` and `[method]send-port.send` are `insula_import_ports_send_port_send`.
fn c_name(import: &Lowered) -> Result<String> {
    let interface = import.module.split(['/', '@']).nth(1);
    let interface = interface.with_context(|| import.module.clone())?;
    let name = match import.name.strip_prefix("[resource-drop]") {
        Some(resource) => format!("{resource}-drop"),
        None => {
            let name = import.name.trim_start_matches("[method]");
            name.trim_start_matches("[static]").to_owned()
        }
    };
    Ok(format!("insula_import_{interface}_{name}").replace(['-', '.'], "_"))
}

fn c_type(param: &Param) -> &'static str {
    match param {
        Param::Pointer(_) | Param::Record(_) => "const void *",
        Param::Answer { .. } => "void *",
        other => match other.core() {
            Core::I32 => "uint32_t",
            Core::I64 => "uint64_t",
        },
    }
}

/// What a parameter is, as a word of its declaration.
fn meaning(param: &Param) -> String {
    match param {
        Param::Scalar(_) => "number".into(),
        Param::Enum(_) => "choice".into(),
        Param::Handle(resource) => resource.replace('-', "_"),
        Param::Tag(_) => "is_given".into(),
        Param::Case { .. } => "which".into(),
        Param::Pointer(_) => "start".into(),
        Param::Length(_) => "length".into(),
        Param::Record(_) => "record".into(),
        Param::Answer { .. } => "answer".into(),
    }
}

fn declaration(import: &Lowered) -> Result<String> {
    let name = c_name(import)?;
    let result = match import.results.as_slice() {
        [] => "void",
        [Core::I32] => "uint32_t",
        [Core::I64] => "uint64_t",
        other => anyhow::bail!("{name} has results {other:?}"),
    };
    let params: Vec<_> = import
        .params
        .iter()
        .enumerate()
        .map(|(place, param)| {
            let (c, word) = (c_type(param), meaning(param));
            let gap = if c.ends_with('*') { "" } else { " " };
            format!("{c}{gap}{word}_{place}")
        })
        .collect();
    let params = match params.as_slice() {
        [] => "void".to_owned(),
        some => some.join(", "),
    };
    Ok(format!(
        "INSULA_IMPORT({:?}, {:?})\n{result} {name}({params});\n",
        import.module, import.name
    ))
}

#[test]
fn the_header_of_the_imports_is_what_the_wit_lowers_to() -> Result<()> {
    let mut header = TOP.to_owned();
    for import in &Contract::read()?.imports {
        writeln!(header, "\n{}", declaration(import)?.trim_end())?;
    }
    header += "\n#endif\n";
    if std::env::var_os("INSULA_BLESS").is_some() {
        fs::write(HEADER, &header)?;
    }
    let written = fs::read_to_string(HEADER).context(HEADER)?;
    assert!(
        written == header,
        "{HEADER} is not what wit/isolate.wit lowers to: run \
         `INSULA_BLESS=1 cargo test --test all -- c_imports`"
    );
    Ok(())
}
