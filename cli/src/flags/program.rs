//! Which program.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;
use insula::{Program, Runtime};

use crate::guest_crate;

#[derive(Args)]
pub struct ProgramFlags {
    /// A guest crate's folder, a .wasm file, or a file: URI.
    program: String,
}

/// A .wasm file or URI, built where it has to be.
pub struct Found(String);

impl ProgramFlags {
    /// What the user means; builds a guest crate.
    pub fn find(&self) -> Result<Found> {
        let given = &self.program;
        let path = Path::new(given);
        if given.starts_with("file:") || path.is_file() {
            return Ok(Found(given.clone()));
        }
        if path.is_dir() {
            let built = guest_crate::build(path)?;
            return Ok(Found(built.to_string_lossy().into_owned()));
        }
        bail!(
            "{given}: there is no such file or folder (give a guest crate's folder, a .wasm file or a file: URI)"
        )
    }
}

impl Found {
    /// Its file.
    pub fn path(&self) -> Result<PathBuf> {
        let Found(file) = self;
        Ok(if file.starts_with("file:") {
            insula::file_path(file)?
        } else {
            PathBuf::from(file)
        })
    }

    pub fn load(&self, runtime: &Runtime) -> Result<Program> {
        let Found(file) = self;
        Ok(if file.starts_with("file:") {
            Program::from_uri(runtime, file)?
        } else {
            Program::from_file(runtime, file)?
        })
    }
}
