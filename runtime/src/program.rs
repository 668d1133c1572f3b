//! A program: a guest module, compiled and checked, ready to be spawned many
//! times.

mod bounds;
mod compiler;
mod exports;
mod image;
mod module;
pub(crate) mod source;
mod work;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use wasmtime::{Engine, InstancePre, ModuleExport};

use crate::error::LoadError;
use crate::memory::Image;
use crate::runtime::Runtime;
use crate::state::State;
use crate::uri;

pub(crate) use compiler::Compiler;
pub(crate) use exports::Exports;

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
    /// Sorted.
    entries: Vec<String>,
    exports: Exports,
    /// What each instance takes for its functions and globals, at most.
    instance_bytes: u64,
    from_cache: bool,
    /// What its memory begins with, where the module does not say so any more.
    image: Option<Arc<Image>>,
    /// The file it came from, for paths relative to it.
    path: Option<PathBuf>,
}

const ENTRY_PREFIX: &str = "insula:entry/";

/// The one entry of a plain WASI command.
const COMMAND: &str = "_start";

impl Program {
    /// Compiles a module. Blocks until that is done, and no longer than
    /// [`Limits::compile_time`](crate::Limits::compile_time) from when it begins.
    ///
    /// # Errors
    ///
    /// Where the bytes are no module, one that cannot be an isolate, or more than
    /// the runtime's limits allow.
    pub fn from_bytes(runtime: &Runtime, bytes: &[u8]) -> Result<Self, LoadError> {
        Program::from_named_bytes(runtime, "the module", bytes)
    }

    /// Compiles a module that has a name, which messages call it by. Blocks as
    /// [`Program::from_bytes`] does.
    ///
    /// # Errors
    ///
    /// As [`Program::from_bytes`].
    pub fn from_named_bytes(
        runtime: &Runtime,
        name: &str,
        bytes: &[u8],
    ) -> Result<Self, LoadError> {
        Program::read_already(runtime, name, None, bytes)
    }

    /// Compiles what the host has read from a file already, as where it had to look at
    /// the bytes first: they are not read again. Paths of the program are relative to
    /// the file. Blocks as [`Program::from_bytes`] does.
    ///
    /// # Errors
    ///
    /// As [`Program::from_file`].
    pub fn from_file_bytes(
        runtime: &Runtime,
        path: impl AsRef<Path>,
        bytes: &[u8],
    ) -> Result<Self, LoadError> {
        let path = path.as_ref();
        let whole = path.canonicalize();
        let whole = whole.map_err(|error| source::unreadable(path, error.to_string()))?;
        Program::read_already(runtime, &whole.display().to_string(), Some(&whole), bytes)
    }

    fn read_already(
        runtime: &Runtime,
        name: &str,
        path: Option<&Path>,
        bytes: &[u8],
    ) -> Result<Self, LoadError> {
        let compiler = runtime.core().compiler.clone();
        // Before it is copied.
        source::check_size(name, bytes.len() as u64, &compiler.limits)?;
        let (bytes, path) = (bytes.to_vec(), path.map(Path::to_owned));
        let called = name.to_owned();
        let work = move || compiler.compile(&called, path.as_deref(), &bytes);
        runtime.core().loader.run(name, work)
    }

    /// Reads and compiles a file. Blocks as [`Program::from_bytes`] does.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read or is no ordinary one, and as
    /// [`Program::from_bytes`].
    pub fn from_file(runtime: &Runtime, path: impl AsRef<Path>) -> Result<Self, LoadError> {
        let path = path.as_ref().to_owned();
        let compiler = runtime.core().compiler.clone();
        let name = path.display().to_string();
        runtime.core().loader.run(&name, move || {
            let bytes = source::read(&path, &compiler.limits)?;
            let whole = path.canonicalize();
            let whole = whole.map_err(|error| source::unreadable(&path, error.to_string()))?;
            compiler.compile_file(&whole, &bytes)
        })
    }

    /// Reads and compiles the file at a `file:` URI. Blocks as
    /// [`Program::from_bytes`] does. The host itself may name any file; what
    /// *guests* may name is granted with
    /// [`SpawnOptions::grant_uri`](crate::SpawnOptions::grant_uri).
    ///
    /// # Errors
    ///
    /// Where the text is no `file:` URI, and as [`Program::from_file`].
    pub fn from_uri(runtime: &Runtime, uri: &str) -> Result<Self, LoadError> {
        Program::from_file(runtime, uri::file_path(uri)?)
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

    /// Whether its code was in the runtime's cache, and not compiled now.
    pub fn is_from_cache(&self) -> bool {
        self.0.from_cache
    }

    pub(crate) fn exports(&self) -> &Exports {
        &self.0.exports
    }

    /// The export behind an entry.
    pub(crate) fn export_of(&self, entry: &str) -> Option<ModuleExport> {
        self.exports().entry(self.number_of(entry)?)
    }

    pub(crate) fn has_entry(&self, entry: &str) -> bool {
        self.number_of(entry).is_some()
    }

    fn number_of(&self, entry: &str) -> Option<usize> {
        let entries = &self.0.entries;
        entries
            .binary_search_by(|name| name.as_str().cmp(entry))
            .ok()
    }

    pub(crate) fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// What each instance takes in the host's memory beside what every one takes.
    pub(crate) fn instance_bytes(&self) -> u64 {
        self.0.instance_bytes
    }

    /// Whether it was compiled by this engine: code of another one may leave checks out
    /// that this one's memories need.
    pub(crate) fn is_for(&self, engine: &Engine) -> bool {
        Engine::same(self.0.pre.module().engine(), engine)
    }

    pub(crate) fn image(&self) -> Option<&Arc<Image>> {
        self.0.image.as_ref()
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
