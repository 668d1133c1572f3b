//! Compiled programs, kept on disk from one process to the next.
//!
//! Machine code is run as it is, so none is taken from anybody but this host: an
//! entry is made here, by the compiler, and bears a mark that only who has the
//! cache's key can make. A folder that others can write to is not used. What is in
//! the folder is never trusted for being there: an entry that is damaged, of
//! another program or of another engine is removed and compiled anew.
//!
//! A cache that does not work makes loading slower, and fails none.

mod folder;
mod trusted;

use std::hash::{Hash as _, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use wasmtime::{Engine, Module};

use crate::error::CacheError;
use crate::events::{Event, Hub};
use crate::sync::lock;
use folder::{Folder, Found};
use trusted::Trusted;

pub(crate) struct Cache {
    path: PathBuf,
    /// The folder, or why it is not used.
    folder: Result<Folder, String>,
    /// What the engine's version and settings come to.
    engine: blake3::Hash,
    events: Arc<Hub>,
    told: Mutex<Vec<CacheError>>,
}

/// What an entry is called by: a digest of the module and the engine.
pub(crate) struct Id(blake3::Hash);

impl Cache {
    /// Opens the cache in the folder at `path`, which is made where it is not
    /// there. It holds `most` bytes.
    pub(crate) fn open(path: &Path, most: u64, engine: &Engine, events: Arc<Hub>) -> Self {
        Cache {
            path: path.to_owned(),
            folder: Folder::open(path, most),
            engine: digest_of(engine),
            events,
            told: Mutex::default(),
        }
    }

    pub(crate) fn id(&self, module: &[u8]) -> Id {
        let mut digest = blake3::Hasher::new();
        digest.update(self.engine.as_bytes()).update(module);
        Id(digest.finalize())
    }

    /// The compiled module, where it is there and was put there by this host.
    pub(crate) fn module(&self, engine: &Engine, id: &Id) -> Option<Module> {
        let folder = self.folder()?;
        let entry = match folder.read(id) {
            Ok(Found::Nothing) => return None,
            Ok(Found::Entry(entry)) => entry,
            Ok(Found::SomethingElse) => Vec::new(),
            Err(error) => {
                self.tell(CacheError::Unreadable {
                    folder: self.path.clone(),
                    why: error.to_string(),
                });
                return None;
            }
        };
        let trusted = Trusted::check(folder.key(), id, &entry);
        let module = trusted.and_then(|code| code.module(engine).ok());
        match module {
            Some(_) => folder.used(id),
            None => {
                folder.remove(id);
                self.tell(CacheError::BadEntry {
                    folder: self.path.clone(),
                });
            }
        }
        module
    }

    /// Keeps a module that was compiled here.
    pub(crate) fn keep(&self, id: &Id, module: &Module) {
        let Some(folder) = self.folder() else {
            return;
        };
        let code = module.serialize().map_err(|error| error.to_string());
        let written = code.and_then(|code| {
            let mark = Trusted::mark(folder.key(), id, &code);
            folder.write(id, &mark, &code)
        });
        if let Err(why) = written {
            self.tell(CacheError::NotWritten {
                folder: self.path.clone(),
                why,
            });
        }
    }

    fn folder(&self) -> Option<&Folder> {
        match &self.folder {
            Ok(folder) => Some(folder),
            Err(why) => {
                self.tell(CacheError::Unusable {
                    folder: self.path.clone(),
                    why: why.clone(),
                });
                None
            }
        }
    }

    /// Tells the host, the first time for each kind of error.
    fn tell(&self, error: CacheError) {
        let kind = std::mem::discriminant(&error);
        {
            let mut told = lock(&self.told);
            let mut kinds = told.iter().map(std::mem::discriminant);
            if kinds.any(|other| other == kind) {
                return;
            }
            told.push(error.clone());
        }
        self.events.emit(|| Event::Cache { error });
    }

    pub(crate) fn errors(&self) -> Vec<CacheError> {
        lock(&self.told).clone()
    }
}

/// A digest of all that says whether code which one engine compiled runs in
/// another.
fn digest_of(engine: &Engine) -> blake3::Hash {
    let mut digest = Digest(blake3::Hasher::new());
    env!("CARGO_PKG_VERSION").hash(&mut digest);
    engine.precompile_compatibility_hash().hash(&mut digest);
    digest.0.finalize()
}

/// Takes what is hashed whole, where a hash of 64 bits could be met by chance.
struct Digest(blake3::Hasher);

impl Hasher for Digest {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.finalize();
        digest
            .as_bytes()
            .iter()
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}
