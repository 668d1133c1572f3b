//! A program: a guest module, compiled and checked, ready to be spawned many
//! times.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use wasmtime::{ExternType, FuncType, InstancePre, Module};

use crate::core::Core;
use crate::error::LoadError;
use crate::runtime::Runtime;
use crate::state::State;
use crate::uri;

/// A compiled guest module, checked and ready to be spawned many times. Cheap
/// to clone.
///
/// ```
/// # fn main() -> anyhow::Result<()> {
/// let runtime = insula::Runtime::builder().max_isolates(10).start()?;
/// let wasm = wat::parse_str(
///     r#"(module (memory (export "memory") 1) (func (export "insula:entry/main")))"#,
/// )?;
/// let program = insula::Program::from_bytes(&runtime, &wasm)?;
/// assert_eq!(program.entries(), ["main"]);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Program(Arc<Inner>);

struct Inner {
    name: String,
    pre: InstancePre<State>,
    entries: Vec<String>,
    /// Whether its one entry is `_start`, not marked as an entry.
    is_command: bool,
    /// The file it came from, for paths relative to it.
    path: Option<PathBuf>,
}

const ENTRY_PREFIX: &str = "insula:entry/";

/// The one entry of a plain WASI command.
const COMMAND: &str = "_start";

impl Program {
    /// Compiles a module. Blocks until that is done.
    ///
    /// # Errors
    ///
    /// Where the bytes are no module, or one that cannot be an isolate.
    pub fn from_bytes(runtime: &Runtime, bytes: &[u8]) -> Result<Self, LoadError> {
        let (core, bytes) = (runtime.core().clone(), bytes.to_vec());
        on_loader(runtime.core(), "the module", move || {
            compile(&core, "the module", None, &bytes)
        })
    }

    /// Reads and compiles a file. Blocks until that is done.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read, and as [`Program::from_bytes`].
    pub fn from_file(runtime: &Runtime, path: impl AsRef<Path>) -> Result<Self, LoadError> {
        let path = path.as_ref();
        let read_error = |error: std::io::Error| LoadError::Read {
            path: path.to_owned(),
            why: error.to_string(),
        };
        let bytes = std::fs::read(path).map_err(read_error)?;
        let path = path.canonicalize().map_err(read_error)?;
        let core = runtime.core().clone();
        on_loader(runtime.core(), &path.display().to_string(), move || {
            Program::compile_file(&core, &path, &bytes)
        })
    }

    /// Reads and compiles the file at a `file:` URI. Blocks until that is done.
    /// The host itself may name any file; what *guests* may name is granted with
    /// [`SpawnOptions::grant_uri`](crate::SpawnOptions::grant_uri).
    ///
    /// # Errors
    ///
    /// Where the text is no `file:` URI, and as [`Program::from_file`].
    pub fn from_uri(runtime: &Runtime, uri: &str) -> Result<Self, LoadError> {
        Program::from_file(runtime, uri::file_path(uri)?)
    }

    /// Compiles what was read from `path`. To be called on a loader thread.
    pub(crate) fn compile_file(core: &Core, path: &Path, bytes: &[u8]) -> Result<Self, LoadError> {
        compile(core, &path.display().to_string(), Some(path), bytes)
    }

    /// The program's entries, sorted. A plain WASI command has the one entry
    /// `_start`.
    pub fn entries(&self) -> &[String] {
        &self.0.entries
    }

    /// The entry that runs when none is named: `main`, else `_start`, else the
    /// only one there is.
    pub fn default_entry(&self) -> Option<&str> {
        let entries = self.entries();
        match entries {
            [only] => Some(only),
            _ => entries
                .iter()
                .map(String::as_str)
                .find(|entry| *entry == "main"),
        }
    }

    /// What the program is called in messages: its path, where it has one.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The name of the export behind an entry.
    pub(crate) fn export_of(&self, entry: &str) -> String {
        if self.0.is_command {
            COMMAND.to_owned()
        } else {
            format!("{ENTRY_PREFIX}{entry}")
        }
    }

    pub(crate) fn has_entry(&self, entry: &str) -> bool {
        self.0.entries.iter().any(|name| name == entry)
    }

    pub(crate) fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    pub(crate) fn pre(&self) -> &InstancePre<State> {
        &self.0.pre
    }
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Program")
            .field("name", &self.name())
            .field("entries", &self.entries())
            .finish_non_exhaustive()
    }
}

fn on_loader<T: Send + 'static>(
    core: &Core,
    program: &str,
    work: impl FnOnce() -> Result<T, LoadError> + Send + 'static,
) -> Result<T, LoadError> {
    core.loader.run(work).unwrap_or_else(|| {
        Err(LoadError::NoLoader {
            program: program.to_owned(),
        })
    })
}

fn compile(
    core: &Core,
    name: &str,
    path: Option<&Path>,
    bytes: &[u8],
) -> Result<Program, LoadError> {
    let program = || name.to_owned();
    check_header(name, bytes)?;
    let invalid = |error: wasmtime::Error| LoadError::Invalid {
        program: name.to_owned(),
        why: format!("{error:#}"),
    };
    let module = Module::from_binary(&core.engine, bytes).map_err(invalid)?;
    if !matches!(module.get_export("memory"), Some(ExternType::Memory(_))) {
        return Err(LoadError::NoMemory { program: program() });
    }
    let (entries, is_command) = entries(name, &module)?;
    check_imports(core, name, &module)?;
    let pre = core.linker.instantiate_pre(&module).map_err(invalid)?;
    let path = path.map(Path::to_owned);
    Ok(Program(Arc::new(Inner {
        name: program(),
        pre,
        entries,
        is_command,
        path,
    })))
}

/// Tells what was given instead of a core module, where that is plain to see.
fn check_header(name: &str, bytes: &[u8]) -> Result<(), LoadError> {
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

/// The entries, and whether that is the command's alone.
fn entries(name: &str, module: &Module) -> Result<(Vec<String>, bool), LoadError> {
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
            "cabi_realloc" => {
                use wasmtime::ValType::I32;
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
    command &= entries.is_empty();
    if command {
        entries.push(COMMAND.to_owned());
    }
    if entries.is_empty() {
        return Err(LoadError::NoEntry {
            program: name.to_owned(),
        });
    }
    entries.sort();
    Ok((entries, command))
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
        ExternType::Func(function) => function_signature(function),
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

/// Names every import that the host does not offer, not just the first.
fn check_imports(core: &Core, name: &str, module: &Module) -> Result<(), LoadError> {
    let offered = &core.imports;
    let unknown: Vec<String> = module
        .imports()
        .filter_map(|import| {
            let (module, field) = (import.module(), import.name());
            let ExternType::Func(wanted) = import.ty() else {
                return Some(format!("{module}::{field}: it is no function"));
            };
            let wanted = function_signature(&wanted);
            match offered
                .iter()
                .find(|offer| offer.module == module && offer.name == field)
            {
                None => Some(format!("{module}::{field}")),
                Some(offer) if function_signature(&offer.ty) == wanted => None,
                Some(offer) => Some(format!(
                    "{module}::{field}: it is {}, not {wanted}",
                    function_signature(&offer.ty)
                )),
            }
        })
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    Err(LoadError::UnknownImports {
        program: name.to_owned(),
        imports: unknown,
    })
}
