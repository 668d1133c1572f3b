//! From a module's bytes to a program. What is needed for that, and nothing of the
//! runtime's isolates: a compiler that takes too long outlives its runtime.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use wasmtime::{Engine, Linker, Module};

use super::{Exports, Inner, Program, bounds, image, module, source};
use crate::abi::Import;
use crate::cache::Cache;
use crate::error::LoadError;
use crate::limits::Limits;
use crate::observe::traced;
use crate::profile::Profile;
use crate::state::State;

pub(crate) struct Compiler {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<State>,
    /// Every function that guests may import.
    pub(crate) imports: Vec<Import>,
    pub(crate) limits: Limits,
    pub(crate) profile: Profile,
    pub(crate) cache: Option<Cache>,
}

impl Compiler {
    /// Compiles what is called `name`, and came from `path` if from a file. To be
    /// called on a loader thread.
    pub(crate) fn compile(
        &self,
        name: &str,
        path: Option<&Path>,
        bytes: &[u8],
    ) -> Result<Program, LoadError> {
        let _span = traced::load(name, bytes.len());
        source::check_size(name, bytes.len() as u64, &self.limits)?;
        module::check_header(name, bytes)?;
        let instance_bytes = bounds::check(name, bytes, &self.limits)?;
        let invalid = |error: wasmtime::Error| LoadError::Invalid {
            program: name.to_owned(),
            why: format!("{error:#}"),
        };
        let (bytes, image) = match self.profile {
            Profile::Fast => (Cow::Borrowed(bytes), None),
            Profile::Dense => image::taken_out(bytes),
        };
        let (module, from_cache) = self.module(&bytes).map_err(invalid)?;
        module::check_memory(name, &module)?;
        let entries = module::entries(name, &module)?;
        module::check_imports(&self.imports, name, &module)?;
        traced::loaded(from_cache, entries.len());
        let pre = self.linker.instantiate_pre(&module).map_err(invalid)?;
        Ok(Program(Arc::new(Inner {
            name: name.to_owned(),
            pre,
            exports: Exports::find(&module, &entries),
            entries,
            instance_bytes,
            from_cache,
            image,
            path: path.map(Path::to_owned),
        })))
    }

    /// The compiled module, and whether it was in the cache.
    fn module(&self, bytes: &[u8]) -> wasmtime::Result<(Module, bool)> {
        let Some(cache) = &self.cache else {
            return Ok((Module::from_binary(&self.engine, bytes)?, false));
        };
        let id = cache.id(bytes);
        if let Some(module) = cache.module(&self.engine, &id) {
            return Ok((module, true));
        }
        let module = Module::from_binary(&self.engine, bytes)?;
        cache.keep(&id, &module);
        Ok((module, false))
    }

    /// Compiles what was read from `path`.
    pub(crate) fn compile_file(&self, path: &Path, bytes: &[u8]) -> Result<Program, LoadError> {
        self.compile(&path.display().to_string(), Some(path), bytes)
    }
}
