//! Which program.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use insula::{Program, Runtime};

use crate::c_project;
use crate::guest_crate::{self, GuestCrate};
use crate::progress::Progress;

#[derive(Args)]
pub struct ProgramFlags {
    /// A guest crate's folder, a .wasm file, or a file: URI.
    program: String,
    /// Which of the crate's programs, where it has several.
    #[arg(long, value_name = "NAME")]
    bin: Option<String>,
    /// Takes the program as a file of WebAssembly text.
    #[arg(long)]
    wat: bool,
}

/// A program that is there, built where it has to be.
pub struct Found {
    /// A file or a URI.
    place: String,
    /// The module, where the file is text.
    module: Option<Vec<u8>>,
}

/// Bytes of a file that is read here and not by the runtime, which has its limit.
const FILE_BYTES: u64 = 256 << 20;

impl ProgramFlags {
    /// What the user means; builds a guest crate.
    pub fn find(&self) -> Result<Found> {
        let given = &self.program;
        let path = Path::new(given);
        if self.wat {
            let text = String::from_utf8(read(path)?).with_context(|| given.clone())?;
            let module = wat::parse_str(text);
            return Ok(Found {
                place: given.clone(),
                module: Some(module.with_context(|| given.clone())?),
            });
        }
        if given.starts_with("file:") || path.is_file() {
            return Ok(Found::at(given.clone()));
        }
        if path.is_dir() {
            let built = match c_project::build(path) {
                Some(module) => module?,
                None => guest_crate::build(GuestCrate {
                    folder: path,
                    bin: self.bin.as_deref(),
                })?,
            };
            return Ok(Found::at(built.to_string_lossy().into_owned()));
        }
        bail!(
            "{given}: there is no such file or folder (give a guest crate's folder, a .wasm file or a file: URI)"
        )
    }
}

impl Found {
    fn at(place: String) -> Self {
        let module = None;
        Found { place, module }
    }

    /// Its file.
    pub fn path(&self) -> Result<PathBuf> {
        let place = &self.place;
        Ok(if self.module.is_none() && place.starts_with("file:") {
            insula::file_path(place)?
        } else {
            PathBuf::from(place)
        })
    }

    /// Its module.
    pub fn bytes(&self) -> Result<Vec<u8>> {
        match &self.module {
            Some(module) => Ok(module.clone()),
            None => read(&self.path()?),
        }
    }

    pub fn load(&self, runtime: &Runtime) -> Result<Program> {
        let place = &self.place;
        let _progress = Progress::of(&format!("compiling {place}"));
        Ok(match &self.module {
            Some(module) => Program::from_bytes(runtime, module)?,
            None if place.starts_with("file:") => Program::from_uri(runtime, place)?,
            None => Program::from_file(runtime, place)?,
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let read = || -> Result<Vec<u8>> {
        if !path.metadata()?.is_file() {
            bail!("it is no ordinary file");
        }
        let mut bytes = Vec::new();
        File::open(path)?
            .take(FILE_BYTES + 1)
            .read_to_end(&mut bytes)?;
        if bytes.len() as u64 > FILE_BYTES {
            bail!("it has more than {FILE_BYTES} bytes");
        }
        Ok(bytes)
    };
    read().with_context(|| path.display().to_string())
}
