//! Whether a compiled module can be an isolate: what it exports and imports.

use wasmtime::ValType::{I32, I64};
use wasmtime::{ExternType, FuncType, ImportType, Module};

use super::{COMMAND, ENTRY_PREFIX};
use crate::abi::Import;
use crate::error::{LoadError, short};

/// Tells what was given instead of a core module, where that is plain to see.
pub(super) fn check_header(name: &str, bytes: &[u8]) -> Result<(), LoadError> {
    let program = name.to_owned();
    match bytes {
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => Ok(()),
        [0, b'a', b's', b'm', _, _, 1, 0, ..] => Err(LoadError::Component { program }),
        [0, b'a', b's', b'm', version @ ..] => Err(LoadError::Invalid {
            program,
            why: format!(
                "its header is cut off or of an unknown version: {:02x?}",
                &version[..version.len().min(4)]
            ),
        }),
        _ if is_text_module(bytes) => Err(LoadError::Text { program }),
        _ => {
            let start = &bytes[..bytes.len().min(16)];
            let start = String::from_utf8_lossy(start).into_owned();
            Err(LoadError::NotWasm { program, start })
        }
    }
}

fn is_text_module(bytes: &[u8]) -> bool {
    let start = &bytes[..bytes.len().min(4096)];
    let text = String::from_utf8_lossy(start);
    let code = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with(";;"));
    code.is_some_and(|code| code.starts_with("(module") || code.starts_with("(component"))
}

/// The entries, sorted. Where none is marked as one, a command's `_start`.
pub(super) fn entries(name: &str, module: &Module) -> Result<Vec<String>, LoadError> {
    let mut entries = Vec::new();
    let mut command = false;
    for export in module.exports() {
        if let Some(entry) = export.name().strip_prefix(ENTRY_PREFIX) {
            check_type(name, export.name(), &export.ty(), [], [])?;
            entries.push(entry.to_owned());
        }
        match export.name() {
            "wake" | "_initialize" => check_type(name, export.name(), &export.ty(), [], [])?,
            COMMAND => {
                check_type(name, COMMAND, &export.ty(), [], [])?;
                command = true;
            }
            "deliver" => {
                let params = [I64, I32, I32, I32, I32, I32];
                check_type(name, export.name(), &export.ty(), params, [])?;
            }
            "cabi_realloc" => {
                check_type(
                    name,
                    export.name(),
                    &export.ty(),
                    [I32, I32, I32, I32],
                    [I32],
                )?;
            }
            _ => {}
        }
    }
    if command && entries.is_empty() {
        entries.push(COMMAND.to_owned());
    }
    if entries.is_empty() {
        return Err(LoadError::NoEntry {
            program: name.to_owned(),
        });
    }
    entries.sort();
    Ok(entries)
}

fn check_type<const P: usize, const R: usize>(
    name: &str,
    export: &str,
    found: &ExternType,
    params: [wasmtime::ValType; P],
    results: [wasmtime::ValType; R],
) -> Result<(), LoadError> {
    let expected = signature(params.iter(), results.iter());
    let found = match found {
        ExternType::Func(function) => short(&function_signature(function)).to_owned(),
        ExternType::Memory(_) => "a memory".to_owned(),
        ExternType::Table(_) => "a table".to_owned(),
        ExternType::Global(_) => "a global".to_owned(),
        _ => "something else".to_owned(),
    };
    if found == expected {
        return Ok(());
    }
    let (program, export) = (name.to_owned(), export.to_owned());
    Err(LoadError::WrongExport {
        program,
        export,
        found,
        expected,
    })
}

fn function_signature(function: &FuncType) -> String {
    signature(
        function.params().collect::<Vec<_>>().iter(),
        function.results().collect::<Vec<_>>().iter(),
    )
}

fn signature<'a>(
    params: impl Iterator<Item = &'a wasmtime::ValType>,
    results: impl Iterator<Item = &'a wasmtime::ValType>,
) -> String {
    let list = |types: Vec<String>| format!("({})", types.join(", "));
    let params = list(params.map(ToString::to_string).collect());
    let results = list(results.map(ToString::to_string).collect());
    format!("a function {params} -> {results}")
}

/// Checks that there is a memory for messages.
pub(super) fn check_memory(name: &str, module: &Module) -> Result<(), LoadError> {
    if matches!(module.get_export("memory"), Some(ExternType::Memory(_))) {
        return Ok(());
    }
    let program = name.to_owned();
    Err(LoadError::NoMemory { program })
}

/// How many imports an error names.
const IMPORTS_NAMED: usize = 50;

/// Names the imports that the host does not offer, not just the first.
pub(super) fn check_imports(
    offered: &[Import],
    name: &str,
    module: &Module,
) -> Result<(), LoadError> {
    let mut unknown = module
        .imports()
        .filter_map(|import| why_unknown(offered, &import));
    let mut imports: Vec<_> = unknown.by_ref().take(IMPORTS_NAMED).collect();
    let more = unknown.count();
    if imports.is_empty() {
        return Ok(());
    }
    if more > 0 {
        imports.push(format!("and {more} more"));
    }
    let program = name.to_owned();
    Err(LoadError::UnknownImports { program, imports })
}

/// What is wrong with an import, if anything is.
fn why_unknown(offered: &[Import], import: &ImportType<'_>) -> Option<String> {
    let name = format!("{}::{}", short(import.module()), short(import.name()));
    let ExternType::Func(wanted) = import.ty() else {
        return Some(format!("{name}: it is no function"));
    };
    let mut offers = offered.iter();
    let offer = offers.find(|offer| offer.module == import.module() && offer.name == import.name());
    let Some(offer) = offer else {
        return Some(name);
    };
    let (is, wanted) = (function_signature(&offer.ty), function_signature(&wanted));
    (is != wanted).then(|| format!("{name}: it is {is}, not {wanted}"))
}
