//! A program that is there.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use insula::{Program, Runtime};
use insula_policy::Digest;

use crate::progress::Progress;

/// A program that is there: built, fetched and checked where it had to be.
pub struct Found {
    /// What the user calls it.
    name: String,
    what: What,
}

enum What {
    /// A file, read when it is loaded.
    File(PathBuf),
    /// A file that was read: what it has to be was looked at.
    Read(PathBuf, Vec<u8>),
    /// A module from elsewhere.
    Module(Vec<u8>),
}

/// Bytes of a file that is read here and not by the runtime, which has its limit.
pub const FILE_BYTES: u64 = 256 << 20;

impl Found {
    /// A file, or what a `file:` URI names.
    pub fn file(name: String, digest: Option<Digest>) -> Result<Self> {
        let path = if name.starts_with("file:") {
            insula::file_path(&name)?
        } else {
            PathBuf::from(&name)
        };
        let what = match digest {
            None => What::File(path),
            Some(digest) => {
                let bytes = read(&path)?;
                let checked = digest.check(&bytes);
                checked.with_context(|| format!("{name} was not run"))?;
                What::Read(path, bytes)
            }
        };
        Ok(Found { name, what })
    }

    /// A module that came from elsewhere.
    pub fn bytes(name: String, module: Vec<u8>) -> Self {
        let what = What::Module(module);
        Found { name, what }
    }

    /// Its file, where it has one.
    pub fn path(&self) -> Option<&Path> {
        match &self.what {
            What::File(path) | What::Read(path, _) => Some(path),
            What::Module(_) => None,
        }
    }

    /// What it is called in a report.
    pub fn shown(&self) -> String {
        let path = self.path();
        path.map_or(self.name.clone(), |path| path.display().to_string())
    }

    /// Its module.
    pub fn module(&self) -> Result<Vec<u8>> {
        match &self.what {
            What::File(path) => read(path),
            What::Read(_, module) | What::Module(module) => Ok(module.clone()),
        }
    }

    pub fn load(&self, runtime: &Runtime) -> Result<Program> {
        let _progress = Progress::of(&format!("compiling {}", self.name));
        Ok(match &self.what {
            What::File(path) => Program::from_file(runtime, path)?,
            What::Read(path, module) => Program::from_file_bytes(runtime, path, module)?,
            What::Module(module) => Program::from_named_bytes(runtime, &self.name, module)?,
        })
    }
}

/// Reads an ordinary file.
pub fn read(path: &Path) -> Result<Vec<u8>> {
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
